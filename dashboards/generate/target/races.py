"""Races: whether the target keeps its promises when several agents write."""

from __future__ import annotations

from dashboards.generate import promql as q
from dashboards.generate.charts import bars, lines
from dashboards.generate.dashboard import Row
from dashboards.generate.figures import stat
from dashboards.generate.language import ANY_IS_BAD, reasons_colored
from dashboards.generate.panels import now, over_time


def races(select: str) -> Row:
    """What races proved, closed until it is opened: most targets have none."""
    broken = f'sum(increase(mcp_probe_runs_total{{{select}, result="race_violation"}}[$__range]))'
    calls = f"sum by (probe) (increase(mcp_race_operations_total{{{select}}}[$__rate_interval]))"
    over = over_time(
        f"sum by (anomaly) (increase(mcp_race_violations_total{{{select}}}[$__rate_interval]))", "{{anomaly}}"
    )
    return Row(
        collapsed=True,
        title="Races: does it keep its promises when several agents write",
        height=7,
        panels=(
            stat(
                "Runs with violations",
                "Races over the range that is shown that proved a lost update, a torn or stale read or the like.",
                now(q.while_known(broken, "mcp_race_overlap", select)),
                width=4,
                decimals=0,
                steps=ANY_IS_BAD,
                empty="none known",
            ),
            lines(
                "Violations by anomaly",
                "Cases that the traces of races proved, by what went wrong.",
                over,
                unit="short",
                width=8,
                stacked=True,
                overrides=reasons_colored(),
                at_least=5,
                empty="no race probe",
            ),
            bars(
                lines(
                    "Calls of races",
                    "Calls that races made in each stretch of time: without them nothing is proved.",
                    over_time(calls, "{{probe}}"),
                    unit="short",
                    width=6,
                    empty="no race probe",
                )
            ),
            lines(
                "Overlap of races",
                "Most calls that were open at one instant of the last race: 1 means that nothing raced.",
                over_time(f"max by (probe) (mcp_race_overlap{{{select}}})", "{{probe}}"),
                unit="short",
                width=6,
                empty="no race probe",
                decimals=0,
            ),
        ),
    )
