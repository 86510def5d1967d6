"""A daemon from its start to its end, whatever it is busy with."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import alive, descendants, logged, metrics, runs, status, until
from tests.real.process import free_port

PATTERN = r"^(?=a)(?:a+)+\d$"
"""Only a worker process judges it, for it looks ahead, and linear engines do not."""
PROCESSES = pytest.mark.parametrize("processes", ["1", pytest.param("2", marks=pytest.mark.slow)])
HANGING = 20.0
"""Seconds that a run takes which nobody ends: far more than any drain here."""


def call(target: str, **settings: Any) -> dict[str, Any]:
    return {"target": target, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}, **settings}


def busy(port: int, folder: Path) -> Path:
    """A target that is well, one that hangs, processes that hang, and a check that is made in a process."""
    command = [sys.executable, "-m", "tests.peers.stdio_peer", "modern", str(folder / "record"), "call", "silence"]
    targets = {
        "well": {"url": f"http://127.0.0.1:{port}/ok/5", "protocol": "modern"},
        "hangs": {"url": f"http://127.0.0.1:{port}/hang", "protocol": "modern", "concurrency": 12},
        "process": {"command": command, "cwd": str(Path(__file__).parents[2]), "protocol": "modern"},
    }
    schema = {"type": "object", "properties": {"message": {"not": {"pattern": PATTERN}}}}
    long = {"interval": f"{HANGING:g}s", "timeout": f"{HANGING:g}s"}
    probes = {
        "well": call("well", interval="500ms", timeout="400ms"),
        "judged-apart": call("well", interval="3s", timeout="3s", schema=schema),
        # A dozen, for one of them to be due soon.
        **{f"{target}-{n}": call(target, **long) for n in range(12) for target in ("hangs", "process")},
    }
    file = folder / "busy.yaml"
    file.write_text(json.dumps({"targets": targets, "probes": probes}))
    return file


def children_at_work(running: Running, folder: Path) -> set[int]:
    """The processes below a daemon, once a server and a judge are among them and a server hangs."""

    def look() -> set[int] | None:
        record = folder / "record"
        called = record.exists() and "tools/call" in record.read_text()
        below = descendants(running.process.pid)
        return below if called and len(below) >= 2 and runs(running, "judged-apart") else None

    return until(look, "a server and a judge below the daemon")


def ask_in_vain(url: str) -> None:
    """Wait for an answer that does not come before the daemon has gone."""
    with contextlib.suppress(httpx.TransportError):
        httpx.get(url, trust_env=False, timeout=2 * HANGING)


class Asking(threading.Thread):
    """Asks `/-/ready` of an address until it is told to stop, and notes every status; 0 where nobody answers."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.enough = threading.Event()
        self._url = f"http://127.0.0.1:{port}/-/ready"

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=5) as client:
            while not self.enough.wait(0.02):
                try:
                    self.seen.append(client.get(self._url).status_code)
                except httpx.TransportError:
                    self.seen.append(0)

    @property
    def phases(self) -> list[int]:
        """What was seen, each status as often as it came anew; what is not served is not ready either."""
        return [status for status, _ in groupby(self.seen)]


@pytest.mark.clock
@PROCESSES
def test_a_daemon_is_ready_when_it_says_so_drains_within_its_bound_and_leaves_nothing(
    processes: str, tmp_path: Path
) -> None:
    port = free_port()
    asking = Asking(port)
    with crowd() as servers:
        file = busy(servers, tmp_path)
        asking.start()
        try:
            with daemon(
                file, "--listen", f"127.0.0.1:{port}", "--drain", "1500ms", "--processes", processes
            ) as running:
                assert running.url == f"http://127.0.0.1:{port}"
                assert status(running, "-/ready") == (200, "ready\n")
                assert status(running, "-/healthy") == (200, "healthy\n")
                until(lambda: runs(running, "well") >= 1)
                below = children_at_work(running, tmp_path)
                until(
                    lambda: metrics(running).value("mcp_prober_running_probes"), "the metric of running probes is read"
                )
                waiting = threading.Thread(
                    target=ask_in_vain, args=(f"{running.url}/probe?target=hangs&probe=hangs-0",)
                )
                waiting.start()
                told = time.monotonic()
                running.process.send_signal(signal.SIGTERM)
                until(lambda: status(running, "-/ready")[0] == 503, "not ready while it drains")
                assert status(running, "-/healthy")[0] == 200
                assert "mcp_probe_success" in running.get("metrics"), "what is known can be asked for until the end"
                assert running.process.wait(HANGING) == -signal.SIGTERM
                took = time.monotonic() - told
                waiting.join(HANGING)
                assert not waiting.is_alive()
        finally:
            asking.enough.set()
            asking.join()
    assert 1.5 <= took < HANGING / 2
    assert [pid for pid in below if alive(pid)] == []
    assert asking.phases[-1] == 0
    phases = [status for status in asking.phases if status != 0]
    assert phases in ([200, 503], [503, 200, 503]), "it may be served before its workers are ready"
    assert [line["running"] > 0 for line in logged(running, "stopping")] == [True]
    cut_short = [line for line in logged(running, "probe_unknown") if line["target"] != "well"]
    assert cut_short == [], "a run that the end cut short says nothing of its target"
    assert not any("Traceback" in line or "error" in line for line in running.log), running.log


@pytest.mark.clock
@PROCESSES
def test_a_second_signal_ends_a_daemon_at_once_and_no_process_outlives_it(processes: str, tmp_path: Path) -> None:
    with (
        crowd() as servers,
        daemon(busy(servers, tmp_path), "--drain", "1m", "--processes", processes) as running,
    ):
        below = children_at_work(running, tmp_path)
        running.process.send_signal(signal.SIGINT)
        until(lambda: logged(running, "stopping"))
        assert running.process.poll() is None, "what runs may end"
        told = time.monotonic()
        assert running.stop(signal.SIGINT) == -signal.SIGINT
        assert time.monotonic() - told < HANGING / 2
        until(lambda: not [pid for pid in below if alive(pid)], "the end of every process below it")
