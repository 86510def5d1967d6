"""The bytes that are counted are about those that are taken: else the bound would bound nothing."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import timedelta

import pytest

from prober.outcome import Evidence, Exchange, Phase, ServerInfo
from prober.recent import RecentPace, RecentRuns
from prober.recent.pace import MINUTES
from prober.redaction import masked_before
from prober.scheduled_run import ScheduledRun
from tests.notify.results import START, run


def made(number: int, characters: int) -> ScheduledRun:
    """A run with texts of its own, as real ones have."""
    text = f"{number} " + "x" * characters
    exchanges = tuple(
        Exchange(
            step=f"tools/{step}",
            started_at=float(number),
            duration_seconds=0.1 + number,
            phases=dict.fromkeys(Phase, 0.001 * number),
            http_status=200,
            content_type=masked_before("application/json"),
            sent=masked_before(text + str(step)),
            received=masked_before(text + str(step + 10)),
        )
        for step in range(2)
    )
    return run(
        "timeout",
        number / 60,
        probe=f"p{number % 200}",
        exchanges=exchanges,
        evidence=(Evidence(detail=text),),
        facts={"latency_seconds": 0.1 * number},
        server=ServerInfo(era="modern", name=f"server {number}"),
    )


@pytest.mark.parametrize("characters", [100, 1_900])
def test_counted_bytes_are_those_that_are_taken_within_a_third(characters: int) -> None:
    runs = RecentRuns()
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(600):
            runs.record(made(number, characters))
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.66 < taken / runs.bytes < 1.33, (taken, runs.bytes)


def test_a_target_takes_a_kilobyte_to_draw_however_long_it_runs() -> None:
    pace = RecentPace()
    results = [run("pass", minute, target=f"t{target}") for minute in range(40) for target in range(100)]
    gc.collect()
    tracemalloc.start()
    try:
        for result in results:
            pace.record(result)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 150_000
    assert len(pace.by_the_minute("t1", START + timedelta(minutes=39))) == MINUTES
