"""Which clients and models can use the target's tools, and how heavy the list of them is."""

from __future__ import annotations

from typing import Final

from dashboards.generate.charts import lines, timeline
from dashboards.generate.dashboard import Row
from dashboards.generate.language import BAD, CAUTION, GOOD, PLANNED, colored, values
from dashboards.generate.panels import over_time

_USABLE: Final = values({1: ("can use every tool", GOOD), 0: ("refuses some", BAD)})
_SEVERITIES: Final = {"error": BAD, "warning": CAUTION, "info": PLANNED}


def clients(targets: str) -> Row:
    """By the rules of the kind `clients`."""
    return Row(
        title="Who can use it",
        height=8,
        panels=(
            timeline(
                "Clients over time",
                "Whether each client or model can use every tool that was listed. A change of the rules is marked.",
                over_time(f"min by (client) (mcp_target_client_usable{{{targets}}})", "{{client}}"),
                mappings=_USABLE,
                width=12,
                empty="no probe of the kind clients",
            ),
            lines(
                "Findings by severity",
                "Rules of clients that tools break, each rule and tool counted once.",
                over_time(f"max by (severity) (mcp_target_client_findings{{{targets}}})", "{{severity}}"),
                unit="short",
                width=6,
                stacked=True,
                overrides=colored(_SEVERITIES),
                at_least=5,
                empty="no probe of the kind clients",
                decimals=0,
            ),
            lines(
                "Weight of the list of tools",
                "Bytes of the list that every session of an agent reads; a token is about four of them.",
                over_time(f"max by (location) (mcp_target_tools_bytes{{{targets}}})", "bytes {{location}}"),
                unit="bytes",
                width=6,
                empty="no probe lists its tools",
            ),
        ),
    )
