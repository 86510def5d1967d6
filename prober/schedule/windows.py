"""Whether maintenance goes on: windows that open at the times of a cron expression and stay open for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from prober.config.cron import cron_trigger
from prober.config.model import Window

_MOMENT: Final = timedelta(microseconds=1)


class Windows:
    """Those of a target and a probe together."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self._each = [_Opening(window) for window in windows]

    def open_at(self, time: datetime) -> bool:
        """Whether one of them is open."""
        return any(opening.open_at(time) for opening in self._each)


class _Opening:
    """One window. The answer is remembered for as long as it holds: runs ask a hundred times a second."""

    def __init__(self, window: Window) -> None:
        self._trigger = cron_trigger(window.cron)
        self._duration = timedelta(seconds=window.duration)
        self._known: tuple[datetime, datetime, bool] | None = None
        """From when until when the answer is which."""

    def open_at(self, time: datetime) -> bool:
        if self._known is None or not self._known[0] <= time < self._known[1]:
            self._known = self._look(time)
        return self._known[2]

    def _look(self, time: datetime) -> tuple[datetime, datetime, bool]:
        # The first opening whose end is yet to come: it may have been before the present one, which then lasts longer.
        opening: datetime | None = self._trigger.get_next_fire_time(None, time - self._duration + _MOMENT)
        if opening is None:
            return time, datetime.max.replace(tzinfo=time.tzinfo), False
        if opening <= time:
            return opening, opening + self._duration, True
        return time, opening, False
