"""What the web room works with: the present, the past, and the few things it may ask the daemon to do.

A value that the daemon hands over once. Whatever changes while the process lives is behind a callable, so that a page
never shows what was true at the start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # this module names the rooms it is set with, and builds none of them
    from prober.history import HistoryStore
    from prober.metrics import Metrics
    from prober.outcome import Outcome
    from prober.status import StatusStore


class RunNow(Protocol):
    """Runs a configured probe at once, in its turn with its target's others; the outcome goes to no sink."""

    async def __call__(self, probe_name: str, /, *, timeout: float | None) -> Outcome:
        """`timeout` in seconds, None for the probe's own. Raises KeyError where no such probe is run here."""
        ...


@dataclass(frozen=True, kw_only=True)
class AppState:
    """The daemon as its web room sees it. Times are UTC."""

    statuses: StatusStore
    metrics: Metrics
    history: HistoryStore | None = None
    """None where the daemon keeps no history."""
    run_now: RunNow
    reload: Callable[[], Awaitable[str | None]]
    """Loads the configuration again; the mistake to show, or None."""
    ready: Callable[[], bool]
    """Whether a configuration is loaded and its probes are scheduled."""
    next_due: Callable[[str], datetime | None]
    """When a probe runs next; None where nobody knows: it is gone, or the process is about to end."""
    in_maintenance: Callable[[str], bool]
    """Whether a probe, by its name, or its target is in a maintenance window now."""
    suspects: Callable[[], bool] = lambda: False
    """Whether failures came so many at once that the prober doubts itself before the targets."""
    started_at: datetime
    location: str | None = None
    """Where this prober stands, as its operator calls it."""
