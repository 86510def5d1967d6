from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from prober.history import HistoryError, HistoryStore, Retention
from prober.history.schema import APPLICATION_ID, STEPS, connect_to_write
from tests.history.making import result

BYTES = Retention().max_bytes


def _text(path: Path) -> None:
    path.write_text("targets:\n  a: {url: http://127.0.0.1}\n" * 100)


def _other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()


def _versioned_elsewhere(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()


def _newer(path: Path) -> None:
    connect_to_write(path, max_bytes=BYTES, steps=(*STEPS, ("CREATE TABLE later (a)",))).close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_text, "is no SQLite database (file is not a database): name another file, or move this one away"),
        (_other_database, "is a database, but no history of mcp-prober: name another file"),
        (_versioned_elsewhere, "is a database, but no history of mcp-prober: name another file"),
        (
            _newer,
            f"was written by a newer mcp-prober (its format is {len(STEPS) + 1}, this one knows up to {len(STEPS)}):"
            " use that version, or name another file",
        ),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_and_left_as_it_was(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / "history.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(HistoryError) as caught:
        HistoryStore.open(path)
    assert str(caught.value) == f"{path} {message}"
    assert path.read_bytes() == before
    with pytest.raises(HistoryError, match="name another file"):  # and the lock was let go: it is not "in use"
        HistoryStore.open(path)


async def test_an_empty_file_becomes_a_history_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await HistoryStore.open(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    connection.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_an_older_file_takes_the_steps_it_lacks_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = HistoryStore.open(path)
    history.record(result())
    await history.close()
    later = (*STEPS, ("ALTER TABLE failures ADD COLUMN seed INTEGER", "CREATE TABLE later (a)"))
    connection = connect_to_write(path, max_bytes=BYTES, steps=later)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
    assert connection.execute("SELECT count(*) FROM recent").fetchone() == (1,)
    assert connection.execute("SELECT count(seed) FROM failures").fetchone() == (0,)
    connection.close()


async def test_a_step_that_fails_is_not_taken_by_half(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await HistoryStore.open(path).close()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        connect_to_write(path, max_bytes=BYTES, steps=(*STEPS, ("CREATE TABLE later (a)", "DROP TABLE missing")))
    connection = connect_to_write(path, max_bytes=BYTES)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone() == (0,)
    connection.close()


def test_a_file_has_one_keeper_even_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = HistoryStore.open(path)
    script = "import sys; from pathlib import Path; from prober.history import *\nHistoryStore.open(Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60)
    assert f"{path} is in use by another process: give each daemon a history of its own" in other.stderr
    assert other.returncode == 1
    asyncio.run(history.close())
    asyncio.run(HistoryStore.open(path).close())


def test_a_folder_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "history.db"
    with pytest.raises(HistoryError) as caught:
        HistoryStore.open(path)
    assert str(caught.value) == (
        f"{path} cannot be written: {os.strerror(2)}; see to the folder and its permissions, or name another file"
    )
