"""As many results as come, in the room and the time that is promised for them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest

from prober.history import HistoryStore, Retention
from prober.history.write_connection import WriteConnection
from tests.history.making import NOON, entry, result
from tests.waiting import until

NOW = NOON + timedelta(seconds=30)


@pytest.mark.slow
@pytest.mark.clock
async def test_twenty_four_thousand_results_are_written_as_they_come_at_some_forty_bytes_each(
    tmp_path: Path,
) -> None:
    random = Random(3)
    path = tmp_path / "history.db"
    history = HistoryStore.open(path, clock=lambda: NOW)
    began = time.monotonic()
    for minute in range(120):
        for probe in range(200):
            seconds = random.lognormvariate(-4, 0.5)
            history.record(
                result(
                    NOON - timedelta(minutes=120 - minute, seconds=-0.3 * probe),
                    target=f"target-{probe % 20}",
                    probe=f"probe-{probe}",
                    seconds=seconds,
                    lag=random.uniform(0, 0.004),
                    facts={"latency_seconds": seconds * 0.8, "tools": 12.0},
                )
            )
        if minute % 40 == 39:
            await until(partial(_written, path, 200 * (minute + 1)), seconds=60, pause=0.1)
    assert time.monotonic() - began < 24, "a thousand a second, where ten thousand probes make 167"
    await history.close()
    assert history.dropped == 0
    writing = WriteConnection(path, Retention(), now=NOW)
    assert writing.bytes > 0
    writing.close()
    with closing(sqlite3.connect(path)) as connection:
        used = connection.execute("SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count")
        size = used.fetchone()[0] * 4_096
        assert connection.execute("SELECT sum(passed) FROM hours").fetchone() == (24_000,)
    assert size / 24_000 < 44, "roll-ups and all"


def _written(path: Path, count: int) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        both = "SELECT (SELECT coalesce(sum(passed), 0) FROM hours) + (SELECT count(*) FROM recent)"
        return bool(connection.execute(both).fetchone()[0] == count)


@pytest.mark.slow
async def test_the_front_page_of_two_hundred_targets_and_the_pages_behind_it_are_quick(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    writing = WriteConnection(path, Retention(), now=NOW)
    for hour in reversed(range(24)):
        at = NOON - timedelta(hours=hour)
        writing.write([entry(at, target=f"target-{n % 200}", probe=f"probe-{n}") for n in range(2_000)])
        writing.compact(NOW)
    writing.close()
    with closing(sqlite3.connect(path)) as connection:
        today = (NOW.date() - NOW.date().replace(year=1970, month=1, day=1)).days
        connection.execute(
            """WITH RECURSIVE n(v) AS (SELECT ? UNION ALL SELECT v - 1 FROM n WHERE v > ?)
            INSERT INTO days SELECT v, id, 70000, 20, 20 FROM targets, n""",
            (today - 2, today - 89),
        )
        connection.commit()
    history = HistoryStore.open(path, clock=lambda: NOW)
    overview = await history.overview()
    assert sum(len(of.days) for of in overview.values()) == 200 * 90
    assert sum(len(of.durations) for of in overview.values()) == 200 * 24
    questions: dict[str, tuple[float, Callable[[], Awaitable[object]]]] = {
        "overview": (0.25, history.overview),
        "days": (0.1, lambda: history.days("target-7")),
        "uptime": (0.1, lambda: history.uptime("target-7", since=NOON - timedelta(days=30))),
        "results": (0.1, lambda: history.results(target="target-7")),
        "failures": (0.1, lambda: history.failures(target="target-7")),
        "durations": (0.1, lambda: history.durations("probe-7", since=NOON - timedelta(days=30))),
    }
    for name, (bound, ask) in questions.items():
        best = min([await _processor_seconds(ask) for _ in range(5)])
        print(f"{name}: {best * 1000:.1f} ms")
        assert best < bound, name
    began = time.process_time()
    assert len(history.remembered()) == 2_000
    assert time.process_time() - began < 1
    await history.close()


async def _processor_seconds(ask: Callable[[], Awaitable[object]]) -> float:
    """Of the processor, not of the clock: what else the machine does is not history's."""
    began = time.process_time()
    await ask()
    return time.process_time() - began
