"""A daemon that is killed while it writes goes on where it was; one whose disk is full goes on without its history."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from prober.history import HistoryStore
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import api, logged, metrics, runs, standing, until

LOST = 1.0
"""Seconds of results that a kill may cost: half a second of gathering, and writing."""
BUSY = 2.0
"""Seconds more that a machine which others use too may take for it."""


def configured(port: int, folder: Path, *, down: bool = False) -> Path:
    """Ten probes of a target that is well, every 400 ms each, and one that fails; or all of them fail."""
    file = folder / "probes.yaml"
    well = "error" if down else "ok/1"
    document: dict[str, Any] = {
        "targets": {
            "well": {"url": f"http://127.0.0.1:{port}/{well}", "protocol": "modern", "concurrency": 10},
            "broken": {"url": f"http://127.0.0.1:{port}/html", "protocol": "modern"},
        },
        "defaults": {"interval": "400ms", "timeout": "400ms"},
        "probes": {
            f"probe-{n}": {"target": "well", "kind": "call", "tool": "echo", "arguments": {"message": "hi"}}
            for n in range(10)
        },
    }
    document["probes"]["broken"] = {"target": "broken", "kind": "handshake"}
    file.write_text(json.dumps(document))
    return file


def last_success(running: Running, probe: str) -> float | None:
    return metrics(running).value("mcp_probe_last_success_timestamp_seconds", probe=probe)


def limit_files(running: Running, size: int | None) -> None:
    """No file of the process may grow beyond that: what a full disk is like; None lifts it."""
    _, hard = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


@pytest.mark.slow
def test_a_daemon_that_was_killed_goes_on_where_it_was_and_with_a_full_disk_as_well(tmp_path: Path) -> None:
    history = tmp_path / "history.db"
    with crowd() as port:
        with daemon(configured(port, tmp_path), "--history", history, history=True) as running:
            until(lambda: runs(running, "probe-0") >= 8)
            seen, success, failing = _killed(running)
            killed = time.time()
        with closing(sqlite3.connect(history)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert seen - asyncio.run(_latest(history)) <= LOST + BUSY
        file = configured(port, tmp_path, down=True)
        with daemon(file, "--history", history, history=True) as running:
            for probe, moment in success.items():
                assert moment - (last_success(running, probe) or 0) <= LOST + BUSY, "it did pass, before"
            again = standing(running, "broken")
            assert (again["since"], again["reason"]) == (failing["since"], failing["reason"])
            assert again["streak"] >= failing["streak"] - (LOST + BUSY) / 0.4
            assert [line for line in logged(running, "probe_failing") if line["probe"] == "broken"] == [], "not news"
            until(lambda: standing(running, "probe-0")["reason"] == "server_error")
            assert (last_success(running, "probe-0") or 0) <= killed, "nothing has passed since"
            _probes_on_while_its_disk_is_full(running, history)
            assert running.stop() == -signal.SIGTERM
    assert not [line for line in running.log if "Traceback" in line], running.log


def test_a_history_that_cannot_be_used_does_not_stop_the_start(tmp_path: Path) -> None:
    """Garbage is moved aside; a folder that is not there is waited for."""
    history, later = tmp_path / "history.db", tmp_path / "later" / "history.db"
    history.write_bytes(b"no history " * 1_000)
    with crowd() as port:
        file = configured(port, tmp_path)
        with daemon(file, "--history", history, history=True) as running:
            until(lambda: len(logged(running, "history_moved_aside")) == 1, "it is told")
            (line,) = until(lambda: logged(running, "history_moved_aside"), "the file is moved aside")
            (aside,) = tmp_path.glob("history.db.unusable-*")
            assert f"it is now {aside}" in line["message"]
            until(lambda: api(running, "results?limit=1")["results"], "a run in the new file")
            assert aside.read_bytes() == b"no history " * 1_000
            assert running.stop() == -signal.SIGTERM
        with daemon(file, "--history", later, history=True) as running:
            until(lambda: metrics(running).value("mcp_prober_history_up") == 0, "history is down")
            until(lambda: runs(running, "probe-0") >= 3, "probing goes on")
            later.parent.mkdir()
            until(lambda: metrics(running).value("mcp_prober_history_up") == 1, "history is up")
            assert running.stop() == -signal.SIGTERM


def _killed(running: Running) -> tuple[float, dict[str, float], dict[str, Any]]:
    """The last run that was seen before the kill, when each probe last passed, and how the broken one stood."""
    page, failing = metrics(running), standing(running, "broken")
    running.process.kill()
    running.process.wait()
    moments = {
        sample.labels["probe"]: sample.value
        for sample in page.samples
        if sample.name == "mcp_probe_last_success_timestamp_seconds" and sample.labels["target"] == "well"
    }
    assert len(moments) == 10
    return max(page.values("mcp_probe_last_run_timestamp_seconds")), moments, failing


async def _latest(file: Path) -> float:
    """When the last run began that was written down."""
    history = HistoryStore.open(file)
    try:
        [result] = await history.results(limit=1)
    finally:
        await history.close()
    return result.started_at.timestamp()


def _probes_on_while_its_disk_is_full(running: Running, history: Path) -> None:
    assert metrics(running).value("mcp_prober_history_up") == 1
    limit_files(running, history.stat().st_size)
    until(lambda: metrics(running).value("mcp_prober_history_up") == 0, "history is down")
    before = runs(running, "probe-0")
    until(lambda: runs(running, "probe-0") >= before + 5, "probing goes on")
    assert "history is not written" in logged(running, "history_trouble")[-1]["message"]
    assert api(running, "results?limit=1")["results"], "what was written can be read"
    limit_files(running, None)
    until(lambda: metrics(running).value("mcp_prober_history_up") == 1, "history is up")
    written = time.time()
    until(lambda: _newest(running) > written, "a run of now in history")


def _newest(running: Running) -> float:
    [result] = api(running, "results?limit=1")["results"]
    return datetime.fromisoformat(result["started_at"]).timestamp()
