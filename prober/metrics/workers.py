"""How the workers of a daemon with several processes stand, as metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import Counter, Gauge


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerFigures:
    """One worker, by its number from 1. Counts and seconds are of all processes that have had its place."""

    worker: int
    up: bool
    """Whether there is a process, and its probes are scheduled."""
    ended: int
    """Processes that have ended."""
    probes: int
    cpu_seconds: float
    memory: int | None
    """Resident bytes; None where the system does not say."""


class WorkerMetrics:
    """The metrics of all workers."""

    def __init__(self, *, up: Gauge, ended: Counter, probes: Gauge, cpu: Counter, memory: Gauge) -> None:
        self._up, self._ended, self._probes, self._cpu, self._memory = up, ended, probes, cpu, memory
        self._seen: dict[int, WorkerFigures] = {}

    def are(self, workers: Iterable[WorkerFigures]) -> None:
        """How every worker stands."""
        for each in workers:
            before, self._seen[each.worker] = self._seen.get(each.worker), each
            self._up.labels(each.worker).set(each.up)
            self._probes.labels(each.worker).set(each.probes)
            self._ended.labels(each.worker).inc(each.ended - (before.ended if before else 0))
            self._cpu.labels(each.worker).inc(max(0.0, each.cpu_seconds - (before.cpu_seconds if before else 0.0)))
            if each.memory is not None:
                self._memory.labels(each.worker).set(each.memory)
