"""A daemon with `--processes 2`: from outside it is one, and stays one when its workers are killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from prober.history import HistoryStore
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import Page, alive, descendants, logged, metrics, status, until

TWO: Final = ("--processes", "2")
KILLS: Final = 20
INTERVAL: Final = 4.0
"""Seconds between two runs of a probe whose worker is killed."""
ADDS_UP: Final = ("_total", "_count", "_sum", "_bucket")


def call(target: str, **more: Any) -> dict[str, Any]:
    return {"target": target, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}, **more}


def configured(port: int, folder: Path, *, names: range, interval: float = 1.0, **probes: Any) -> Path:
    """A target with two probes for each number: alike many are well, wrong, and refuse."""
    paths = ("ok/2", "wrong", "error")
    targets = {f"target-{n}": f"http://127.0.0.1:{port}/{paths[n % 3]}" for n in names}
    document = {
        "targets": {name: {"url": url, "protocol": "modern"} for name, url in targets.items()},
        "defaults": {"interval": f"{interval * 1000:g}ms", "timeout": f"{min(interval, 2) * 1000:g}ms"},
        "probes": {f"{name}-{n}": call(name) for name in targets for n in range(2)} | probes,
    }
    file = folder / "probes.yaml"
    file.write_text(json.dumps(document))
    return file


def workers(running: Running) -> dict[str, int]:
    """The processes of the workers, by their number."""
    lines = logged(running, "worker_started")
    return {str(line["worker"]): line["pid"] for line in lines}


def adding_up(page: Page) -> dict[tuple[str, str], float]:
    """Whatever may only grow."""
    return {
        (sample.name, json.dumps(sample.labels, sort_keys=True)): sample.value
        for sample in page.samples
        if sample.name.endswith(ADDS_UP)
    }


def results(file: Path) -> list[tuple[str, datetime, float]]:
    """Probe, beginning and lag of every run in the history."""

    async def read() -> list[tuple[str, datetime, float]]:
        history = HistoryStore.open(file)
        try:
            return [
                (result.probe, result.started_at, result.start_lag_seconds)
                for result in await history.results(limit=1_000_000)
            ]
        finally:
            await history.close()

    return asyncio.run(read())


@pytest.mark.slow
def test_workers_that_are_killed_twenty_times_cost_no_probe_more_than_one_run(tmp_path: Path) -> None:
    history = tmp_path / "history.db"
    chance = random.Random(5)
    with crowd() as port:
        file = configured(port, tmp_path, names=range(30), interval=INTERVAL)
        with daemon(file, *TWO, "--history", history, history=True) as running:
            until(lambda: min(metrics(running).values("mcp_prober_worker_up")) == 1, "both workers")
            began, outage, seen = time.time(), 0.0, adding_up(metrics(running))
            for number in range(KILLS // 2):
                for pid in workers(running).values():
                    time.sleep(chance.uniform(0, 0.5))
                    os.kill(pid, signal.SIGKILL)
                killed = time.time()
                for page in back(running, ends=number + 1):
                    now = adding_up(page)
                    assert [name for name, before in seen.items() if now.get(name, -1) < before] == []
                    seen = now
                outage = max(outage, time.time() - killed + 1)
            time.sleep(INTERVAL)
            ended = time.time()
            counted = sum(metrics(running).values("mcp_probe_runs_total"))
            assert running.stop() == -signal.SIGTERM
    with closing(sqlite3.connect(history)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rows = results(history)
    assert counted <= len(rows) <= counted + 60, "every run that is counted is written"
    due_of: dict[str, list[float]] = {}
    for probe, started, lag in rows:
        due_of.setdefault(probe, []).append(started.timestamp() - lag)
    assert len(due_of) == 60
    for probe, dues in due_of.items():
        dues.sort()
        gaps = [later - earlier for earlier, later in pairwise(dues)]
        assert min(gaps) > INTERVAL / 2, f"{probe}: one worker has it, and runs it once"
        missed = max(2.5 * INTERVAL, outage + 1.5 * INTERVAL)  # the machine may be too busy to start a worker soon
        assert max(gaps) < missed, f"{probe}: one run is missed at most"
        assert dues[0] < began + 2 * INTERVAL
        assert dues[-1] > ended - 2.5 * INTERVAL
    assert len(logged(running, "worker_ended")) == KILLS
    assert not any("Traceback" in line for line in running.log), running.log


def back(running: Running, *, ends: int) -> Iterator[Page]:
    """Readings of the metrics, until each worker has been replaced so often, and has made up for what was missed."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        page = metrics(running)
        yield page
        replaced, up = (page.values(f"mcp_prober_worker_{name}") for name in ("ends_total", "up"))
        last = page.values("mcp_probe_last_run_timestamp_seconds")
        if (replaced, up) == ([ends, ends], [1, 1]) and min(last) > time.time() - INTERVAL - 1:
            return
        time.sleep(0.1)
    raise AssertionError(f"a worker is not back: {running.log[-5:]}")


