"""The prober's own metrics, as prometheus_client's objects, made from the table of families."""

from __future__ import annotations

import platform
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from prober import __version__
from prober.lint.rules import rules
from prober.metrics.family import Family
from prober.metrics.self_families import OF_PROBER
from prober.metrics.workers import WorkerMetrics
from prober.sources.watcher import SourceState

_MINUTE: Final = 60.0
_TABLE: Final = {family.name: family for family in OF_PROBER}


class SelfMetrics:
    """All `mcp_prober_` families and the families of the process, on the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        build = Info(*self._words("mcp_prober_build_info"), registry=registry)
        build.info({"version": __version__, "python_version": platform.python_version()})
        Info(*self._words("mcp_prober_client_rules_info"), registry=registry).info({"version": rules().version})
        self.reload_successful = self._gauge("mcp_prober_config_last_reload_successful")
        self.reloaded_at = self._gauge("mcp_prober_config_last_reload_success_timestamp_seconds")
        self.start_lag = self._histogram("mcp_prober_start_lag_seconds")
        self.loop_lag = self._histogram("mcp_prober_loop_lag_seconds")
        self.worst_loop_lag = WorstOfLastMinute()
        self._gauge("mcp_prober_loop_lag_max_seconds").set_function(self.worst_loop_lag)
        self.shortages = self._counter("mcp_prober_shortages_total")
        self.skipped = self._counter("mcp_prober_skipped_runs_total")
        self.running = self._gauge("mcp_prober_running_probes")
        self.waiting = self._gauge("mcp_prober_waiting_probes")
        self.probes = self._gauge("mcp_prober_probes")
        self.targets = self._gauge("mcp_prober_targets")
        self.suspects = self._gauge("mcp_prober_suspects_itself")
        notifications = self._counter("mcp_prober_notifications_total")
        self.sent, self.failed = (notifications.labels(outcome) for outcome in ("sent", "failed"))
        ProcessCollector(registry=registry)

    @cached_property
    def history(self) -> HistoryMetrics:
        """The metrics of the history, created by the first access: without a history they must not be exported."""
        return HistoryMetrics(
            up=self._gauge("mcp_prober_history_up"),
            dropped=self._counter("mcp_prober_history_dropped_total"),
            size=self._gauge("mcp_prober_history_bytes"),
        )

    @cached_property
    def sources(self) -> SourceMetrics:
        """The metrics of sources, likewise."""
        return SourceMetrics(
            up=self._gauge("mcp_prober_source_up"),
            targets=self._gauge("mcp_prober_source_targets"),
            left_out=self._gauge("mcp_prober_source_left_out"),
            looked_at=self._gauge("mcp_prober_source_last_success_timestamp_seconds"),
        )

    @cached_property
    def workers(self) -> WorkerMetrics:
        """The metrics of worker processes, likewise."""
        return WorkerMetrics(
            up=self._gauge("mcp_prober_worker_up"),
            ended=self._counter("mcp_prober_worker_ends_total"),
            probes=self._gauge("mcp_prober_worker_probes"),
            cpu=self._counter("mcp_prober_worker_cpu_seconds_total"),
            memory=self._gauge("mcp_prober_worker_resident_memory_bytes"),
        )

    def is_shard(self, index: int, count: int) -> None:
        """Which part of how many this process is; without such a call it is the whole, and says nothing."""
        self._gauge("mcp_prober_shard").set(index)
        self._gauge("mcp_prober_shards").set(count)

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


class SourceMetrics:
    """The metrics of the sources of targets."""

    def __init__(self, *, up: Gauge, targets: Gauge, left_out: Gauge, looked_at: Gauge) -> None:
        self._up, self._targets, self._left_out, self._looked_at = up, targets, left_out, looked_at

    def are(self, states: Mapping[str, SourceState]) -> None:
        """How every source stands; series of sources that are gone go as well."""
        for gauge in (self._up, self._targets, self._left_out, self._looked_at):
            gauge.clear()
        for name, state in states.items():
            self._targets.labels(name).set(len(state.targets))
            self._left_out.labels(name).set(state.left_out)
            if state.trouble is not None or state.looked_at is not None:
                self._up.labels(name).set(state.trouble is None)
            if state.looked_at is not None:
                self._looked_at.labels(name).set(round(state.looked_at.timestamp(), 3))


class HistoryMetrics:
    """The metrics of the history: whether it is written, dropped results, size on disk."""

    def __init__(self, *, up: Gauge, dropped: Counter, size: Gauge) -> None:
        self._up = up
        self._dropped = dropped
        self._size = size
        self._seen = 0
        self._up.set(1)

    def is_up(self, up: bool, /) -> None:
        """Whether results are written."""
        self._up.set(up)

    def measured(self, size: int, *, dropped: int) -> None:
        """`size` in bytes; `dropped` results since the process began."""
        self._size.set(size)
        self._dropped.inc(max(0, dropped - self._seen))
        self._seen = max(dropped, self._seen)


class WorstOfLastMinute:
    """The maximum of the values within the last minute; 0 without values.

    A value is dropped when a later one is at least as large: only the later one can be the maximum from then on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._decreasing: deque[tuple[float, float]] = deque()
        """Times and values."""

    def note(self, value: float) -> None:
        """Add a value."""
        while self._decreasing and self._decreasing[-1][1] <= value:
            self._decreasing.pop()
        self._decreasing.append((self._clock(), value))
        self._forget()

    def __call__(self) -> float:
        """The maximum."""
        self._forget()
        return self._decreasing[0][1] if self._decreasing else 0.0

    def _forget(self) -> None:
        while self._decreasing and self._decreasing[0][0] < self._clock() - _MINUTE:
            self._decreasing.popleft()


class LabelledCollector(Collector):
    """Another registry's families with constant labels, and without the `_created` samples, which nobody reads."""

    def __init__(self, labels: tuple[tuple[str, str], ...], registry: CollectorRegistry) -> None:
        self._labels = dict(labels)
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Every family, in the order of registration."""
        for metric in self._registry.collect():
            metric.samples = [
                sample._replace(labels={**self._labels, **sample.labels})
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ]
            yield metric
