"""A scheduled run that has ended: what every sink (history, metrics, status, notifications) receives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prober.config.model import Probe
from prober.outcome import Outcome, Symptom


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduledRun:
    """An outcome with how it came to be run. Times are UTC."""

    outcome: Outcome
    due: datetime
    """When it should have begun."""
    start_lag_seconds: float = 0.0
    """How much later than that it did begin: the prober's own doing, never the target's."""
    maintenance: bool = False
    """Whether it was due in a maintenance window of its target or probe."""

    @property
    def ended(self) -> datetime:
        """When the run was over."""
        return self.outcome.ended


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """What history knows of one probe at a start: enough to go on where the process before this one ended."""

    target: str
    probe: str
    last: ScheduledRun | None = None
    """The latest run, without its exchanges and phases."""
    last_success: datetime | None = None
    since: datetime | None = None
    """When the verdict and reason of the latest run were first seen, without another one between."""
    streak: int = 0
    """How many runs in a row failed: see `prober.status`."""
    symptom: Symptom | None = None
    """The symptom of the streak; None where it is 0, or what was remembered does not say."""
    streak_since: datetime | None = None
    """When the first run of the streak began; None where it is 0, or what was remembered does not say."""


class Sink(Protocol):
    """Takes results in as they come, in the event loop's thread: quickly, and without ever raising."""

    def record(self, result: ScheduledRun, /) -> None:
        """A run has ended."""

    def skipped(self, probe: Probe, /) -> None:
        """A run was due and left out, for the one before it was still going on."""