@pytest.mark.slow
def test_two_processes_say_what_one_says_and_a_reload_reaches_both(tmp_path: Path) -> None:
    with crowd() as port:
        file = configured(port, tmp_path, names=range(12))
        with daemon(file, *TWO) as two, daemon(file) as one:
            for running in (one, two):
                until(lambda running=running: min(ran(running).values()) >= 2, "each probe has run")  # type: ignore[misc]
            for path in ("sd", "api/v1/config"):
                assert said(two, path) == said(one, path)
            until(Agreement(one, two).reached, "they say the same of every target, and have the same series")
            shares = metrics(two).values("mcp_prober_worker_probes")
            assert len(shares) == 2
            assert (min(shares) > 0, sum(shares)) == (True, 24)
            assert len(descendants(two.process.pid)) >= 2

            before = ran(two)
            configured(port, tmp_path, names=range(6, 18), extra=call("target-6", enabled=False))
            assert status(two, "-/reload", method="POST") == (200, "reloaded\n")
            two.process.send_signal(signal.SIGHUP)
            until(lambda: len(logged(two, "reloaded")) == 2)
            until(lambda: min(ran(two).values()) >= 1, "each new probe has run")
            now = ran(two)
            assert {name for name in now if name not in before} == {
                f"target-{n}-{m}" for n in range(12, 18) for m in (0, 1)
            }
            assert {name for name in before if name not in now} == {f"target-{n}-{m}" for n in range(6) for m in (0, 1)}
            assert all(now[name] >= count for name, count in before.items() if name in now)
            page = metrics(two)
            assert sum(page.values("mcp_prober_worker_probes")) == page.value("mcp_prober_probes") == 24
            assert sum(page.values("mcp_prober_worker_ends_total")) == 0
            assert status(two, "probe?target=target-0&probe=target-0-0")[0] == 404
            assert "probe_success 1.0" in status(two, "probe?target=target-15&probe=target-15-1")[1]
            assert two.post("probes/target-15-0/run"), "the button of the page"
            assert running.stop() == -signal.SIGTERM
        assert not any("Traceback" in line for line in two.log), two.log


class Agreement:
    """What two daemons have said of the same servers. On a machine that is busy, a run may not be like all others."""

    def __init__(self, *both: Running) -> None:
        self._both = both
        self._targets: tuple[dict[str, set[str]], ...] = ({}, {})
        self._series: tuple[set[tuple[str, ...]], ...] = (set(), set())

    def reached(self) -> bool:
        for running, targets, series in zip(self._both, self._targets, self._series, strict=True):
            for target in said(running, "api/v1/targets")["targets"]:
                targets.setdefault(target["target"], set()).add(json.dumps(target))
            series |= {
                (sample.name, *sample.labels.values())
                for sample in metrics(running).samples
                if not sample.name.startswith(("mcp_prober_worker_", "mcp_probe_failure_info"))
            }
        one, two = self._targets
        same = one.keys() == two.keys() and all(one[name] & two[name] for name in one)
        return same and self._series[0] == self._series[1]


OF_A_RUN: Final = {"since", "streak", "streak_since", "last_run", "last_success", "next_due", "skipped"}


def said(running: Running, path: str) -> Any:
    """An answer without what each run has of its own: times, and how often."""
    return plain(json.loads(running.get(path).replace(running.url.removeprefix("http://"), "HOST")))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: plain(inner) for name, inner in value.items() if name not in OF_A_RUN and not name.endswith("_at")
        }
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return "NUMBER" if isinstance(value, float) else value


def ran(running: Running) -> dict[str, float]:
    """How often each probe has run."""
    counts: dict[str, float] = {}
    for sample in metrics(running).samples:
        if sample.name == "mcp_probe_runs_total":
            counts[sample.labels["probe"]] = counts.get(sample.labels["probe"], 0) + sample.value
    return counts


@pytest.mark.slow
def test_a_daemon_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    with crowd() as port, daemon(configured(port, tmp_path, names=range(4)), *TWO) as running:
        below = descendants(running.process.pid)
        assert set(workers(running).values()) <= below
        for pid in below:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                os.kill(pid, number)  # as managers of services send it to all
        until(lambda: min(ran(running).values()) >= 1)
        assert logged(running, "worker_ended") == []
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
        until(lambda: not [pid for pid in below if alive(pid)], "the end of the workers")
