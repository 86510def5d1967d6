"""How the targets stand now, and how they stood."""

from __future__ import annotations

from typing import Final

from dashboards.generate import recorded as r
from dashboards.generate.charts import timeline
from dashboards.generate.dashboard import Row
from dashboards.generate.figures import stat
from dashboards.generate.language import (
    ANY_IS_BAD,
    ANY_IS_UNSURE,
    AVAILABILITY,
    BUDGET_LEFT,
    CAUTION,
    COURSE,
    GOOD,
    PLAIN,
    PLANNED,
    REASON_WORDS,
    SPENT,
    STANDING,
    UNSURE,
    sentence,
    steps,
)
from dashboards.generate.links import IN_ROW, IN_SERIES, link_to_target
from dashboards.generate.panels import columns, now, over_time
from dashboards.generate.promql import TARGETS, while_known
from dashboards.generate.tables import Column, table
from dashboards.generate.variables import series_of

_FORTNIGHT: Final = 14 * 86400
_ROWS: Final = 20
"""Of the timeline: more cannot be told apart."""
WORST: Final = series_of("worst", "Worst targets", r.most_failed(TARGETS, _ROWS), "target")
"""Those that the timeline shows. As a variable it is asked once, and not at every point of the chart."""
_AGE: Final = steps(PLAIN, (300, UNSURE))
"""Prometheus itself forgets a series after five minutes."""


def headline(select: str) -> Row:
    """The fleet in eight numbers."""
    certificates = f"mcp_target_certificate_expiry_timestamp_seconds{{{select}}}"
    expiring = f"min by (target) ({certificates}) - time() < {_FORTNIGHT}"
    return Row(
        title="",
        height=3,
        panels=(
            stat("Targets", "Targets that are probed.", now(f"count(group by (target) ({r.PROBES}{{{select}}}))")),
            stat(
                "Targets failing",
                "Targets of which at least one probe fails, outside of maintenance windows.",
                now(r.targets_standing(">= 3", select)),
                steps=ANY_IS_BAD,
            ),
            stat(
                "Probes failing",
                "Probes whose last run failed, outside of maintenance windows. A run that could not tell is not one.",
                now(r.probes_not_passing(r.FAILING, select)),
                steps=ANY_IS_BAD,
            ),
            stat(
                "Could not tell",
                "Probes whose last run ended unknown: the prober's own trouble, no budget left, an undecided race.",
                now(r.probes_not_passing(r.UNSURE, select)),
                steps=ANY_IS_UNSURE,
            ),
            stat(
                "Maintenance",
                "Targets in a maintenance window that have no other trouble: they are probed, and nobody is called.",
                now(r.targets_standing("== 1", select)),
                steps=steps(PLAIN, (1, PLANNED)),
            ),
            stat(
                "Cert < 14 days",
                "Targets whose TLS certificate expires within 14 days.",
                now(r.targets(expiring, select)),
                steps=steps(GOOD, (1, CAUTION)),
            ),
            stat(
                "Availability",
                sentence(
                    "Share of runs that passed over the range that is shown, of those that could tell.",
                    "Runs in maintenance windows are left out.",
                ),
                now(while_known(r.availability(select, "$__range"), r.PROBES, select)),
                unit="percentunit",
                decimals=2,
                steps=AVAILABILITY,
            ),
            stat(
                "Budget left",
                "What is left of the failures that the objectives allow over the range that is shown.",
                now(while_known(r.budget_left(select, "$__range"), r.PROBES, select)),
                unit="percentunit",
                decimals=0,
                steps=BUDGET_LEFT,
                mappings=SPENT,
            ),
        ),
    )


def worst_first(select: str) -> Row:
    """Every target in a row of a table."""
    links = link_to_target(IN_ROW)
    panel = table(
        "Targets, the worst first",
        sentence(
            "How every target stands. Why is the reason that most of its failing probes share; failing since is when",
            "the probe last passed that has failed for longest; p95 is that of the last half hour. A target whose",
            "prober cannot be scraped is stale: in grey, as it stood. Click a target for its own dashboard.",
        ),
        columns(r.standing(select)),
        columns(r.why(select)),
        columns(r.probes_failing(select)),
        columns(r.probes(select)),
        columns(r.failing_since(select)),
        columns(r.availability(select, "$__range", "target")),
        columns(r.budget_left(select, "$__range", "target")),
        columns(r.p95(select)),
        columns(r.age(select)),
        show=(
            Column(field="Value #A", title="State", width=150, mappings=STANDING, filled=True),
            Column(field="target", title="Target", links=links),
            Column(field="reason", title="Why", mappings=REASON_WORDS),
            Column(field="Value #C", title="Failing", width=75, steps=ANY_IS_BAD),
            Column(field="Value #D", title="Probes", width=75),
            Column(field="Value #E", title="Failing since", width=130, unit="dateTimeFromNow"),
            Column(
                field="Value #F", title="Availability", width=100, unit="percentunit", decimals=2, steps=AVAILABILITY
            ),
            Column(
                field="Value #G",
                title="Budget left",
                width=100,
                unit="percentunit",
                decimals=0,
                steps=BUDGET_LEFT,
                mappings=SPENT,
            ),
            Column(field="Value #H", title="p95", width=80, unit="s"),
            Column(field="Value #I", title="Age", width=75, unit="s", decimals=0, steps=_AGE),
        ),
        sort={"State": True},
    )
    return Row(title="", height=11, panels=(panel,))


def over_time_row(select: str) -> Row:
    """The timeline of the targets."""
    panel = timeline(
        "Targets over time",
        sentence(
            f"How targets stood, of the {_ROWS} with the most failed runs over the range that is shown. A gap is a",
            "time without data.",
        ),
        over_time(r.course(f'{select}, target=~"$worst"'), "{{target}}"),
        mappings=COURSE,
        links=link_to_target(IN_SERIES),
    )
    return Row(title="", height=11, panels=(panel,))
