"""Whether a history survives that its writer is killed, over and over, at any moment of its life.

    python -m tests.history.killing [--rounds 1000] [--at-once 4] [--seed 1]

A round forks a writer, which opens the file and records results as fast as a busy daemon, and kills it after a time
drawn from none to three seconds. Then the history is opened as a daemon opens it: the file must not be moved aside,
what was there before the round must be there still, and what the round left must be without a hole. `LIFE` rounds share
one file, so that it is killed with a large write-ahead log, with an empty one, and before it is open.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final, NoReturn

from prober.history import HistoryStore
from tests.history.making import result

PROMISE: Final = 1.0
"""Seconds of results that may be lost."""
BUSY: Final = 1.0
"""More of them, for a machine that is busy with other things."""
LIFE: Final = 25
LONGEST: Final = 3.0
PACE: Final = 0.0005


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one round did: how many results were recorded and kept, and the age of the oldest that was lost."""

    recorded: int
    kept: int
    lost_seconds: float


def killed_rounds(folder: Path, rounds: int, *, seed: int) -> list[Round]:
    """Raises AssertionError at the first round that breaks a promise; the message names it."""
    random = Random(seed)
    done: list[Round] = []
    kept: dict[str, int] = {}
    for number in range(rounds):
        if number % LIFE == 0:
            kept = {}
        path = folder / f"history-{number // LIFE}.db"
        name = f"round-{number}"
        seconds = random.uniform(0, LONGEST)
        noted, killed = _killed(path, name, seconds)
        try:
            numbers = asyncio.run(_opened(path, name, kept))
            assert numbers == set(range(len(numbers))), "there is a hole in what was kept"
            _check_integrity(path)
            kept[name] = len(numbers)
            lost = [killed - at for count, at in noted.items() if count not in numbers]
            done.append(Round(recorded=len(noted), kept=len(numbers), lost_seconds=max(lost, default=0.0)))
            assert done[-1].lost_seconds <= PROMISE + BUSY, f"{done[-1].lost_seconds:.2f} s of results were lost"
        except Exception as error:
            raise AssertionError(f"seed {seed}, round {number}, killed after {seconds:.3f} s: {error}") from error
    return done


def _killed(path: Path, name: str, seconds: float) -> tuple[dict[int, float], float]:
    """What a writer noted and when, by the monotonic clock, and when it was killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _write_until_killed(path, name, writing)
    os.close(writing)
    os.set_blocking(reading, False)
    end = time.monotonic() + seconds
    text = bytearray()
    while (left := end - time.monotonic()) > 0:
        text += _read(reading)
        time.sleep(min(left, 0.02))
    os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), f"the writer ended by itself, with status {status}"
    while more := _read(reading):
        text += more
    os.close(reading)
    whole = text[: text.rfind(b"\n") + 1].decode().splitlines()
    return {int(line.split()[0]): float(line.split()[1]) for line in whole}, killed


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return b""


def _write_until_killed(path: Path, name: str, told: int) -> NoReturn:
    """The child of a fork: it never goes back into the code of its parent."""

    async def write() -> None:
        history = HistoryStore.open(path)
        number = 0
        while True:
            history.record(result(datetime.now(UTC), probe=name, seconds=number / 10_000))
            os.write(told, f"{number} {time.monotonic()}\n".encode())
            number += 1
            await asyncio.sleep(PACE)

    try:
        asyncio.run(write())
    finally:  # whatever happened: the code of the parent must not go on in its child
        os._exit(1)


async def _opened(path: Path, name: str, before: dict[str, int]) -> set[int]:
    """The numbers of the round's results that were kept; what other rounds kept is counted again."""
    told: list[str] = []
    history = HistoryStore.open(path, on_trouble=lambda why: told.append(str(why)), on_moved=told.append)
    try:
        runs = await history.results(probe=name, limit=10_000)
        for earlier, count in before.items():
            found = len(await history.results(probe=earlier, limit=10_000))
            assert found == count, f"{earlier} had {count} results and has {found}"
    finally:
        await history.close()
    assert told == [], told
    return {round(run.duration_seconds * 10_000) for run in runs}


def _check_integrity(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def report(rounds: list[Round]) -> str:
    """How it went, on two lines."""
    lost = sorted(each.lost_seconds for each in rounds)
    return (
        f"{len(rounds):,} rounds of kill -9: {sum(each.recorded for each in rounds):,} results recorded,"
        f" {sum(each.kept for each in rounds):,} kept; every file opened and is whole\n"
        f"  seconds of results lost: median {statistics.median(lost):.2f}, worst {lost[-1]:.2f};"
        f" {sum(each.kept == 0 for each in rounds)} rounds were killed before anything was written"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.history.killing")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=4, help="processes that do rounds beside each other")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--raw", action="store_true", help="a line for each round, for the process that asked for them")
    asked = parser.parse_args()
    if asked.raw:
        with TemporaryDirectory() as folder:
            for each in killed_rounds(Path(folder), asked.rounds, seed=asked.seed):
                print(each.recorded, each.kept, each.lost_seconds)
        return 0
    rounds = beside_each_other(asked.rounds, at_once=asked.at_once, seed=asked.seed)
    print(report(rounds))
    return 0


def beside_each_other(rounds: int, *, at_once: int, seed: int) -> list[Round]:
    """So many rounds, shared among processes of their own: a process that forks must have no threads."""
    command = [sys.executable, "-m", "tests.history.killing", "--raw", "--rounds", str(-(-rounds // at_once))]
    children = [
        subprocess.Popen([*command, "--seed", str(seed + number)], stdout=subprocess.PIPE, text=True)
        for number in range(at_once)
    ]
    done: list[Round] = []
    failed = []
    for child in children:
        said, _ = child.communicate()
        failed += [child.returncode] if child.returncode else []
        for line in said.splitlines():
            recorded, kept, lost = line.split()
            done.append(Round(recorded=int(recorded), kept=int(kept), lost_seconds=float(lost)))
    assert not failed, "a round broke a promise: see standard error"
    return done


if __name__ == "__main__":
    sys.exit(main())
