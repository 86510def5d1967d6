"""Writers that get in each other's way."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.charts import heatmap, lines
from dashboards.generate.dashboard import Row
from dashboards.generate.language import BAD, CONFLICTS, GOOD, PARTLY, UNSURE, colored, sentence
from dashboards.generate.panels import buckets, over_time
from dashboards.generate.state.selectors import WRITES

_OUTCOMES: Final = {"ok": GOOD, "conflict": PARTLY, "rejected": UNSURE, "failed": BAD}


def conflicts() -> Row:
    """Conflicts, retries, outcomes."""
    lost = q.per_second("mcp_state_write_conflicts_total", WRITES, "tool")
    won = q.per_second("mcp_state_writes_total", f'{WRITES}, outcome="ok"', "tool")
    return Row(
        title="Writers against writers",
        height=8,
        panels=(
            lines(
                "Conflict ratio by tool",
                sentence(
                    "Attempts to write that lost against another writer, as a share of all attempts: those that were",
                    "made good by a retry included. Above 5 % writers get in each other's way.",
                ),
                over_time(f"{lost} / ({won} + {lost} > 0)", "{{tool}}"),
                unit="percentunit",
                width=8,
                limits=CONFLICTS,
                empty="no writes",
            ),
            heatmap(
                "Retries per write",
                "How many retries a write took until it won or gave up: 0 is the first attempt.",
                buckets(f"sum by (le) (increase(mcp_state_write_retries_bucket{{{WRITES}}}[$__rate_interval]))"),
                unit="short",
                width=8,
            ),
            lines(
                "Writes by outcome",
                "What writers were told. Rejected is the caller's mistake, failed is the store's.",
                over_time(q.per_second("mcp_state_writes_total", WRITES, "outcome"), "{{outcome}}"),
                unit="ops",
                width=8,
                stacked=True,
                overrides=colored(_OUTCOMES),
            ),
        ),
    )
