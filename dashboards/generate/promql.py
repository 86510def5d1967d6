"""What several panels ask of probes, in PromQL: of what is scraped, for a few targets or for this moment.

A selector is what stands between the braces. All of it holds for one prober or several: a probe is its target and its
name, and `location` where there are several places. Runs that end `unknown` count neither for nor against a target.
"""

from __future__ import annotations

from typing import Final

from dashboards.generate.language import (
    NONE,
    NOTHING,
    STALE_BASE,
    STALE_SCALE,
    SYMPTOM_CODES,
)

JOBS: Final = 'cluster=~"$cluster", job=~"$job"'
PLACES: Final = f'{JOBS}, location=~"$location"'
TARGETS: Final = f'{PLACES}, target=~"$target"'
PROBES: Final = f'{TARGETS}, probe=~"$probe"'

PASSED: Final = 'result="pass"'
JUDGED: Final = 'result!="unknown"'
"""Runs that could tell."""

SUCCESS: Final = "mcp_probe_success"
_BLIND: Final = "unless on (cluster, job, instance) up == 1"
"""Leaves out what a prober that is scraped has ceased to export: that target or probe was removed."""


def known(metric: str, select: str) -> str:
    """The last values within six hours of series whose prober is gone: at most five minutes older than its end."""
    return f"(last_over_time({metric}{{{select}}}[6h:5m]) {_BLIND})"


_SCRAPED: Final = "max_over_time(timestamp(mcp_prober_build_info)[6h:5m])"
"""When each prober was last scraped, within six hours: asked of one series, for of thousands it takes seconds."""


def _probes(select: str, *, gone: bool) -> str:
    return known(SUCCESS, select) if gone else f"{SUCCESS}{{{select}}}"


def planned(select: str, *, gone: bool = False) -> str:
    """Probes in maintenance; with `gone`, those that were when their prober was last scraped."""
    seen = known("mcp_probe_maintenance", select) if gone else f"mcp_probe_maintenance{{{select}}}"
    return f"max by (target, probe, location) ({seen}) == 1"


def _not_passing(select: str, which: str, *, gone: bool) -> str:
    seen = f"mcp_probe_failure_info{{{select}, {which}}}"
    if gone:  # of several reasons within six hours, the one of the last scrape
        seen = (
            f"max_over_time(timestamp({seen})[6h:5m]) == on (cluster, job, instance) group_left () {_SCRAPED} {_BLIND}"
        )
    return f"max by (target, probe, location, reason) ({seen})"


def failing(select: str, *, gone: bool = False) -> str:
    """Probes that fail now, outside of maintenance, with their reason."""
    seen = _not_passing(select, 'symptom!="unknown"', gone=gone)
    return f"({seen} unless on (target, probe, location) ({planned(select, gone=gone)}))"


def unsure(select: str, *, gone: bool = False) -> str:
    """Probes whose last run could not tell."""
    return "({})".format(_not_passing(select, 'symptom="unknown"', gone=gone))


def probes_with(vector: str, select: str) -> str:
    """How many probes of the selected ones appear in a vector; one that runs in several places counts once."""
    return f"(count(count by (target, probe) ({vector})) or count({SUCCESS}{{{select}}}) * 0)"


def scraped(metric: str, select: str) -> str:
    """The share of those that exported a metric within a day that can be scraped now; no value where nobody did."""
    return f"avg(up and on (cluster, job, instance) last_over_time({metric}{{{select}}}[1d]))"


def overdue(select: str) -> str:
    """Probes that have not run for three of their intervals."""
    ran = f"max by (target, probe, location) (mcp_probe_last_run_timestamp_seconds{{{select}}})"
    return f"(time() - {ran}) > 3 * max by (target, probe, location) (mcp_probe_interval_seconds{{{select}}})"


