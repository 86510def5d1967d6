"""Ten thousand probes: what a run, a record and a page cost, and that nobody has to wait for the page.

Measured in the CPU time of the thread that holds the loop: that another process was given the processor meanwhile is
not the page's doing. Each is the best of several, for a garbage collection of the tests' own heap is not either; and
nobody counts which lines were run meanwhile, which would take four times as long as the lines.
"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from prober.config.model import Config
from prober.metrics import Metrics
from prober.metrics.exposition import sliced
from tests.metrics.reading import OPENMETRICS, metrics_of
from tests.metrics.world import MODERN, PHASES, crowd, ran
from tests.untraced import untraced

PROBES: Final = 10_000
SOME: Final = 2_000
"""Enough to tell what one of them costs."""
ATTEMPTS: Final = 5

LONGEST_TURN: Final = 0.005
PAGE: Final = 0.5
SERIES: Final = 20
"""Lines of the page for each probe, those of its target and of the prober included."""
NOTE: Final = 0.000_1
RECORD: Final = 1_600


@pytest.fixture(autouse=True)
def timed() -> Iterator[None]:
    """All of these tests measure."""
    with untraced():
        yield


@pytest.fixture(scope="module")
def config() -> Config:
    return crowd(PROBES)


@pytest.fixture(scope="module")
def metrics(config: Config) -> Metrics:
    """Every probe has run once."""
    metrics = metrics_of(config, location="fra-1")
    note_all(metrics, config)
    return metrics


def note_all(metrics: Metrics, config: Config) -> None:
    for probe in config.probes.values():
        metrics.record(ran(probe, took=0.0051234, server=MODERN, phases=PHASES, facts={"latency_seconds": 0.0038123}))


def best(measure: Callable[[], float]) -> float:
    return min(measure() for _ in range(ATTEMPTS))


async def longest_turn(metrics: Metrics, accept: str | None) -> tuple[float, float, int]:
    """CPU seconds: of the longest wait of another task while a page is made, of the whole page; and its lines."""
    longest, done = 0.0, False

    async def bystander() -> None:
        nonlocal longest
        last = time.thread_time()
        while not done:
            await asyncio.sleep(0)
            now = time.thread_time()
            longest, last = max(longest, now - last), now

    begun = time.thread_time()
    async with asyncio.TaskGroup() as together:
        together.create_task(bystander())
        await asyncio.sleep(0)
        lines = 0
        async for piece in metrics.render(accept):
            lines += piece.count(b"\n")
        done = True
    return longest, time.thread_time() - begun, lines


@pytest.mark.slow
@pytest.mark.parametrize("accept", [None, OPENMETRICS])
async def test_nobody_waits_for_a_page(metrics: Metrics, accept: str | None) -> None:
    measured = [await longest_turn(metrics, accept) for _ in range(ATTEMPTS)]
    assert all(PROBES * 10 < lines <= PROBES * SERIES for _, _, lines in measured)
    assert min(turn for turn, _, _ in measured) <= LONGEST_TURN
    assert min(page for _, page, _ in measured) <= PAGE


def test_a_run_is_noted_in_microseconds(metrics: Metrics, config: Config) -> None:
    results = [
        ran(probe, server=MODERN, phases=PHASES, facts={"latency_seconds": 0.1}) for probe in config.probes.values()
    ]

    def measure() -> float:
        begun = time.thread_time()
        for result in results:
            metrics.record(result)
        return (time.thread_time() - begun) / len(results)

    assert best(measure) <= NOTE


def test_a_probe_costs_little_memory() -> None:
    config = crowd(SOME)
    metrics = Metrics()
    tracemalloc.start()
    try:
        metrics.apply_config(config, config.probes)
        note_all(metrics, config)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / SOME <= RECORD


def test_any_number_of_runs_takes_no_more_memory() -> None:
    config = crowd(SOME)
    metrics = metrics_of(config)
    for _ in range(2):
        note_all(metrics, config)
    tracemalloc.start()
    try:
        note_all(metrics, config)
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(3):
            note_all(metrics, config)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / SOME < 50


def test_a_page_keeps_pace_with_a_loop_that_is_busy() -> None:
    """A slice takes as long as the others took before it, within bounds; a twentieth of that where turns are long."""
    now = 0.0

    def clock() -> float:
        return now

    def texts() -> Iterator[str]:
        nonlocal now
        for _ in range(400):
            now += 0.0001
            yield "x"

    sizes = []
    waits = iter((0.0, 0.001, 0.0015, 0.01, 0.1, 0.0, *[0.0] * 200))
    for piece in sliced(texts(), clock=clock):
        sizes.append(len(piece))
        now += next(waits)
    assert sizes[:6] == pytest.approx([3, 3, 10, 15, 20, 50], abs=1)
