"""The state of the daemon that the endpoints read, and the actions of the daemon that they may start.

The daemon creates the value once. Everything that changes while the process lives is behind a callable, so that a page
never shows a value from the start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # only for annotations
    from prober.config.model import Config
    from prober.history import HistoryStore
    from prober.metrics import Metrics
    from prober.outcome import Outcome
    from prober.recent import RecentPace, RecentRuns
    from prober.sources.watcher import SourceState
    from prober.status import StatusStore


class RunNow(Protocol):
    """Runs a configured probe now, within the concurrency limit and the budget of its target.

    The outcome is kept among the recent runs, and is counted nowhere.
    """

    async def __call__(self, probe_name: str, /, *, timeout: float | None) -> Outcome:
        """`timeout` in seconds, None for the probe's own. Raises KeyError where no such probe is run here."""
        ...


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The configuration that is in force, and the last attempt to load another one."""

    config: Config
    since: datetime
    """When it was loaded."""
    refused_at: datetime | None = None
    """When another one was refused since; None where the last attempt went well."""
    refused_for: str = ""
    """The mistakes of that one, a line each."""


@dataclass(frozen=True, kw_only=True)
class AppState:
    """The daemon as its endpoints see it. Times are UTC."""

    statuses: StatusStore
    metrics: Metrics
    recent_runs: RecentRuns
    pace: RecentPace
    loaded: Callable[[], Loaded]
    sources: Callable[[], Mapping[str, SourceState]] = lambda: {}
    """How the sources of targets stand, by name."""
    history: HistoryStore | None = None
    """None where the daemon keeps no history."""
    run_now: RunNow
    reload: Callable[[], Awaitable[str | None]]
    """Loads the configuration again; the mistake to show, or None."""
    ready: Callable[[], bool]
    """Whether a configuration is loaded and its probes are scheduled."""
    next_due: Callable[[str], datetime | None]
    """When a probe runs next; None where the probe is gone or the process is about to end."""
    in_maintenance: Callable[[str], bool]
    """Whether a probe, by its name, or its target is in a maintenance window now."""
    suspects: Callable[[], bool] = lambda: False
    """Whether so many targets failed at once that the prober itself is the likely cause."""
    started_at: datetime
    location: str | None = None
    """The value of `--location`."""
    schedule: bool = True
    """Whether probes run when they are due; else only when /probe asks."""
    paths: tuple[Path, ...] = ()
    """Where the configuration is read from: what `run` has to be given."""
