from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from prober.history import HistoryStore
from tests.history.killing import BUSY, PROMISE, beside_each_other, report

ROUNDS = int(os.environ.get("KILL_ROUNDS", "100"))
"""`make soak` does a thousand."""


@pytest.mark.parametrize("lines", [400, *(pytest.param(lines, marks=pytest.mark.slow) for lines in (1_100, 2_300))])
async def test_a_killed_process_loses_at_most_the_last_second(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "history.db"
    noted, killed = _killed_after(path, lines)
    history = HistoryStore.open(path)
    kept = {round(run.duration_seconds * 10_000) for run in await history.results(limit=10_000)}
    await history.close()
    assert kept == set(range(len(kept))), "what is there is what came first, without a hole"
    lost = [number for number, at in noted.items() if number not in kept and at < killed - PROMISE - BUSY]
    assert lost == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.slow
def test_a_history_whose_writer_is_killed_again_and_again_opens_every_time() -> None:
    rounds = beside_each_other(ROUNDS, at_once=4, seed=1)
    print(report(rounds))
    assert len(rounds) >= ROUNDS
    assert sum(each.kept for each in rounds) > 0
    assert any(each.kept == 0 for each in rounds), "none was killed before it had written"


def _killed_after(path: Path, lines: int) -> tuple[dict[int, float], float]:
    """What the process noted and when, and when it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.history.writing", str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    noted: dict[int, float] = {}
    with child.stdout:
        for line in child.stdout:
            number, at = line.split()
            noted[int(number)] = float(at)
            if len(noted) == lines:
                os.kill(child.pid, signal.SIGKILL)
                killed = time.monotonic()
        assert child.wait(timeout=30) == -signal.SIGKILL
    return noted, killed
