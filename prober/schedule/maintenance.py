"""Maintenance windows: each opens at the times of a cron expression and stays open for its duration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from prober.config.fields.cron import cron_trigger
from prober.config.model import Probe, Target, Window

_MOMENT: Final = timedelta(microseconds=1)


def windows_of(probes: Mapping[str, Probe], targets: Mapping[str, Target]) -> dict[str, MaintenanceWindows]:
    """By name of a probe, its windows and those of its target; probes with the same windows share what is cached."""
    known: dict[tuple[Window, ...], MaintenanceWindows] = {}
    windows: dict[str, MaintenanceWindows] = {}
    for name, probe in probes.items():
        maintained = (*targets[probe.target].maintenance, *probe.maintenance)
        if maintained not in known:
            known[maintained] = MaintenanceWindows(maintained)
        windows[name] = known[maintained]
    return windows


class MaintenanceWindows:
    """The windows of a probe and its target."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self._windows = [_Window(window) for window in windows]

    def open_at(self, time: datetime) -> bool:
        """Whether at least one window is open."""
        return any(window.open_at(time) for window in self._windows)


class _Window:
    """One window. Its answer is cached for as long as it holds: runs ask a hundred times a second."""

    def __init__(self, window: Window) -> None:
        self._trigger = cron_trigger(window.cron)
        self._duration = timedelta(seconds=window.duration)
        self._cached: tuple[datetime, datetime, bool] | None = None
        """(from, until, is open)."""

    def open_at(self, time: datetime) -> bool:
        if self._cached is None or not self._cached[0] <= time < self._cached[1]:
            self._cached = self._find(time)
        return self._cached[2]

    def _find(self, time: datetime) -> tuple[datetime, datetime, bool]:
        # The first opening whose end is yet to come: windows that overlap are open from the first to the last.
        opening: datetime | None = self._trigger.get_next_fire_time(None, time - self._duration + _MOMENT)
        if opening is None:
            return time, datetime.max.replace(tzinfo=time.tzinfo), False
        if opening <= time:
            return opening, opening + self._duration, True
        return time, opening, False
