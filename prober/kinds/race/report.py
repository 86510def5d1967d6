"""What a race came to, as the failure that the run ends with, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prober.consistency.report import line
from prober.consistency.trace import Result, Trace, overlap
from prober.consistency.verdict import Judged, Violation
from prober.kinds.context import ProbeContext
from prober.outcome import Evidence, Failure, Reason

_STEP = "race"


def failure_from(context: ProbeContext, verdict: Judged, trace: Trace, trouble: Sequence[Failure]) -> Failure | None:
    """What the run ends with; leaves its numbers in the run's facts.

    What is proven stays proven, however little overlapped and whatever else failed. Then come calls that failed, for
    a server that does not answer is not well. Last comes a race that was none.
    """
    most = overlap(trace)
    context.facts["race_overlap"] = most
    for violation in verdict.violations:
        context.facts[f"race_violations_{violation.reason}"] = violation.occurrences
    if verdict.violations:
        if trouble:
            context.warnings.append(_told(trouble, trace))
        return _violated(context, verdict, trace)
    if trouble:
        first = trouble[0]
        return Failure(
            first.reason, _told(trouble, trace), step=first.step, evidence=first.evidence, further=first.further
        )
    if why := verdict.undecided or _no_race(trace, most):
        return Failure(Reason.UNDECIDED, why, step=_STEP)
    return None


def _violated(context: ProbeContext, verdict: Judged, trace: Trace) -> Failure:
    worst, *others = verdict.violations
    file = context.origin.rpartition(":")[0]
    again = " ".join(filter(None, ("mcp-prober run", file, "--probe", context.probe, "--seed", str(trace.seed))))
    return Failure(
        worst.reason,
        worst.sentence,
        step=_STEP,
        evidence=Evidence(
            detail="\n".join((_times(worst), *map(line, worst.witness), f"again: {again}")),
        ),
        further=tuple(Evidence(detail="\n".join((f"{each.reason}: {each.sentence}", _times(each)))) for each in others),
    )


def _times(violation: Violation) -> str:
    if violation.occurrences == 1:
        return "witness of the only case in this trace:"
    return f"witness of the first of {violation.occurrences} cases in this trace:"


def _told(trouble: Sequence[Failure], trace: Trace) -> str:
    reasons = Counter(failure.reason for failure in trouble)
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    return f"{len(trouble)} of {len(trace.operations)} calls failed ({counted}), first: {trouble[0].message}"


def _no_race(trace: Trace, most: int) -> str | None:
    writes = [each for each in trace.operations if each.kind != "read"]
    if not any(each.result is Result.OK for each in writes):
        return f"none of {len(writes)} writes was acknowledged, so nothing could be lost"
    if most < 2:
        return f"no two of {len(trace.operations)} calls were ever open at once: nothing raced"
    return None