def result(select: str) -> str:
    """How each probe of a target stands: a number of language.RESULT."""
    return f"({_result(select)}) or ({_result(select, gone=True)}) * {STALE_SCALE} + {STALE_BASE}"


def _result(select: str, *, gone: bool = False) -> str:
    return (
        f"(group by (probe) ({failing(select, gone=gone)}) * 3)"
        f" or (group by (probe) ({unsure(select, gone=gone)}) * 2)"
        f" or (group by (probe) ({planned(select, gone=gone)}))"
        f" or (group by (probe) ({_probes(select, gone=gone)}) * 0)"
    )


def reasons(select: str) -> str:
    """Why each probe does not pass; where its prober is gone, did not."""
    any_reason = 'reason!=""'
    seen = [f"max by (probe, reason) ({_not_passing(select, any_reason, gone=gone)})" for gone in (False, True)]
    none = [f'label_replace({_result(select, gone=gone)} < 2, "reason", "{NONE}", "", "")' for gone in (False, True)]
    fresh, gone = (f"{those} or ({others} unless on (probe) {those})" for those, others in zip(seen, none, strict=True))
    return f"({fresh}) or (({gone}) unless on (probe) {SUCCESS}{{{select}}})"


def latest(metric: str, select: str, by: str) -> str:
    """A moment in milliseconds, as it is; where the prober is gone, as it was."""
    return f"(max by ({by}) ({metric}{{{select}}}) or max by ({by}) ({known(metric, select)})) * 1000"


def while_known(vector: str, metric: str, select: str) -> str:
    """What is said of a range, as long as there are data now: a dead prober's hundred percent would be green."""
    return f"({vector}) and on () {metric}{{{select}}}"


def history(select: str) -> str:
    """Each probe by its symptom, a number of language.HISTORY."""
    seen = [
        f'max by (probe) (mcp_probe_failure_info{{{select}, symptom="{symptom}"}}) * {code}'
        for symptom, code in SYMPTOM_CODES.items()
    ]
    calm = f"max by (probe) (mcp_probe_success{{{select}}}) * 0"
    return " or ".join([f"(max by (probe) (mcp_probe_maintenance{{{select}}}) == 1)", *seen, calm])


def or_nothing(vector: str, label: str, metric: str, select: str) -> str:
    """A vector, or a line at zero that says so while it is empty and the metric's series are there."""
    calm = f'label_replace(sum({metric}{{{select}}}) * 0, "{label}", "{NOTHING}", "", "")'
    return f"({vector}) or ({calm} unless on () ({vector}))"


def availability(select: str, window: str, by: str = "") -> str:
    """The share of runs that passed, of those that could tell."""
    group = f" by ({by})" if by else ""
    passed = f"sum{group} (increase(mcp_probe_runs_total{{{select}, {PASSED}}}[{window}]))"
    told = f"sum{group} (increase(mcp_probe_runs_total{{{select}, {JUDGED}}}[{window}]))"
    return f"{passed} / ({told} > 0)"


def quantile(share: float, metric: str, select: str, by: str = "", window: str = "$__rate_interval") -> str:
    """A quantile of a histogram; no value, instead of none that is a number, where nothing was observed."""
    group = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({group}) (rate({metric}_bucket{{{select}}}[{window}]))) >= 0"


NO_RACE: Final = 'kind!="race"'
"""Races make hundreds of calls, and would hide how long other runs take."""


def run_quantile(share: float, select: str, by: str = "", window: str = "$__rate_interval") -> str:
    """A quantile of how long runs of targets take, races left out."""
    return quantile(share, "mcp_target_run_duration_seconds", f"{select}, {NO_RACE}", by, window)


def per_second(metric: str, select: str, by: str) -> str:
    """A counter's rate."""
    return f"sum by ({by}) (rate({metric}{{{select}}}[$__rate_interval]))"


def ratio(part: str, whole: str) -> str:
    """A share that has no value while the whole is zero."""
    return f"({part}) / (({whole}) > 0)"
