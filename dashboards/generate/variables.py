"""Variables: what a reader chooses at the top of a dashboard, each limited by those before it."""

from __future__ import annotations

from typing import Final

from dashboards.generate.language import Json
from dashboards.generate.panels import SOURCE
from dashboards.generate.promql import JOBS, PLACES
from dashboards.generate.promql import TARGETS as OF_TARGETS

STATUS_PAGE: Final = "http://127.0.0.1:9733"
"""Where `mcp-prober daemon` listens unless told otherwise."""


def _variable(name: str, label: str, kind: str, **more: object) -> Json:
    return {"hide": 0, "label": label, "name": name, "skipUrlSync": False, "type": kind, **more}


def labels_of(name: str, label: str, query: str, *, many: bool = True, first: str = "", everything: str = ".*") -> Json:
    """A variable with the values of a label. `everything` stands for all: `.*` also for series without the label."""
    chosen = {"selected": False, "text": "All", "value": "$__all"} if many else {"text": first, "value": first}
    return _variable(
        name,
        label,
        "query",
        current=chosen,
        datasource=SOURCE,
        definition=query,
        includeAll=many,
        multi=many,
        options=[],
        query={"qryType": 1, "query": query, "refId": f"variable-{name}"},
        refresh=2,
        regex="",
        sort=1,
        **({"allValue": everything} if many and everything else {}),
    )


def series_of(name: str, label: str, query: str, found: str) -> Json:
    """A variable that is not shown: what a question finds at the end of the range, by the values of a label."""
    asked = f"query_result({query})"
    return labels_of(name, label, asked, everything="") | {"hide": 2, "regex": f'/{found}="([^"]+)"/'}


SOURCES: Final = _variable(
    "datasource",
    "Data source",
    "datasource",
    current={"selected": False, "text": "${DS_PROMETHEUS}", "value": "${DS_PROMETHEUS}"},
    includeAll=False,
    multi=False,
    options=[],
    query="prometheus",
    refresh=1,
    regex="",
)
CLUSTER: Final = labels_of("cluster", "Cluster", "label_values(mcp_probe_info, cluster)")
JOB: Final = labels_of("job", "Job", 'label_values(mcp_probe_info{cluster=~"$cluster"}, job)')
LOCATION: Final = labels_of("location", "Location", f"label_values(mcp_probe_info{{{JOBS}}}, location)")
TARGETS: Final = labels_of("target", "Target", f"label_values(mcp_probe_info{{{PLACES}}}, target)")
TARGET: Final = labels_of("target", "Target", f"label_values(mcp_probe_info{{{PLACES}}}, target)", many=False)
PROBE: Final = labels_of("probe", "Probe", f"label_values(mcp_probe_info{{{OF_TARGETS}}}, probe)")


def _address(name: str, label: str, description: str, default: str) -> Json:
    value = {"selected": True, "text": default, "value": default}
    return _variable(
        name, label, "textbox", current=value, description=description, hide=2, options=[value], query=default
    )


ADDRESSES: Final = (
    _address("status_page", "Status page", "Where a browser reaches the daemon.", STATUS_PAGE),
    _address("runbooks", "Runbooks", "Where a browser reaches alerts/runbooks.", "/runbooks"),
)
"""Not shown: they are set once, in the settings of the dashboard or by `var-status_page=` in a link to it."""
