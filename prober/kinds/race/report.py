"""The verdict on a race as a Failure, or None."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from prober.consistency.trace import Result, Trace, overlap
from prober.consistency.verdict import Judged, Violation
from prober.consistency.wording import line
from prober.kinds.context import ProbeContext
from prober.kinds.race.models import MODELS
from prober.kinds.several_failures import failed_calls, first_of_calls
from prober.outcome import Evidence, Failure, Reason

_STEP = "race"


def failure_from(context: ProbeContext, verdict: Judged, trace: Trace, failures: Sequence[Failure]) -> Failure | None:
    """The failure that the run ends with; adds the race's numbers to the run's facts.

    First come violations: a proof stays a proof, even with little overlap and other failures. Then come failed calls:
    a server that does not answer is not well. Last comes a race without overlap.
    """
    most = overlap(trace)
    context.facts["race_overlap"] = most
    for violation in verdict.violations:
        context.facts[f"race_violations_{violation.reason}"] = violation.occurrences
    if verdict.violations:
        if failures:
            context.warnings.append(failed_calls(failures, len(trace.operations)))
        return _violated(context, verdict, trace)
    if failures:
        return first_of_calls(failures, len(trace.operations))
    if why := verdict.undecided or _no_race(trace, most) or _nothing_taken(trace):
        return Failure(Reason.UNDECIDED, why, step=_STEP)
    return None


def _violated(context: ProbeContext, verdict: Judged, trace: Trace) -> Failure:
    worst, *others = verdict.violations
    return Failure(
        worst.reason,
        worst.sentence,
        step=_STEP,
        evidence=Evidence(detail="\n".join((*_witness(worst), *_again(context, trace)))),
        further=tuple(
            Evidence(detail="\n".join((f"{each.reason}: {each.sentence}", *_witness(each)))) for each in others
        ),
    )


def _witness(violation: Violation) -> tuple[str, ...]:
    """How often it happened, then the calls of one case."""
    found = violation.occurrences
    times = "only case" if found == 1 else f"first of {found} cases"
    return (f"witness of the {times} in this trace:", *map(line, violation.witness))


def _again(context: ProbeContext, trace: Trace) -> tuple[str, ...]:
    """The command that makes the race again; nothing where no file has the probe."""
    file = context.origin.rpartition(":")[0]
    words = ("mcp-prober", "run", file, "--probe", context.probe, "--seed", str(trace.seed))
    return (f"again: {shlex.join(words)}",) if file else ()


def _nothing_taken(trace: Trace) -> str | None:
    """What others left in a queue comes out first, and says nothing."""
    drains = MODELS[trace.model].drains
    if drains is None or any(each.kind == drains and each.ok for each in trace.operations):
        return None
    return f"no {drains} was given an element of this race, nor told that there is none: others use this queue too"


def _no_race(trace: Trace, most: int) -> str | None:
    writes = [each for each in trace.operations if each.kind not in ("read", MODELS[trace.model].drains)]
    if not any(each.result is Result.OK for each in writes):
        return f"none of {len(writes)} writes was acknowledged, so nothing could be lost"
    if most < 2:
        return f"no two of {len(trace.operations)} calls were ever open at once: nothing raced"
    return None
