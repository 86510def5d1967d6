"""What the dashboards ask about targets, in PromQL: of what alerts/rules/recording.yml records of each.

Ten thousand probes over a week are billions of samples; a thousand targets in a few numbers each are millions. A sum
over a range takes one sample of every five minutes, for each of them stands for the five minutes before it.
"""

from __future__ import annotations

from typing import Final

from dashboards.generate.language import NONE, STALE_BASE, STALE_SCALE
from dashboards.generate.promql import JOBS, known

PROBES: Final = "instance_target:mcp_probes:count"
"""The number of each target's probes; there as long as the target's prober is scraped."""
_NOT_PASSING: Final = "instance_target:mcp_probes_not_passing:count"
_STANDING: Final = "instance_target:mcp_probes:standing"
_LAST_RUN: Final = "instance_target:mcp_probe_last_run_timestamp_seconds:max"
_SINCE: Final = "instance_target:mcp_probes_failing_since:min"
_P95: Final = "instance_target:mcp_target_run_duration_seconds:p95_30m"
_JUDGED: Final = "instance_target:mcp_probe_runs_judged:increase5m"
_FAILED: Final = "instance_target:mcp_probe_runs_failed:increase5m"
_NOT_PASSED: Final = "instance_target:mcp_probe_runs_not_passed:increase5m"

FAILING: Final = 'symptom!="unknown"'
UNSURE: Final = 'symptom="unknown"'
_VIEW: Final = "cluster, job, instance, location, target"
"""A target as one prober sees it."""


def _latest(vector: str) -> str:
    return f"max by (target) ({vector})"


def _ended(which: str, select: str) -> str:
    """Reasons for which the probes of a prober that is gone did not pass when it was last scraped."""
    scraped = "last_over_time(timestamp({}{{{}}})[6h:5m])".format
    reasons = f"{select}, {which}"
    newest = f"{scraped(_NOT_PASSING, reasons)} >= on ({_VIEW}) group_left () {scraped(PROBES, select)}"
    return f"({known(_NOT_PASSING, reasons)} and ({newest}))"


def standing(select: str) -> str:
    """How each target stands: a number of language.STANDING."""
    gone = _latest(known(_STANDING, select))
    return f"{_latest(f'{_STANDING}{{{select}}}')} or {gone} * {STALE_SCALE} + {STALE_BASE}"


def course(select: str) -> str:
    """How each target stood over time."""
    return f"floor({_latest(f'{_STANDING}{{{select}}}')})"


def most_failed(select: str, count: int) -> str:
    """The targets with the most failed runs over the range that is shown; where fewer have any, others too."""
    failed = f'{_NOT_PASSED}{{{select}, result!="unknown"}}'
    others = f"{_latest(known(PROBES, select))} or {_latest(f'{PROBES}{{{select}}}')}"
    return f"topk({count}, sum by (target) (sum_over_time({failed}[$__range:5m])) or ({others}) * 0)"


def why(select: str) -> str:
    """One reason for each target: the one that most of its failing probes share, or that there is none."""
    of = _NOT_PASSING + "{{{}, {}}}"
    fresh = _why(of.format(select, FAILING), of.format(select, UNSURE), f"{PROBES}{{{select}}}")
    gone = _why(_ended(FAILING, select), _ended(UNSURE, select), known(PROBES, select))
    return f"({fresh}) or (({gone}) unless on (target) {PROBES}{{{select}}})"


def _why(failing: str, unsure: str, probes: str) -> str:
    by = "sum by (target, reason) ({})".format
    none = f'label_replace({_latest(probes)} * 0, "reason", "{NONE}", "", "")'
    return f"topk by (target) (1, {by(failing)} * 1e9 or {by(unsure)} or {none})"  # any failure outweighs all unknown


def probes(select: str) -> str:
    """How many probes each target has; where its prober is gone, had."""
    return f"{_latest(f'{PROBES}{{{select}}}')} or {_latest(known(PROBES, select))}"


def probes_failing(select: str) -> str:
    """How many probes of each target fail; where its prober is gone, failed."""
    fresh, gone = f"{_NOT_PASSING}{{{select}, {FAILING}}}", _ended(FAILING, select)
    none = f"{_latest(f'{PROBES}{{{select}}}')} * 0", f"{_latest(known(PROBES, select))} * 0"
    return f"{_of_each_target(fresh)} or {none[0]} or {_of_each_target(gone)} or {none[1]}"


def _of_each_target(reasons: str) -> str:
    """Probes of several reasons together; one that runs in several places counts once."""
    return _latest(f"sum by ({_VIEW}) ({reasons})")


def failing_since(select: str) -> str:
    """When the probe last passed that has failed for longest, in milliseconds; only of targets that fail or failed."""
    gone = f"{known(_SINCE, select)} and on ({_VIEW}) {_ended(FAILING, select)}"
    since = "min by (target) ({})".format
    return f"({since(f'{_SINCE}{{{select}}}')} or ({since(gone)} unless on (target) {PROBES}{{{select}}})) * 1000"


