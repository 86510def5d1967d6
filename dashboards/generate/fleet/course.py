"""What goes wrong over time: why, how fast the budgets burn, how slow it is."""

from __future__ import annotations

from typing import Final

from dashboards.generate import recorded as r
from dashboards.generate.charts import bars, lines
from dashboards.generate.dashboard import Row
from dashboards.generate.figures import ranking
from dashboards.generate.language import (
    BAD,
    BUDGET_SPENT,
    BURN,
    CAUTION,
    GOOD,
    QUANTILES,
    colored,
    reasons_colored,
    sentence,
    steps,
    symptoms_colored,
)
from dashboards.generate.links import IN_SERIES, link_to_target
from dashboards.generate.panels import now, over_time
from dashboards.generate.promql import JOBS, TARGETS, or_nothing
from dashboards.generate.variables import series_of

_TO_TARGET: Final = link_to_target(IN_SERIES)
_BURNING: Final = f'{JOBS}, target=~"$burning"'
BURNING: Final = series_of("burning", "Burning targets", r.most_failed(TARGETS, 5), "target")
"""Those whose burn rate is drawn."""


def why(select: str) -> Row:
    """Reasons, and what callers felt."""
    return Row(
        title="Why",
        height=9,
        panels=(
            lines(
                "Probes that do not pass, by reason",
                "Probes whose last run did not pass, by the reason it gave. Colours are those of the reason's family.",
                over_time(or_nothing(r.by_reason(select), "reason", r.PROBES, select), "{{reason}}"),
                unit="short",
                stacked=True,
                overrides=reasons_colored(),
                decimals=0,
                at_least=5,
                beside=("max", "lastNotNull"),
            ),
            bars(
                lines(
                    "Runs that did not pass, by symptom",
                    "Runs that failed or could not tell in each stretch of time, by what a caller felt.",
                    over_time(or_nothing(r.runs_not_passed(select), "result", r.PROBES, select), "{{result}}"),
                    unit="short",
                    stacked=True,
                    overrides=symptoms_colored(),
                    at_least=5,
                    decimals=0,
                    step="5m",
                )
            ),
        ),
    )


def objective(select: str) -> Row:
    """Error budgets, and the same from each place."""
    return Row(
        title="Objective and error budget",
        height=8,
        panels=(
            lines(
                "Burn rate, the fastest",
                sentence(
                    "How many times faster than its objective allows failures of a target came over an hour, of the",
                    "five targets with the most of them: at 1 the budget lasts exactly its 30 days. The lines are",
                    "where alerts speak up: 1, 6 and 14.4. Over all locations, as the alerts are.",
                ),
                over_time(r.burn(_BURNING), "{{target}}"),
                unit="suffix:x",
                width=8,
                limits=BURN,
                at_least=16,
                wide=True,
            ),
            ranking(
                "Error budget spent, the ten worst",
                "How many times over each target has spent what it may over the range that is shown: 1x is all of it.",
                now(f"topk(10, {r.budget_spent(select, '$__range', 'target')})", "{{target}}"),
                unit="suffix:x",
                decimals=1,
                steps=BUDGET_SPENT,
                links=_TO_TARGET,
            ),
            lines(
                "Availability by location",
                sentence(
                    "Share of runs that passed, over five minutes, as seen from each place. One place alone that sees",
                    "failures has trouble of its own; without locations there is one line.",
                ),
                over_time(_named(r.availability_now(select, "location")), "{{location}}"),
                unit="percentunit",
                width=8,
                minimum=None,
                maximum=1,
                at_most=0.99,
            ),
        ),
    )


def _named(by_location: str) -> str:
    """A name for the place of probers that were given none."""
    return f'label_replace({by_location}, "location", "everywhere", "location", "")'


def speed(select: str) -> Row:
    """How long runs take, and who is slow."""
    latency = f"max by (target, probe) (mcp_probe_latency_seconds{{{select}}})"
    limit = f'min by (target, probe) (mcp_probe_latency_budget_seconds{{{select}, level="fail"}})'
    spread = {
        "half of the targets": f"quantile(0.5, {r.p95(select)})",
        "95 % of the targets": f"quantile(0.95, {r.p95(select)})",
        "the slowest": f"max({r.p95(select)})",
    }
    return Row(
        title="Speed",
        height=8,
        panels=(
            lines(
                "Duration of runs, p95",
                sentence(
                    "95 of 100 runs of a target took less than this over half an hour, races left out: at most so",
                    "much for half of the targets, for 95 % of them, and for the slowest.",
                ),
                *(over_time(expr, name) for name, expr in spread.items()),
                unit="s",
                width=8,
                overrides=colored(dict(zip(spread, QUANTILES.values(), strict=True))),
            ),
            ranking(
                "Slowest targets, p95",
                "95 of 100 runs of the last half hour took less than this.",
                now(f"topk(10, {r.p95(select)})", "{{target}}"),
                unit="s",
                links=_TO_TARGET,
            ),
            ranking(
                "Latency, as a share of its limit",
                sentence(
                    "The last run's latency as a share of that at which the probe fails: who comes nearest",
                    "to failing for slowness.",
                ),
                now(f"topk(10, {latency} / {limit})", "{{probe}}"),
                unit="percentunit",
                decimals=0,
                maximum=1,
                steps=steps(GOOD, (0.5, CAUTION), (1, BAD)),
                empty="no latency limit is known",
                links=_TO_TARGET,
            ),
        ),
    )
