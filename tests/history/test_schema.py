"""What the file is, who may have it, and what a person finds in it with SQLite's own tools."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from prober.history import HistoryStore
from prober.history.schema import APPLICATION_ID, FORMAT, connect_to_read
from prober.outcome import Reason
from tests.history.making import NOON, result

PAGE = Path(__file__).parents[2] / "docs" / "daemon.md"


async def test_an_empty_file_becomes_a_history_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await HistoryStore.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_person_reads_names_times_and_words_while_the_daemon_writes(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = HistoryStore.open(path, clock=lambda: NOON)
    history.record(result(NOON - timedelta(hours=1), seconds=0.25))
    history.record(result(NOON, reason=Reason.TIMEOUT, seconds=2.0, facts={"latency_seconds": 1.5}))
    await history.close()
    history = HistoryStore.open(path, clock=lambda: NOON)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        runs = connection.execute(
            "SELECT target, probe, time, verdict, reason, seconds, latency_seconds FROM past_runs ORDER BY time"
        ).fetchall()
        failures = connection.execute("SELECT time, probe, reason, message FROM past_failures").fetchall()
        hours = connection.execute("SELECT time, passed, failed, mean_seconds FROM past_hours ORDER BY time").fetchall()
    await history.close()
    assert runs == [
        ("reference", "state", "2026-03-04T11:00:00.123Z", "pass", None, 0.25, None),
        ("reference", "state", "2026-03-04T12:00:00.123Z", "fail", "timeout", 2.0, 1.5),
    ]
    assert failures == [("2026-03-04T12:00:00.123Z", "state", "timeout", "ended with timeout")]
    assert hours == [("2026-03-04T11:00Z", 1, 0, 0.25), ("2026-03-04T12:00Z", 0, 1, 2.0)]


async def test_the_query_of_the_readme_works(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = HistoryStore.open(path)
    for number in range(3):
        history.record(result(history._clock() - timedelta(minutes=number), reason=Reason.TIMEOUT))
    await history.close()
    (query,) = re.findall(r'sqlite3 -readonly history\.db "([^"]+)"', PAGE.read_text())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(query).fetchall() == [("reference", "state", "timeout", 3)]


def test_a_file_has_one_process_that_writes(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = HistoryStore.open(path)
    script = "import sys; from pathlib import Path; from prober.history import *\nHistoryStore.open(Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60)
    assert f"{path} is in use by another process: give each daemon a history of its own" in other.stderr
    assert other.returncode == 1
    asyncio.run(history.close())
    asyncio.run(HistoryStore.open(path).close())


async def test_the_name_of_the_file_may_be_any_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/?%#\xff.db"))
    await HistoryStore.open(path).close()
    with closing(connect_to_read(path)) as connection:
        assert connection.execute("SELECT count(*) FROM past_runs").fetchone() == (0,)
