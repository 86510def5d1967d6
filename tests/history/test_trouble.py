"""History stops and starts again; probing never waits for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from prober.history import HistoryError, HistoryStore
from tests.history.making import NOON, result
from tests.waiting import until

NOW = NOON + timedelta(hours=1)
NOBODY = 65534
_TOLD = "history is not written: {path}: {why}; probing goes on, and writing is tried again"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, or become somebody else")


class Told:
    """What on_trouble heard, and in which thread."""

    def __init__(self) -> None:
        self.texts: list[str | None] = []
        self.threads: set[int] = set()

    def __call__(self, text: str | None) -> None:
        self.texts.append(text)
        self.threads.add(threading.get_ident())


def _open(path: Path, told: Told, *, queue: int = 20_000) -> HistoryStore:
    return HistoryStore.open(path, on_trouble=told, clock=lambda: NOW, queue=queue)


async def _count(history: HistoryStore) -> int:
    return len(await history.results(limit=10_000))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)], capture_output=True, text=True, check=False
    )
    if mounting.returncode:
        pytest.skip(f"no tmpfs may be mounted here: {mounting.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.clock
async def test_a_full_disk_stops_history_and_not_the_probing(small_disk: Path) -> None:
    told = Told()
    history = _open(small_disk / "history.db", told)
    history.record(result())
    await until(lambda: history.bytes > 0)
    ballast = small_disk / "ballast"
    _fill(ballast)
    noted, longest = 1, 0.0
    while not told.texts and noted < 15_000:
        began = time.perf_counter()
        history.record(result(NOON + timedelta(milliseconds=noted)))
        longest = max(longest, time.perf_counter() - began)
        noted += 1
        if noted % 10 == 0:
            await asyncio.sleep(0.002)  # so that the writer comes to its turn before the queue is full
    path = small_disk / "history.db"
    assert told.texts == [_TOLD.format(path=path, why="database or disk is full")]
    assert longest < 0.5, "a note never waits for the disk"
    assert await _count(history) < noted, "what was written can still be read"
    ballast.unlink()
    await until(lambda: len(told.texts) == 2)
    assert told.texts[1] is None
    assert told.threads == {threading.get_ident()}, "it was told in the thread of the loop"
    await history.close()
    assert history.dropped == 0
    history = _open(path, told)
    assert await _count(history) == min(noted, 10_000), "what waited was written"
    await history.close()


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


@pytest.mark.slow
def test_a_file_that_may_not_grow_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.history.limited", str(path)], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == f"{[_TOLD.format(path=path, why='disk I/O error'), None]} 0 0"


@pytest.mark.slow
async def test_a_locked_file_is_waited_for_and_what_came_meanwhile_is_kept(tmp_path: Path) -> None:
    told = Told()
    path = tmp_path / "history.db"
    history = _open(path, told)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        history.record(result())
        await until(lambda: bool(told.texts))
        history.record(result(NOON + timedelta(seconds=1)))
        other.execute("ROLLBACK")
    await until(lambda: len(told.texts) == 2)
    assert told.texts == [
        _TOLD.format(path=path, why="database is locked"),
        None,
    ]
    assert await _count(history) == 2
    assert history.dropped == 0
    await history.close()


async def test_a_removed_file_is_noticed_and_begun_anew(tmp_path: Path) -> None:
    told = Told()
    path = tmp_path / "history.db"
    history = _open(path, told)
    history.record(result())
    await until(lambda: _some(history))
    path.unlink()
    history.record(result(NOON + timedelta(seconds=1)))
    await until(lambda: len(told.texts) == 2)
    assert told.texts == [
        _TOLD.format(path=path, why="the file was removed or replaced"),
        None,
    ]
    assert [run.started_at.second for run in await history.results()] == [1]
    await history.close()
    assert path.exists()


async def _some(history: HistoryStore) -> bool:
    return await _count(history) > 0


@contextmanager
def _as_nobody() -> Iterator[Path]:
    """A folder of somebody who is not root: to root no folder is read-only."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        os.seteuid(0)
        shutil.rmtree(folder)


@pytest.mark.slow
@root_only
async def test_a_folder_that_becomes_read_only_stops_history_until_it_is_writable_again() -> None:
    told = Told()
    with _as_nobody() as folder:
        path = folder / "history.db"
        history = _open(path, told)
        history.record(result())
        await until(lambda: _some(history))
        for file in folder.glob("history.db*"):
            file.unlink()
        folder.chmod(0o555)
        history.record(result(NOON + timedelta(seconds=1)))
        await until(lambda: len(told.texts) == 1)
        with pytest.raises(HistoryError, match="cannot be read: No such file or directory"):
            await history.results()
        history.record(result(NOON + timedelta(seconds=2)))
        folder.chmod(0o755)
        await until(lambda: len(told.texts) == 2)
        assert told.texts[1] is None
        assert await _count(history) == 2
        await history.close()


@root_only
async def test_a_folder_that_is_read_only_at_the_start_is_told_and_tried_again() -> None:
    told = Told()
    with _as_nobody() as folder:
        folder.chmod(0o555)
        history = _open(folder / "history.db", told)
        assert history.remembered() == []
        history.record(result())
        await until(lambda: len(told.texts) == 1)
        assert "Permission denied" in str(told.texts[0])
        folder.chmod(0o755)
        await until(lambda: len(told.texts) == 2)
        assert told.texts[1] is None
        assert await _count(history) == 1, "what came meanwhile was kept"
        await history.close()


async def test_a_folder_that_is_not_there_at_the_start_is_told_and_tried_again(tmp_path: Path) -> None:
    told = Told()
    path = tmp_path / "nowhere" / "history.db"
    history = _open(path, told)
    await until(lambda: len(told.texts) == 1)
    assert "No such file or directory" in str(told.texts[0])
    path.parent.mkdir()
    history.record(result())
    await until(lambda: len(told.texts) == 2)
    assert await _count(history) == 1
    await history.close()


async def test_a_disk_that_is_full_at_the_start_is_told_and_tried_again(small_disk: Path) -> None:
    told = Told()
    ballast = small_disk / "ballast"
    _fill(ballast)
    history = _open(small_disk / "history.db", told)
    assert history.remembered() == []
    history.record(result())
    await until(lambda: len(told.texts) == 1)
    assert told.texts == [_TOLD.format(path=small_disk / "history.db", why="database or disk is full")]
    ballast.unlink()
    await until(lambda: len(told.texts) == 2)
    assert told.texts[1] is None
    assert await _count(history) == 1, "what came meanwhile was kept"
    await history.close()
    assert history.dropped == 0


@pytest.mark.slow
async def test_beyond_the_bound_of_the_queue_results_are_dropped_and_counted(tmp_path: Path) -> None:
    told = Told()
    path = tmp_path / "history.db"
    history = _open(path, told, queue=100)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        history.record(result())
        await until(lambda: bool(told.texts))
        for number in range(250):
            history.record(result(NOON + timedelta(seconds=number)))
        assert history.dropped == 151
        other.execute("ROLLBACK")
    await until(lambda: len(told.texts) == 2)
    assert await _count(history) == 100
    await history.close()
    assert history.dropped == 151


@pytest.mark.slow
async def test_a_history_that_is_closed_in_trouble_ends_and_counts_what_it_could_not_write(tmp_path: Path) -> None:
    told = Told()
    path = tmp_path / "history.db"
    history = _open(path, told)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for number in range(7):
            history.record(result(NOON + timedelta(seconds=number)))
        await history.close()
        assert history.dropped == 7
        other.execute("ROLLBACK")
    history = _open(path, told)
    assert await _count(history) == 0
    await history.close()
