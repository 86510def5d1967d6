"""What the pages tell of the past: asked of history for all shown targets at once, and kept for a moment.

However many people look, and however often their pages refresh, history is read once in a while. Where there is none,
or it cannot be read, the pages do without.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prober.history import Day, History, Overview, PastFailure

DAYS: Final = 90
UPTIME_DAYS: Final = 30
HOURS: Final = 48
_KEPT_SECONDS: Final = 20.0
_KEPT_TARGETS: Final = 500


@dataclass(frozen=True, kw_only=True)
class Past:
    """One target of late."""

    days: Sequence[Day] = ()
    """Oldest first; days without a run are left out."""
    seconds: Sequence[float | None] = ()
    """Mean duration of a run, by the hour, oldest first; None for an hour without one."""
    uptime: float | None = None
    """Share of the runs of 30 days that passed, of those that could tell."""


class PastReader:
    """Asks history, and remembers the answer for some seconds."""

    def __init__(self, history: History | None):
        self._history = history
        self._kept: dict[str, tuple[float, Past]] = {}

    async def of(self, targets: Sequence[str]) -> Mapping[str, Past] | None:
        """None where there is no history to ask."""
        if self._history is None:
            return None
        fresh_until = time.monotonic() - _KEPT_SECONDS
        known = {
            name: past for name in targets if (kept := self._kept.get(name)) for at, past in [kept] if at > fresh_until
        }
        wanted = [name for name in targets if name not in known]
        if wanted:
            asked = await self._history.overview(wanted, days=DAYS)
            now = datetime.now(UTC)
            told = {name: _past_of(asked.get(name), now) for name in wanted}
            self._keep(told)
            known |= told
        return known

    async def failures(self, target: str, *, limit: int) -> Sequence[PastFailure]:
        """The latest runs that did not pass, the newest first."""
        return await self._history.failures(target, limit=limit) if self._history else ()

    def _keep(self, told: Mapping[str, Past]) -> None:
        at = time.monotonic()
        for name, past in told.items():
            self._kept.pop(name, None)
            self._kept[name] = (at, past)
        for name in list(self._kept)[: max(len(self._kept) - _KEPT_TARGETS, 0)]:
            del self._kept[name]


def _past_of(overview: Overview | None, now: datetime) -> Past:
    if overview is None:
        return Past()
    return Past(
        days=overview.days,
        seconds=_by_the_hour(overview, now),
        uptime=_uptime(overview.days, now.date()),
    )


def _by_the_hour(overview: Overview, now: datetime) -> tuple[float | None, ...]:
    """The hours before the first measured one are left out: what was not probed then has no gap."""
    last = now.replace(minute=0, second=0, microsecond=0)
    means = {point.at: point.mean_seconds for point in overview.durations}
    hours = [means.get(last - timedelta(hours=HOURS - 1 - index)) for index in range(HOURS)]
    first = next((index for index, value in enumerate(hours) if value is not None), len(hours))
    return tuple(hours[first:])


def _uptime(days: Sequence[Day], today: date) -> float | None:
    latest = [day for day in days if (today - day.day).days < UPTIME_DAYS]
    told = sum(day.passed + day.failed for day in latest)
    return sum(day.passed for day in latest) / told if told else None
