from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from prober.history import HistoryStore, Retention
from prober.history.retention import SMALLEST
from prober.history.write_connection import WriteConnection
from prober.outcome import Evidence, Reason
from tests.history.making import NOON, entry, result

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _swept(path: Path, retention: Retention, now: datetime, *, times: int = 1) -> None:
    writing = WriteConnection(path, retention, now=now)
    for _ in range(times):
        writing.compact(now)
    writing.close()


def test_each_kind_of_row_goes_after_its_own_time_and_not_an_hour_before(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    retention = Retention(results=3 * DAY, failures=6 * DAY, rollups=12 * DAY)
    writing = WriteConnection(path, retention, now=NOON)
    writing.write([entry(NOON - n * HOUR, reason=Reason.TIMEOUT) for n in reversed(range(24 * 20))])
    writing.close()
    _swept(path, retention, NOON, times=1)
    assert _count(path, "runs") == 24 * 19, "one sweep takes one day at most"
    _swept(path, retention, NOON, times=20)
    assert _count(path, "runs") == 24 * 3 + 1
    assert _count(path, "failures") == 24 * 6 + 1
    assert _count(path, "hours") == 24 * 12 + 1
    assert _count(path, "target_hours") == 24 * 8 + 1
    assert _count(path, "days") == 13
    _swept(path, retention, NOON + HOUR, times=3)
    assert _count(path, "runs") == 24 * 3


def test_a_clock_that_stands_a_year_ahead_for_some_minutes_costs_days_and_not_the_history(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    _filled(path, NOON, days=30)
    _swept(path, Retention(), NOON + 800 * DAY, times=3)
    assert _count(path, "runs") == 27 * 24
    assert _count(path, "failures") == 27 * 24
    writing = WriteConnection(path, Retention(), now=NOON)
    writing.write([entry(NOON + 800 * DAY)])
    writing.write([entry(NOON)])
    writing.compact(NOON)
    writing.close()
    assert _count(path, "runs") == 27 * 24 + 1 + 1


def _filled(path: Path, now: datetime, *, days: int) -> None:
    writing = WriteConnection(path, Retention(), now=now)
    writing.write([entry(now - n * HOUR, reason=Reason.TIMEOUT) for n in reversed(range(1, 24 * days + 1))])
    writing.close()


async def test_a_probe_that_is_gone_is_answered_for_until_its_last_row_went_and_its_number_is_not_given_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.db"
    retention = Retention(results=DAY, failures=DAY, rollups=2 * DAY)
    now = NOON
    history = HistoryStore.open(path, retention=retention, clock=lambda: now)
    history.record(result(now, target="old", probe="gone"))
    await history.close()
    history = HistoryStore.open(path, retention=retention, clock=lambda: now)
    assert len(await history.results(target="old")) == 1
    await history.close()

    now = NOON + 3 * DAY
    writing = WriteConnection(path, retention, now=now)
    for _ in range(4):
        writing.write([entry(now)])
        writing.compact(now)
    writing.close()
    history = HistoryStore.open(path, retention=retention, clock=lambda: now)
    assert await history.results(target="old") == []
    assert [memory.probe for memory in history.remembered()] == ["state"]
    assert _count(path, "probes") == 1
    history.record(result(now, target="old", probe="other"))
    await history.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM probes ORDER BY id").fetchall() == [(2,), (3,)]


@pytest.mark.slow
def test_the_bound_on_bytes_holds_while_failures_pour_in_and_the_last_results_stay(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    retention = Retention(max_bytes=SMALLEST)
    writing = WriteConnection(path, retention, now=NOON)
    writing.write([entry(NOON - n * 12 * HOUR) for n in reversed(range(40))])
    large = tuple(Evidence(detail="x" * 3_000) for _ in range(5))
    worst = 0
    for batch in range(200):
        at = NOON + batch * timedelta(minutes=2)
        writing.write([entry(at + timedelta(seconds=n), reason=Reason.TIMEOUT, evidence=large) for n in range(10)])
        if writing.full:
            writing.compact(at + timedelta(minutes=1))
        worst = max(worst, writing.bytes)
    writing.close()
    assert worst <= SMALLEST
    assert 100 < _count(path, "failures") < 600, "30 MB came, and only the last of them are there"
    with closing(sqlite3.connect(path)) as connection:
        (oldest,) = connection.execute("SELECT min(started_us) FROM failures").fetchone()
    assert oldest > NOON.timestamp() * 1e6
    assert _count(path, "hours") >= 40, "roll-ups gave no way to failures"
    assert _count(path, "runs") > 2


@pytest.mark.slow
def test_a_file_that_is_larger_than_a_new_bound_shrinks_the_oldest_results_first(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    writing = WriteConnection(path, Retention(), now=NOON)
    for hour in reversed(range(24 * 12)):
        at = NOON - hour * HOUR
        writing.write([entry(at, probe=f"probe-{n}", seconds=n / 7) for n in range(150)])
        if hour % 6 == 0:
            writing.compact(NOON)
    writing.close()
    rows, before = _count(path, "runs"), path.stat().st_size
    assert rows == 150 * 24 * 12
    assert before < SMALLEST * 3 // 4
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE ballast (a)")
        connection.execute("INSERT INTO ballast VALUES (zeroblob(?))", (SMALLEST * 3 // 4 - before + 200_000,))
        connection.commit()
    _swept(path, Retention(max_bytes=SMALLEST), NOON, times=8)
    assert path.stat().st_size <= SMALLEST * 3 // 4
    assert 24 * 7 * 150 <= _count(path, "runs") < rows
    assert _count(path, "hours") == rows


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_bytes": 1000}, f"a history needs {SMALLEST} bytes or more, not 1000"),
        ({"results": timedelta(minutes=1)}, "history is kept by the hour: a retention is one hour or more"),
    ],
)
def test_a_retention_that_cannot_be_meant_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Retention(**given)  # type: ignore[arg-type]