def age(select: str) -> str:
    """Seconds since anything was last heard of each target's probes."""
    fresh = f"timestamp({PROBES}{{{select}}})"
    gone = f"last_over_time({fresh}[6h:5m]) unless on (cluster, job, instance) up == 1"
    return f"time() - ({_latest(fresh)} or {_latest(gone)})"


def newest_run(select: str) -> str:
    """Seconds since the newest run of each prober ended, of the prober for which that is longest ago."""
    latest = "max by (cluster, job, instance, location) ({})".format
    seen = latest(f"mcp_probe_last_run_timestamp_seconds{{{select}}}")
    return f"max(time() - ({seen} or {latest(known(_LAST_RUN, select))}))"


def targets_unseen(select: str) -> str:
    """How many targets have no data now, for their prober is gone."""
    fresh = f"group by (target) ({PROBES}{{{select}}})"
    return f"(count(group by (target) ({known(PROBES, select)}) unless {fresh}) or count({fresh}) * 0)"


def targets(vector: str, select: str) -> str:
    """How many targets are in a vector of them; no value, instead of zero, while none is known."""
    return f"(count({vector}) or count({PROBES}{{{select}}}) * 0)"


def targets_standing(comparison: str, select: str) -> str:
    """How many targets stand like this, such as `>= 3`."""
    return targets(f"{_latest(f'{_STANDING}{{{select}}}')} {comparison}", select)


def probes_not_passing(which: str, select: str) -> str:
    """How many probes fail, or could not tell."""
    of_each = f"max by (cluster, job, target) (sum by ({_VIEW}) ({_NOT_PASSING}{{{select}, {which}}}))"
    return f"(sum({of_each}) or count({PROBES}{{{select}}}) * 0)"


def by_reason(select: str) -> str:
    """How many probes do not pass for each reason."""
    views = f"sum by ({_VIEW}, reason) ({_NOT_PASSING}{{{select}}})"
    return f"sum by (reason) (max by (cluster, job, target, reason) ({views}))"


def runs_not_passed(select: str) -> str:
    """Runs of each result but a pass within each step of a chart whose steps are five minutes or more.

    The offset puts the samples into the middle of their stretch, lest one at its edge belongs to two.
    """
    return f"sum by (result) (sum_over_time({_NOT_PASSED}{{{select}}}[$__interval:5m] offset -1s))"


def runs_per_second(select: str) -> tuple[str, str]:
    """Runs that passed, and those of every other result; all of them, those in maintenance or in doubt too.

    Of all runs there is one series for each prober: each run has a start lag.
    """
    every = f"sum(rate(mcp_prober_start_lag_seconds_count{{{select}}}[$__rate_interval]))"
    others = f"{_NOT_PASSED}{{{select}}}"
    return f"clamp_min({every} - (sum({others}) / 300 or vector(0)), 0)", f"sum by (result) ({others}) / 300"


def _runs(metric: str, select: str, window: str, by: str) -> str:
    return f"sum by ({by}) (sum_over_time({metric}{{{select}}}[{window}:5m]))"


def availability(select: str, window: str, by: str = "") -> str:
    """The share of runs that passed, of those that could tell."""
    return f"1 - {_runs(_FAILED, select, window, by)} / ({_runs(_JUDGED, select, window, by)} > 0)"


def availability_now(select: str, by: str = "") -> str:
    """The same, of the last five minutes."""
    return f"1 - sum by ({by}) ({_FAILED}{{{select}}}) / (sum by ({by}) ({_JUDGED}{{{select}}}) > 0)"


def budget_left(select: str, window: str, by: str = "") -> str:
    """The share of the error budget that is left; below zero it is overdrawn."""
    return f"1 - {budget_spent(select, window, by)}"


def budget_spent(select: str, window: str, by: str = "") -> str:
    """The error budget that is spent, as a multiple of what the objectives allow.

    What several targets may fail is what each may, by its own objective, added up.
    """
    judged = _runs(_JUDGED, select, window, "cluster, job, target")
    allowed = f"{judged} * target:mcp_slo_error_budget:ratio{{{JOBS}}}"
    return f"{_runs(_FAILED, select, window, by)} / (sum by ({by}) ({allowed}) > 0)"


def burn(select: str) -> str:
    """How fast the budget of each target burns: at 1 it lasts its 30 days."""
    rate = f"(1 - target:mcp_probe_availability:ratio1h{{{select}}}) / target:mcp_slo_error_budget:ratio{{{select}}}"
    return _latest(rate)


def p95(select: str) -> str:
    """Seconds that 95 of 100 runs of each target took less than, over half an hour, races left out."""
    return _latest(f"{_P95}{{{select}}}")
