"""What a judge of traces finds: violations with their witnesses, or nothing, or that it cannot tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prober.consistency.trace import Operation
from prober.outcome import Reason

SEVERITY: Final = (
    Reason.EXCLUSION_BROKEN,
    Reason.LOST_UPDATE,
    Reason.DUPLICATE_EFFECT,
    Reason.TORN_READ,
    Reason.PHANTOM_VALUE,
    Reason.ORDER_VIOLATION,
    Reason.LOCK_STUCK,
    Reason.NON_MONOTONIC_READ,
    Reason.STALE_READ,
)
"""The order in which violations are told: what was lost before what was only seen late."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One way in which the trace breaks its model."""

    reason: Reason
    sentence: str
    """For a person: who asked what, what they were told, and why that cannot be."""
    witness: tuple[Operation, ...]
    """The two or three operations that prove it, whatever else happened."""
    occurrences: int = 1
    """How often the same is found in the trace."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The verdict on a trace. Without violations it is valid, unless `undecided` says why nobody can tell."""

    violations: tuple[Violation, ...] = ()
    undecided: str | None = None

    @property
    def valid(self) -> bool:
        return not self.violations and self.undecided is None


def judged(found: Iterable[Violation]) -> Judged:
    """The worst first, and one of each reason: the first that was found, with how often it was."""
    by_reason: dict[Reason, list[Violation]] = {}
    for violation in found:
        by_reason.setdefault(violation.reason, []).append(violation)
    return Judged(
        violations=tuple(
            Violation(
                reason=reason,
                sentence=by_reason[reason][0].sentence,
                witness=by_reason[reason][0].witness,
                occurrences=sum(each.occurrences for each in by_reason[reason]),
            )
            for reason in SEVERITY
            if reason in by_reason
        )
    )
