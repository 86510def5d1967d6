"""What history answers with. Times are UTC, to the millisecond; durations are seconds, to a tenth of a millisecond.

Days and points are named tuples, not dataclasses: a front page of two hundred targets has twenty thousand of them, and
a tuple is made in a third of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from prober.outcome import MaskedEvidence, Outcome, Reason, Verdict
from prober.redaction import NOTHING, Masked


@dataclass(frozen=True, kw_only=True, slots=True)
class PastResult:
    """A run that was. Its texts are kept only if it did not pass: see PastFailure."""

    target: str
    probe: str
    verdict: Verdict
    started_at: datetime
    duration_seconds: float
    latency_seconds: float | None = None
    """The judged request alone, of kinds that judge one."""
    reason: str | None = None
    """A `prober.outcome.Reason`; or one that an earlier version knew."""
    maintenance: bool = False
    start_lag_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PastFailure:
    """A run that did not pass (`fail` or `unknown`), with what proves it."""

    target: str
    probe: str
    kind: str
    verdict: Verdict
    reason: str | None
    started_at: datetime
    duration_seconds: float
    maintenance: bool = False
    step: str | None = None
    message: Masked = NOTHING
    evidence: tuple[MaskedEvidence, ...] = ()
    warnings: tuple[Masked, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome of the run, as far as history keeps it; without a reason that only an earlier version knew."""
        return Outcome(
            target=self.target,
            probe=self.probe,
            kind=self.kind,
            verdict=self.verdict,
            reason=next((reason for reason in Reason if reason == self.reason), None),
            step=self.step,
            message=self.message,
            evidence=self.evidence,
            warnings=self.warnings,
            started_at=self.started_at,
            duration_seconds=self.duration_seconds,
        )


class Day(NamedTuple):
    """One day (UTC) of one target: its runs by verdict, those in maintenance left out."""

    day: date
    passed: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def runs(self) -> int:
        """How many runs there were."""
        return self.passed + self.failed + self.unknown

    @property
    def uptime(self) -> float | None:
        """The share that passed, of those that could tell; None where none could."""
        return share(self.passed, self.failed)


class Point(NamedTuple):
    """How long runs took in one stretch of time that begins at `at`.

    Counted are runs that passed or failed, outside maintenance: a run that could not tell took no time worth showing.
    From roll-ups `p50_seconds` and `p95_seconds` are estimates, exact to the steps of a histogram.
    """

    at: datetime
    runs: int
    mean_seconds: float
    min_seconds: float
    max_seconds: float
    p50_seconds: float | None = None
    p95_seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """One target on the front page."""

    days: tuple[Day, ...]
    """Oldest first; a day without a run is left out."""
    durations: tuple[Point, ...]
    """Of all its probes, by the hour, oldest first; without percentiles."""

    @property
    def uptime(self) -> float | None:
        """Over all its days."""
        return share(sum(day.passed for day in self.days), sum(day.failed for day in self.days))


def share(passed: int, failed: int) -> float | None:
    """The share that passed, of the runs that could tell; None where none could."""
    told = passed + failed
    return passed / told if told else None
