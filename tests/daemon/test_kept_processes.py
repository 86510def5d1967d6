"""A daemon that keeps a process: who watches it learns of every death, and it ends with the daemon."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.process import Running, daemon
from tests.daemon.watching import alive, descendants, logged, metrics, runs, until
from tests.restless_server import COMMAND

PROCESSES = pytest.mark.parametrize("processes", ["1", pytest.param("2", marks=pytest.mark.slow)])
RESTARTS = "mcp_target_process_restarts_total"


def document(**target: Any) -> str:
    target = {"command": COMMAND, "reuse": "1h", **target}
    probe = {"target": "server", "kind": "call", "tool": "whoami", "interval": "200ms", "timeout": "200ms"}
    return json.dumps({"targets": {"server": target}, "probes": {"who": probe}})


def servers(running: Running) -> set[int]:
    """The processes below the daemon that are this server."""
    found = set()
    for pid in descendants(running.process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if COMMAND[-1].encode() in words and b"guardian.py" not in words and alive(pid):
            found.add(pid)
    return found


def the_one(running: Running) -> int:
    before = runs(running, "who")
    until(lambda: runs(running, "who") > before + 3, "a few runs")
    [pid] = servers(running)
    return pid


def restarts(running: Running) -> dict[str, float | None]:
    page = metrics(running)
    return {cause: page.value(RESTARTS, target="server", cause=cause) for cause in ("died", "broken", "reloaded")}


@pytest.mark.clock
@PROCESSES
def test_a_death_between_two_runs_is_logged_counted_and_shown_and_the_end_ends_all(
    processes: str, tmp_path: Path
) -> None:
    file = tmp_path / "probes.yaml"
    file.write_text(document())
    with daemon(file, "--log-format", "json", "--processes", processes) as running:
        first = the_one(running)
        assert restarts(running) == {"died": 0, "broken": 0, "reloaded": 0}
        assert "kept for 60 min" in running.get("targets/server")

        os.kill(first, signal.SIGKILL)
        [line] = until(lambda: logged(running, "process_ended"))
        assert (line["level"], line["target"], line["cause"]) == ("warning", "server", "died")
        assert line["message"] == "the process exited by signal 9"
        until(lambda: restarts(running)["died"] == 1)
        assert "1 died; last: the process exited by signal 9" in running.get("targets/server")
        second = the_one(running)
        assert second != first

        file.write_text(document(env={"OTHER": "1"}))
        assert running.post("-/reload") == "reloaded\n"
        until(lambda: restarts(running)["reloaded"] == 1)
        third = the_one(running)
        assert third != second
        page = metrics(running)
        assert page.value("mcp_probe_runs_total", target="server", probe="who", result="no_answer") == 0

        assert running.stop() == -signal.SIGTERM
        assert not alive(third)
        assert [line["cause"] for line in logged(running, "process_ended")] == ["died", "reloaded", "stopped"]


@PROCESSES
def test_a_daemon_that_is_killed_leaves_no_server(processes: str, tmp_path: Path) -> None:
    file = tmp_path / "probes.yaml"
    file.write_text(document())
    with daemon(file, "--processes", processes) as running:
        server = the_one(running)
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
        until(lambda: not alive(server), "the end of the server")
