"""The summary of a whole pass: counts of verdicts, duration, exit code; and the two orders of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prober.outcome import Outcome, Verdict
from prober.report.formatting import duration

NOTHING_RAN: Final = "no probe was run"
_RANK: Final = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.PASS: 2}


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Counts of one pass. `duration_seconds` ends with the last run."""

    passed: int
    failed: int
    unknown: int
    duration_seconds: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], *, started_at: datetime) -> Summary:
        verdicts = Counter(outcome.verdict for outcome in outcomes)
        ends = [outcome.ended for outcome in outcomes]
        return cls(
            passed=verdicts[Verdict.PASS],
            failed=verdicts[Verdict.FAIL],
            unknown=verdicts[Verdict.UNKNOWN],
            duration_seconds=max((max(ends, default=started_at) - started_at).total_seconds(), 0.0),
        )

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.unknown

    @property
    def exit_code(self) -> int:
        """0: all passed. 1: a probe failed. 3: none failed, some are unknown.

        A pass without probes is 2, the code of a usage error: a pass that checks nothing must not succeed.
        """
        if self.failed:
            return 1
        if self.unknown:
            return 3
        return 0 if self.passed else 2

    def __str__(self) -> str:
        if not self.total:
            return NOTHING_RAN
        counts = f"{self.passed} passed, {self.failed} failed, {self.unknown} unknown"
        return f"{counts} in {duration(self.duration_seconds)}"


def worst_first(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Failed, unknown, passed; within each by target and probe. The order for people."""
    return sorted(outcomes, key=lambda outcome: (_RANK[outcome.verdict], outcome.target, outcome.probe))


def by_name(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """By target and probe, whatever the verdicts. The order for programs."""
    return sorted(outcomes, key=lambda outcome: (outcome.target, outcome.probe))
