"""Reads the history that the pages show: of all targets for the front page, of one target for its own page.

The overview of all targets is cached, so that many visitors and frequent refreshes cost one query now and then. Where
history is missing or cannot be read, the pages leave it out; history reports its own errors.
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
from prober.web.pages.chart_geometry import DAYS

UPTIME_DAYS: Final = 30
HOURS: Final = 48
FAILURES: Final = 200
"""Failed runs that are read for one target page."""
_CACHE_SECONDS: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class TargetHistory:
    """The recent history of one target."""

    days: Sequence[Day] = ()
    """Oldest first; days without a run may be left out."""
    seconds: Sequence[float | None] = ()
    """Mean duration of a run by the hour, oldest first; None for an hour without a run."""
    uptime: float | None = None
    """Passed runs of 30 days, as a share of passed and failed runs."""
    failures: Sequence[PastFailure] = ()
    """Latest first; only for a target page."""


class RecentHistory:
    """Reads history, and caches the overview. One reader at a time, in the event loop."""

    def __init__(self, history: HistoryStore | None):
        self._history = history
        self._read_at = float("-inf")
        self._overview: Mapping[str, Overview] | None = None

    async def all_targets(self, targets: Sequence[str], now: datetime) -> Mapping[str, TargetHistory] | None:
        """The recent history of these targets; None without history."""
        if self._history is None:
            return None
        if time.monotonic() - self._read_at > _CACHE_SECONDS:
            try:
                self._overview = await self._history.overview(days=DAYS, hours=HOURS)
            except HistoryError:
                self._overview = None
            self._read_at = time.monotonic()
        if self._overview is None:
            return None
        known = {name: self._overview[name] for name in targets if name in self._overview}
        return {name: _past(overview.days, overview.durations, now) for name, overview in known.items()}

    async def one_target(self, target: str, now: datetime) -> TargetHistory | None:
        """The recent history of this target with its latest failures; None without history."""
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
        """The uptime that the pages show; None where it is unknown."""
        if self._history is None:
            return None
        since = datetime.combine(now.date() - timedelta(days=UPTIME_DAYS - 1), time_of_day(), UTC)
        try:
            return await self._history.uptime(target, since=since)
        except HistoryError:
            return None


def _past(
    days: Sequence[Day], points: Sequence[Point], now: datetime, failures: Sequence[PastFailure] = ()
) -> TargetHistory:
    return TargetHistory(
        days=days, seconds=_by_the_hour(points, now), uptime=_uptime(days, now.date()), failures=failures
    )


def _by_the_hour(points: Sequence[Point], now: datetime) -> tuple[float | None, ...]:
    """Hours before the first run are left out: a new target has no gap there."""
    last = now.replace(minute=0, second=0, microsecond=0)
    means = {point.at: point.mean_seconds for point in points}
    hours = [means.get(last - timedelta(hours=HOURS - 1 - index)) for index in range(HOURS)]
    first = next((index for index, value in enumerate(hours) if value is not None), len(hours))
    return tuple(hours[first:])


def _uptime(days: Sequence[Day], today: date) -> float | None:
    latest = [day for day in days if (today - day.day).days < UPTIME_DAYS]
    decided = sum(day.passed + day.failed for day in latest)
    return sum(day.passed for day in latest) / decided if decided else None
