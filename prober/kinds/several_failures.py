"""Several failures as the one that a run ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from prober.outcome import Evidence, Failure


def first_of(failures: Sequence[Failure], message: str, *, told: Callable[[Failure], Evidence]) -> Failure:
    """The first of them with this message; what is `told` of each other one is its further evidence."""
    first, *others = failures
    return Failure(
        first.reason, message, step=first.step, evidence=first.evidence, further=tuple(told(other) for other in others)
    )


def failed_calls(failures: Sequence[Failure], calls: int) -> str:
    """How many of so many calls failed, for which reasons, and the words of the first."""
    reasons = Counter(failure.reason for failure in failures)
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    return f"{len(failures)} of {calls} calls failed ({counted}), first: {failures[0].message}"


def first_of_calls(failures: Sequence[Failure], calls: int) -> Failure:
    """The first of the calls that failed, with how many there were."""
    first = failures[0]
    message = failed_calls(failures, calls)
    return Failure(first.reason, message, step=first.step, evidence=first.evidence, further=first.further)
