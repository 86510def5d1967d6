"""The first row of every dashboard: whether what stands below it is fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dashboards.generate import promql as q
from dashboards.generate import recorded as r
from dashboards.generate.dashboard import Row
from dashboards.generate.figures import stat
from dashboards.generate.language import ANY_IS_BAD, ANY_IS_UNSURE, RULES, UP, YES_IS_BAD, YES_IS_GOOD, sentence
from dashboards.generate.panels import Panel, now

RUNBOOKS: Final[Mapping[str, Sequence[str]]] = {
    "Prober": ("McpProberAbsent",),
    "Overdue": ("McpProberStalled", "McpProbeNotRun"),
    "Suspects itself": ("McpProberSuspectsItself",),
}
"""Alerts by the title of the panel that shows why they fire."""


def fresh(probers: str, probes: str, *more: Panel) -> Row:
    """The row, of the probers and the probes that the selectors choose."""
    return Row(
        title="",
        height=3,
        panels=(
            stat(
                "Prober",
                "Whether Prometheus can scrape every prober that it scraped within a day.",
                now(q.scraped("mcp_prober_build_info", probers)),
                width=4,
                mappings=UP,
                empty="no prober",
            ),
            stat(
                "Newest run",
                "Time since the newest run of a prober ended; of several, the one for which that is longest ago.",
                now(r.newest_run(probes)),
                width=4,
                unit="s",
                decimals=0,
            ),
            stat(
                "Overdue",
                sentence(
                    "Probes that have not run for three of their intervals: the prober is late, or their target's",
                    "budget is used up.",
                ),
                now(q.probes_with(q.overdue(probes), probes)),
                width=4,
                steps=ANY_IS_BAD,
            ),
            stat(
                "Targets without data",
                "Targets that were probed within six hours and whose prober cannot be scraped: they may be down.",
                now(r.targets_unseen(probes)),
                width=4,
                steps=ANY_IS_UNSURE,
            ),
            stat(
                "Suspects itself",
                "Whether a prober cannot reach so many unrelated targets that its own network is suspect.",
                now(f"max(mcp_prober_suspects_itself{{{probers}}})"),
                width=4,
                mappings=YES_IS_BAD,
            ),
            *(more or (_loaded(probers),)),
        ),
    )


def rules_loaded(select: str) -> Panel:
    """Whether what most panels read is recorded."""
    return stat(
        "Rules",
        "Whether Prometheus records what this dashboard reads: alerts/rules/recording.yml has to be among its rules.",
        now(f"group({r.PROBES}{{{select}}}) or group({q.SUCCESS}{{{select}}}) * 0"),
        width=4,
        mappings=RULES,
    )


def _loaded(probers: str) -> Panel:
    return stat(
        "Config loaded",
        "Whether every prober's last attempt to load its configuration succeeded.",
        now(f"min(mcp_prober_config_last_reload_successful{{{probers}}})"),
        width=4,
        mappings=YES_IS_GOOD,
    )
