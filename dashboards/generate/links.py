"""Links: between the dashboards, and to the status page with its evidence."""

from __future__ import annotations

from typing import Final

from dashboards.generate.language import Json

TAG: Final = "mcp-prober"

_CHOSEN: Final = "&".join(f"${{{name}:queryparam}}" for name in ("cluster", "job", "location"))
TO_TARGET: Final = f"/d/mcp-prober-target?var-datasource=${{datasource}}&{_CHOSEN}&${{__url_time_range}}"


def link_to_target(target: str) -> list[Json]:
    """From a value to its target: the dashboard, and the status page with the evidence."""
    return [
        {"title": "Open the target", "url": f"{TO_TARGET}&var-target={target}"},
        {"targetBlank": True, "title": "Evidence on the status page", "url": f"${{status_page}}/targets/{target}"},
    ]


IN_ROW: Final = "${__data.fields.target}"
IN_SERIES: Final = "${__field.labels.target}"


def page(title: str, url: str, tooltip: str = "") -> Json:
    """To a page outside of Grafana."""
    return {
        "asDropdown": False,
        "icon": "external link",
        "includeVars": False,
        "keepTime": False,
        "tags": [],
        "targetBlank": True,
        "title": title,
        "tooltip": tooltip,
        "type": "link",
        "url": url,
    }


def runbook(alert: str) -> Json:
    """To what to do when an alert fires."""
    return page(f"Runbook: {alert}", f"${{runbooks}}/{alert}.md")


def to_elsewhere() -> list[Json]:
    """At the top of every dashboard: to the others, with what was chosen, and to the status page."""
    inside = {"includeVars": True, "keepTime": True, "tags": [TAG], "targetBlank": False, "type": "dashboards"}
    return [page("", "") | inside, page("Status page", "${status_page}/", "Every target with its evidence")]
