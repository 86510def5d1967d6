"""One measurement of many calls at once, and how several of them are shown side by side."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

ROUNDS: Final = 5
SECONDS: Final = 1.0
"""Of one measurement."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One measurement: calls per second, latencies in milliseconds, CPU milliseconds per call."""

    per_second: float
    p50: float
    p99: float
    cpu: float

    @property
    def spread(self) -> float:
        """The latency of the slowest in a hundred over that of the middle one."""
        return self.p99 / self.p50


async def drive(
    call: Callable[[int], Awaitable[object]], callers: int, cpu_seconds: Callable[[], float] = time.process_time
) -> Measured:
    """Call from `callers` tasks, each as soon as it was answered."""
    latencies: list[float] = []
    began, cpu = time.perf_counter(), cpu_seconds()

    async def caller(number: int) -> None:
        while (start := time.perf_counter()) - began < SECONDS:
            await call(number)
            latencies.append((time.perf_counter() - start) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(caller(number))
    cuts = statistics.quantiles(latencies, n=100)
    return Measured(
        per_second=len(latencies) / (time.perf_counter() - began),
        p50=cuts[49],
        p99=cuts[98],
        cpu=(cpu_seconds() - cpu) * 1000 / len(latencies),
    )


def _median(measured: Sequence[Measured], field: str) -> float:
    return float(statistics.median(getattr(each, field) for each in measured))


def ratio(ours: Sequence[Measured], theirs: Sequence[Measured], field: str = "per_second") -> float:
    """The median of the pairs, each of which was measured in one round."""
    pairs = zip(ours, theirs, strict=True)
    return float(statistics.median(getattr(mine, field) / getattr(its, field) for mine, its in pairs))


def write_row(name: str, measured: Sequence[Measured], *more: str) -> None:
    per_second, p50, p99, cpu, spread = (
        _median(measured, field) for field in ("per_second", "p50", "p99", "cpu", "spread")
    )
    print(f"  {name:38} {per_second:9,.0f} {p50:9.2f} {p99:9.2f} {spread:9.1f} {cpu:9.3f}  {' '.join(more)}")


def write_head(title: str) -> None:
    print(f"{title:40} {'calls/s':>9} {'p50 ms':>9} {'p99 ms':>9} {'p99/p50':>9} {'CPU ms':>9}")
