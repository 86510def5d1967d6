"""The questions that several panels ask, in PromQL.

A selector is what stands between the braces. All of it works on raw metrics, with one prober or several: a probe is
its target and its name, and `location` where there are several places. Runs that end `unknown` count neither for
nor against a target.
"""

from __future__ import annotations

from typing import Final

from dashboards.generate.language import FAMILIES, FAMILY_CODES, NONE, NOTHING, OUR_OWN, one_of

PLACES: Final = 'location=~"$location"'
TARGETS: Final = f'{PLACES}, target=~"$target"'
PROBES: Final = f'{TARGETS}, probe=~"$probe"'

ALLOWED: Final = "(1 - $slo / 100)"
"""The share of runs that may fail."""


def planned(select: str) -> str:
    """Probes in maintenance."""
    return f"max by (target, probe, location) (mcp_probe_maintenance{{{select}}}) == 1"


def failing(select: str) -> str:
    """Probes that fail now, outside of maintenance, with their reason."""
    seen = f'max by (target, probe, location, reason) (mcp_probe_failing{{{select}, reason!~"{OUR_OWN}"}})'
    return f"({seen} unless on (target, probe, location) ({planned(select)}))"


def why(select: str) -> str:
    """One reason for each target: the one that most of its failing probes share, or that there is none."""
    broken, own = failing(select), unsure(select)
    most = "topk by (target) (1, count by (target, reason) ({}))".format
    none = f'label_replace(count by (target) (mcp_probe_success{{{select}}}), "reason", "{NONE}", "", "")'
    return (
        f"{most(broken)} or ({most(own)} unless on (target) {broken})"
        f" or ({none} unless on (target) ({broken} or {own}))"
    )


def failing_none(select: str) -> str:
    """Zero for every target, to stand where none of its probes fails."""
    return f"count by (target) (mcp_probe_success{{{select}}}) * 0"


def unsure(select: str) -> str:
    """Probes whose last run could not tell."""
    return f'(max by (target, probe, location, reason) (mcp_probe_failing{{{select}, reason=~"{OUR_OWN}"}}))'


def targets_with(vector: str) -> str:
    """How many targets appear in a vector."""
    return f"(count(count by (target) ({vector})) or vector(0))"


def probes_with(vector: str) -> str:
    """How many probes appear in a vector; one that runs in several places counts once."""
    return f"(count(count by (target, probe) ({vector})) or vector(0))"


def standing(select: str) -> str:
    """How each target stands: a number of language.STANDING."""
    probes = f"count by (target) (count by (target, probe) (mcp_probe_success{{{select}}}))"
    broken = f"count by (target) (count by (target, probe) ({failing(select)}))"
    return (
        f"({broken} / {probes} + 3)"
        f" or (count by (target) ({unsure(select)}) * 0 + 2)"
        f" or (count by (target) ({planned(select)}) * 0 + 1)"
        f" or ({probes} * 0)"
    )


def result(select: str) -> str:
    """How each probe of a target stands: a number of language.RESULT."""
    return (
        f"(group by (probe) ({failing(select)}) * 3)"
        f" or (group by (probe) ({unsure(select)}) * 2)"
        f" or (group by (probe) ({planned(select)}))"
        f" or (max by (probe) (mcp_probe_success{{{select}}}) * 0)"
    )


def history(select: str) -> str:
    """Each probe by the family of its reason, a number of language.HISTORY."""
    seen = [
        f'max by (probe) (mcp_probe_failing{{{select}, reason=~"{one_of(FAMILIES[family])}"}}) * {code}'
        for family, code in FAMILY_CODES.items()
    ]
    calm = f"max by (probe) (mcp_probe_success{{{select}}}) * 0"
    return " or ".join([f"(max by (probe) (mcp_probe_maintenance{{{select}}}) == 1)", *seen, calm])


def or_nothing(vector: str, label: str) -> str:
    """A vector, or a line at zero that says so while it is empty."""
    calm = f'label_replace(vector(0), "{label}", "{NOTHING}", "", "")'
    return f"({vector}) or ({calm} unless on () ({vector}))"


def availability(select: str, window: str, by: str = "") -> str:
    """The share of runs that passed, of those that could tell."""
    group = f" by ({by})" if by else ""
    passed = f'sum{group} (increase(mcp_probe_runs_total{{{select}, outcome="pass"}}[{window}]))'
    told = f'sum{group} (increase(mcp_probe_runs_total{{{select}, outcome=~"pass|fail"}}[{window}]))'
    return f"{passed} / ({told} > 0)"


def budget_left(select: str, window: str, by: str = "") -> str:
    """The share of the error budget that is left; below zero it is overdrawn."""
    return f"1 - (1 - ({availability(select, window, by)})) / {ALLOWED}"


def burn(select: str, window: str, by: str = "") -> str:
    """How many times faster than allowed the error budget is spent."""
    return f"(1 - ({availability(select, window, by)})) / {ALLOWED}"


def quantile(share: float, metric: str, select: str, by: str = "", window: str = "$__rate_interval") -> str:
    """A quantile of a histogram; no value, instead of none that is a number, where nothing was observed."""
    group = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({group}) (rate({metric}_bucket{{{select}}}[{window}]))) >= 0"


def budget_spent(select: str, window: str, by: str = "") -> str:
    """The error budget that is spent, as a multiple of what is allowed."""
    return burn(select, window, by)


def made_by_runs(vector: str, select: str) -> str:
    """A vector of probes without races: their runs make hundreds of calls, and would hide how long others take."""
    return f"{vector} unless on (target, probe) mcp_race_operations_total{{{select}}}"


def run_quantile(share: float, select: str, by: str = "", window: str = "$__rate_interval") -> str:
    """A quantile of how long runs take, races left out."""
    group = f"le, {by}" if by else "le"
    buckets = made_by_runs(f"rate(mcp_probe_duration_seconds_bucket{{{select}}}[{window}])", select)
    return f"histogram_quantile({share:g}, sum by ({group}) ({buckets})) >= 0"


def per_second(metric: str, select: str, by: str) -> str:
    """A counter's rate."""
    return f"sum by ({by}) (rate({metric}{{{select}}}[$__rate_interval]))"


def ratio(part: str, whole: str) -> str:
    """A share that has no value while the whole is zero."""
    return f"({part}) / (({whole}) > 0)"
