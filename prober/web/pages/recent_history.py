"""What the pages tell of the past, asked of history: of all targets at once for the front page, of one for its own.

However many people look, and however often their pages refresh, the whole of history is read once in a while. Where
there is none, or it cannot be read, the pages do without: why, history itself reports.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final

from prober.history import Day, HistoryError, HistoryStore, Overview, PastFailure, Point
from prober.web.pages.svg import DAYS

UPTIME_DAYS: Final = 30
HOURS: Final = 48
FAILURES: Final = 200
"""How many runs are looked through for what failed earlier."""
_KEPT_SECONDS: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class Past:
    """One target of late."""

    days: Sequence[Day] = ()
    """Oldest first; days without a run may be left out."""
    seconds: Sequence[float | None] = ()
    """Mean duration of a run, by the hour, oldest first; None for an hour without one."""
    uptime: float | None = None
    """Share of the runs of 30 days that passed, of those that could tell."""
    failures: Sequence[PastFailure] = ()
    """The latest first; of a target's own page only."""


class RecentHistory:
    """Asks history, and keeps the answer about everything for a moment. One asker at a time, in the event loop."""

    def __init__(self, history: HistoryStore | None):
        self._history = history
        self._asked_at = float("-inf")
        self._overview: Mapping[str, Overview] | None = None

    async def of_all(self, targets: Sequence[str], now: datetime) -> Mapping[str, Past] | None:
        """Of these targets; None where no history is at hand."""
        if self._history is None:
            return None
        if time.monotonic() - self._asked_at > _KEPT_SECONDS:
            try:
                self._overview = await self._history.overview(days=DAYS, hours=HOURS)
            except HistoryError:
                self._overview = None
            self._asked_at = time.monotonic()
        if self._overview is None:
            return None
        known = {name: self._overview[name] for name in targets if name in self._overview}
        return {name: _past(overview.days, overview.durations, now) for name, overview in known.items()}

    async def of_one(self, target: str, now: datetime) -> Past | None:
        """Of this target, with its latest failures; None where no history is at hand."""
        if self._history is None:
            return None
        since = now - timedelta(hours=HOURS - 1)
        try:
            days, points, failures = await asyncio.gather(
                self._history.days(target, days=DAYS),
                self._history.durations(target=target, since=since, points=HOURS),
                self._history.failures(target=target, limit=FAILURES),
            )
        except HistoryError:
            return None
        return _past(days, points, now, failures)

    async def uptime(self, target: str, now: datetime) -> float | None:
        """As the pages have it; None where nobody knows."""
        if self._history is None:
            return None
        since = datetime.combine(now.date() - timedelta(days=UPTIME_DAYS - 1), time_of_day(), UTC)
        try:
            return (await self._history.uptime(target, since=since)).uptime
        except HistoryError:
            return None


def _past(days: Sequence[Day], points: Sequence[Point], now: datetime, failures: Sequence[PastFailure] = ()) -> Past:
    return Past(days=days, seconds=_by_the_hour(points, now), uptime=_uptime(days, now.date()), failures=failures)


def _by_the_hour(points: Sequence[Point], now: datetime) -> tuple[float | None, ...]:
    """The hours before the first measured one are left out: what was not probed then has no gap."""
    last = now.replace(minute=0, second=0, microsecond=0)
    means = {point.at: point.mean_seconds for point in points}
    hours = [means.get(last - timedelta(hours=HOURS - 1 - index)) for index in range(HOURS)]
    first = next((index for index, value in enumerate(hours) if value is not None), len(hours))
    return tuple(hours[first:])


def _uptime(days: Sequence[Day], today: date) -> float | None:
    latest = [day for day in days if (today - day.day).days < UPTIME_DAYS]
    told = sum(day.passed + day.failed for day in latest)
    return sum(day.passed for day in latest) / told if told else None
