"""What the daemon and a worker say to each other, each message a value.

Configuration goes one way, with the secrets that a worker needs for the wire; what comes back was masked by the worker,
as outcomes always are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prober.client.stdio.kept_processes import Ended
from prober.config.model import Probe, Target
from prober.outcome import Outcome
from prober.scheduled_run import ScheduledRun

# The daemon says


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """How to run probes; the first message."""

    concurrency: int
    processors: int
    spans: bool
    schedule: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Assign:
    """Targets and probes that are new or have changed: a piece of a share, which takes effect with `Apply`."""

    targets: tuple[Target, ...] = ()
    probes: tuple[Probe, ...] = ()
    since: Mapping[str, datetime] = field(default_factory=dict)
    """By name of a probe, up to when its runs are accounted for: what was due since is run."""
    sent: Mapping[str, int] = field(default_factory=dict)
    """By name of a target, how many requests the process before this one has sent that count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Apply:
    """The share is complete; these are no longer part of it."""

    generation: int
    gone_targets: frozenset[str]
    gone_probes: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEarly:
    """See `Scheduler.run_early`."""

    probe: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunNow:
    """See `Scheduler.run_now`. The answer has the same number."""

    number: int
    probe: str
    timeout: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """Nobody waits for that answer any more."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Drain:
    """Let what runs end, and leave."""

    seconds: float


# A worker says


@dataclass(frozen=True, kw_only=True, slots=True)
class Here:
    """The process is there; the first message."""

    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """A share is in force."""

    generation: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """A scheduled run has ended."""

    result: ScheduledRun
    generation: int
    """Of the share that was in force at its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A run was due and left out."""

    probe: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptEnded:
    """A kept process of a stdio server has ended."""

    ended: Ended


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What became of `RunNow`; None where the worker has no such probe."""

    number: int
    outcome: Outcome | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """How the process stands, every second."""

    running: int = 0
    waiting: int = 0
    lags: tuple[float, ...] = ()
    """By how much its event loop was late, since the message before."""
    budgets: Mapping[str, int] = field(default_factory=dict)
    """By target, how many requests it may still be sent."""
    cpu_seconds: float = 0.0
    memory: int | None = None
    """Resident bytes, where the system says so."""
