"""What the prober measures of itself, in prometheus_client's own objects, made from the table of families."""

from __future__ import annotations

import platform
import time
from collections import deque
from collections.abc import Callable
from functools import cached_property
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from prober import __version__
from prober.metrics.families import OF_PROBER
from prober.metrics.family import Family

_MINUTE: Final = 60.0
_TABLE: Final = {family.name: family for family in OF_PROBER}


class SelfMetrics:
    """All `prober_` families and those of the process, on a registry that is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        build = Info(*self._words("prober_build_info"), registry=registry)
        build.info({"version": __version__, "python_version": platform.python_version()})
        self.reload_successful = self._gauge("prober_config_last_reload_successful")
        self.reloaded_at = self._gauge("prober_config_last_reload_success_timestamp_seconds")
        self.start_lag = self._histogram("prober_start_lag_seconds")
        self.loop_lag = self._histogram("prober_loop_lag_seconds")
        self.worst_loop_lag = WorstOfLastMinute()
        self._gauge("prober_loop_lag_max_seconds").set_function(self.worst_loop_lag)
        self.skipped = self._counter("prober_skipped_runs_total")
        self.running = self._gauge("prober_running_probes")
        self.waiting = self._gauge("prober_waiting_probes")
        self.probes = self._gauge("prober_probes")
        self.targets = self._gauge("prober_targets")
        self.suspects = self._gauge("prober_suspects_itself")
        notifications = self._counter("prober_notifications_total")
        self.sent, self.failed = (notifications.labels(outcome) for outcome in ("sent", "failed"))
        ProcessCollector(registry=registry)

    @cached_property
    def history(self) -> HistoryMetrics:
        """Those of the history; they are not there until somebody asks for them, for it may not be kept."""
        return HistoryMetrics(
            up=self._gauge("prober_history_up"),
            dropped=self._counter("prober_history_dropped_total"),
            size=self._gauge("prober_history_bytes"),
        )

    def _gauge(self, name: str) -> Gauge:
        return Gauge(*self._words(name), _TABLE[name].labels, unit=_TABLE[name].unit, registry=self._registry)

    def _counter(self, name: str) -> Counter:
        return Counter(*self._words(name), _TABLE[name].labels, registry=self._registry)

    def _histogram(self, name: str) -> Histogram:
        family: Family = _TABLE[name]
        return Histogram(
            *self._words(name), family.labels, unit=family.unit, buckets=family.buckets, registry=self._registry
        )

    def _words(self, name: str) -> tuple[str, str]:
        return _TABLE[name].stem, _TABLE[name].help


class HistoryMetrics:
    """Whether results are being kept, how many were not, and how much room the others take."""

    def __init__(self, *, up: Gauge, dropped: Counter, size: Gauge) -> None:
        self._up = up
        self._dropped = dropped
        self._size = size
        self._seen = 0
        self._up.set(1)

    def is_up(self, up: bool, /) -> None:
        """Writing goes well, or no longer."""
        self._up.set(up)

    def measured(self, size: int, *, dropped: int) -> None:
        """`size` in bytes; `dropped` results since the process began."""
        self._size.set(size)
        self._dropped.inc(max(0, dropped - self._seen))
        self._seen = max(dropped, self._seen)


class WorstOfLastMinute:
    """The largest of the numbers that came within a minute; 0 where none did.

    Kept are only those that no later one has outdone: of steady numbers a handful, in a minute that gets better and
    better all of them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: deque[tuple[float, float]] = deque()

    def note(self, value: float) -> None:
        """A number has come."""
        while self._kept and self._kept[-1][1] <= value:
            self._kept.pop()
        self._kept.append((self._clock(), value))
        self._forget()

    def __call__(self) -> float:
        """The largest one."""
        self._forget()
        return self._kept[0][1] if self._kept else 0.0

    def _forget(self) -> None:
        while self._kept and self._kept[0][0] < self._clock() - _MINUTE:
            self._kept.popleft()
