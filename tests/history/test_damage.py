"""A file that cannot be used is moved aside, and what can be read of it is copied; nothing is deleted or stops."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from prober.history import HistoryError, HistoryStore, Retention
from prober.history.history_file import salvage
from prober.history.reader import Reader
from prober.history.schema import APPLICATION_ID
from prober.outcome import Reason
from tests.history.making import NOON, result, statuses_of
from tests.waiting import until

NOW = NOON + timedelta(hours=30)
ASIDE = "history.db.unusable-20260305T180000Z"
RUNS = 2_000


def _text(path: Path) -> None:
    path.write_text("targets:\n  a: {url: http://127.0.0.1}\n" * 100)


def _zeroed(path: Path) -> None:
    path.write_bytes(bytes(65_536))


def _random(path: Path) -> None:
    path.write_bytes(bytes(range(255, -1, -1)) * 200)


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.commit()


def _format(number: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("CREATE TABLE recent (slot)")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.commit()

    return make


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_text, "is damaged or no SQLite database (file is not a database)"),
        (_zeroed, "is damaged or no SQLite database (file is not a database)"),
        (_random, "is damaged or no SQLite database (file is not a database)"),
        (_other_database, "is a database, but no history of mcp-prober"),
        (_format(1), "is a history of format 1, and this mcp-prober reads format 2"),
        (_format(3), "is a history of format 3, and this mcp-prober reads format 2"),
    ],
)
async def test_a_file_that_is_no_history_is_moved_aside_as_it_was_and_a_new_one_is_begun(
    tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    path, moved, trouble = tmp_path / "history.db", list[str](), list[str | None]()
    make(path)
    before = path.read_bytes()
    history = HistoryStore.open(path, on_moved=moved.append, on_trouble=trouble.append, clock=lambda: NOW)
    history.record(result())
    await history.close()
    aside = tmp_path / ASIDE
    assert moved == [f"{path} cannot be used ({path} {why}): it is now {aside}, and a new file is begun"]
    assert aside.read_bytes() == before
    assert trouble == []
    history = HistoryStore.open(path, on_moved=moved.append, clock=lambda: NOW)
    assert len(await history.results()) == 1
    await history.close()
    assert len(moved) == 1


def test_a_second_file_that_is_moved_aside_does_not_take_the_place_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    for number in range(3):
        path.write_text(f"number {number} of three, and longer than a header of SQLite's " * 20)
        asyncio.run(HistoryStore.open(path, clock=lambda: NOW).close())
    kept = {file.name: file.read_text()[:8] for file in tmp_path.glob("history.db.unusable*")}
    assert kept == {ASIDE: "number 0", f"{ASIDE}-2": "number 1", f"{ASIDE}-3": "number 2"}


async def _filled(path: Path) -> None:
    """A day of runs, some of which failed."""
    statuses = statuses_of([result(probe=f"probe-{n}") for n in range(4)])
    history = HistoryStore.open(path, statuses=statuses, clock=lambda: NOW)
    for number in range(RUNS):
        at = NOW - timedelta(seconds=(RUNS - number) * 43)
        reason = Reason.TIMEOUT if number % 10 == 0 else None
        given = result(at, probe=f"probe-{number % 4}", reason=reason)
        statuses.record(given)
        history.record(given)
    await history.close()
    await HistoryStore.open(path, clock=lambda: NOW).close()  # which moves what is recent to its places


def _pages_of(path: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,)
        )
        return [page for (page,) in pages]


def _spoil(path: Path, pages: list[int]) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4_096)
            file.write(bytes(4_096))


async def test_a_file_that_was_cut_off_is_moved_aside_and_what_is_left_is_copied(tmp_path: Path) -> None:
    path, moved = tmp_path / "history.db", list[str]()
    await _filled(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 8192 * 4096)
    history = HistoryStore.open(path, on_moved=moved.append, clock=lambda: NOW)
    history.record(result(NOW))
    await history.close()
    assert len(moved) == 1
    assert (tmp_path / ASIDE).exists()
    history = HistoryStore.open(path, on_moved=moved.append, clock=lambda: NOW)
    assert len(await history.results(limit=10_000)) >= 1
    await history.close()
    assert len(moved) == 1


async def test_of_a_page_that_was_zeroed_only_its_hours_are_lost(tmp_path: Path) -> None:
    path, moved, trouble = tmp_path / "history.db", list[str](), list[str | None]()
    await _filled(path)
    pages = _pages_of(path, "runs")
    assert len(pages) > 10
    _spoil(path, pages[3:4])
    history = HistoryStore.open(path, on_moved=moved.append, on_trouble=trouble.append, clock=lambda: NOW)
    assert len(history.remembered()) == 4, "so far nobody has seen the damage"
    with pytest.raises(Exception, match="malformed"):
        await history.results(limit=10_000)
    history.record(result(NOW, probe="probe-0"))
    await until(lambda: len(trouble) == 2)
    assert trouble[1] is None
    assert "rows of it were copied to a new file" in moved[0]
    assert RUNS * 0.7 < len(await history.results(limit=10_000)) < RUNS
    assert len(await history.failures(limit=1_000)) == RUNS // 10
    assert sum(day.runs for day in await history.days("reference", days=4)) == RUNS + 1
    await history.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_who_still_reads_the_file_that_was_moved_aside_does_not_condemn_the_new_one(tmp_path: Path) -> None:
    path, told = tmp_path / "history.db", list[str]()
    await _filled(path)
    _spoil(path, _pages_of(path, "runs")[3:4])
    reader = Reader(path, seconds=5.0, on_damage=told.append)

    def moved_meanwhile(connection: sqlite3.Connection) -> None:
        path.rename(tmp_path / "aside.db")
        path.touch()
        connection.execute("SELECT sum(duration_us) FROM runs").fetchone()

    with pytest.raises(HistoryError, match="malformed"):
        await reader.ask(moved_meanwhile)
    assert told == []
    (tmp_path / "aside.db").replace(path)
    with pytest.raises(HistoryError, match="malformed"):
        await reader.ask(lambda connection: connection.execute("SELECT sum(duration_us) FROM runs").fetchone())
    assert told == ["database disk image is malformed"]
    reader.close()


async def test_statuses_that_were_damaged_do_not_stop_the_start(tmp_path: Path) -> None:
    path, moved = tmp_path / "history.db", list[str]()
    await _filled(path)
    _spoil(path, _pages_of(path, "statuses"))
    history = HistoryStore.open(path, on_moved=moved.append, clock=lambda: NOW)
    await asyncio.sleep(0)
    assert len(moved) == 1
    latest = await history.results(limit=4)
    assert {memory.last.outcome.started_at for memory in history.remembered() if memory.last} == {
        run.started_at for run in latest
    }
    assert len(await history.results(limit=10_000)) == RUNS
    await history.close()


async def test_copying_has_a_bound_on_its_time_for_a_start_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await _filled(path)
    rows = [
        salvage(path, into=tmp_path / f"{seconds}.db", retention=Retention(), now=NOW, seconds=seconds)
        for seconds in (0.0, 60.0)
    ]
    assert rows[0] == 0
    assert rows[1] > RUNS


async def test_without_the_names_nothing_is_copied_for_rows_would_come_to_belong_to_others(tmp_path: Path) -> None:
    path, moved = tmp_path / "history.db", list[str]()
    await _filled(path)
    _spoil(path, _pages_of(path, "targets"))
    history = HistoryStore.open(path, on_moved=moved.append, clock=lambda: NOW)
    await asyncio.sleep(0)
    assert "a new file is begun" in moved[0]
    assert await history.results() == []
    history.record(result(NOW))
    await history.close()
    history = HistoryStore.open(path, on_moved=moved.append, clock=lambda: NOW)
    assert len(await history.results()) == 1
    await history.close()


async def test_a_damaged_file_that_a_live_process_has_is_left_to_it(tmp_path: Path) -> None:
    path, moved = tmp_path / "history.db", list[str]()
    first = HistoryStore.open(path, clock=lambda: NOW)
    with pytest.raises(Exception, match="is in use by another process"):
        HistoryStore.open(path, on_moved=moved.append, clock=lambda: NOW)
    assert moved == []
    await first.close()
