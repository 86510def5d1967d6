"""A daemon that is given another configuration while it runs probes, several times a second."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prober.report.formatting import rfc3339
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import api, logged, metrics, runs, standing, status, until

INTERVAL = 0.4
"""Seconds."""


@dataclass
class Here:
    """A daemon that keeps a history, the file it reads, and the port of the servers."""

    running: Running
    file: Path
    servers: int

    def target(self, path: str) -> dict[str, Any]:
        return {"url": f"http://127.0.0.1:{self.servers}/{path}", "protocol": "modern"}

    def document(self, *, targets: dict[str, str], probes: dict[str, Any]) -> dict[str, Any]:
        """Targets by their path in the crowd; probes by what they do not have in common."""
        return {
            "targets": {"steady": self.target("ok/5"), **{name: self.target(path) for name, path in targets.items()}},
            "defaults": {"interval": f"{INTERVAL * 1000:g}ms", "timeout": f"{INTERVAL * 1000:g}ms"},
            "probes": {
                name: {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, **probe}
                for name, probe in {"steady": {"target": "steady"}, **probes}.items()
            },
        }

    def adopts(self, *, targets: dict[str, str] | None = None, probes: dict[str, Any] | None = None) -> None:
        self.file.write_text(json.dumps(self.document(targets=targets or {}, probes=probes or {})))
        assert status(self.running, "-/reload", method="POST") == (200, "reloaded\n")

    def hangs_up(self) -> None:
        self.running.process.send_signal(signal.SIGHUP)

    def runs_on(self, probe: str) -> None:
        """Wait for a probe to have run once more."""
        before = runs(self.running, probe)
        until(lambda: runs(self.running, probe) > before, f"another run of {probe}")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("reload")
    file = folder / "probes.yaml"
    with crowd() as servers:
        file.write_text(json.dumps({"targets": {}, "probes": {}}))
        start = Here(running=None, file=file, servers=servers)  # type: ignore[arg-type]  # there in a moment
        file.write_text(json.dumps(start.document(targets={}, probes={})))
        with daemon(file, "--history", folder / "history.db", history=True) as running:
            start.running = running
            yield start
            assert running.stop() == -signal.SIGTERM
            assert not [line for line in running.log if "Traceback" in line or "exception" in line]


def test_a_file_that_is_not_sound_changes_nothing_and_is_told_by_line(here: Here) -> None:
    here.adopts()
    here.runs_on("steady")
    before = metrics(here.running).value("mcp_prober_config_last_reload_success_timestamp_seconds")
    good = here.file.read_text()
    here.file.write_text(good.replace('"tool": "echo"', '\n"tooll": "echo"'))
    code, said = status(here.running, "-/reload", method="POST")
    assert code == 500
    complaints = said.splitlines()
    assert complaints[0].startswith(f"{here.file}:")
    assert any(line.startswith(f"{here.file}:2: probes.steady.tooll: ") for line in complaints), said
    page = metrics(here.running)
    assert page.value("mcp_prober_config_last_reload_successful") == 0
    assert page.value("mcp_prober_config_last_reload_success_timestamp_seconds") == before
    assert status(here.running, "")[0] == 200
    assert status(here.running, "-/ready")[0] == 200
    here.runs_on("steady")
    here.file.write_text(good)
    told = len(logged(here.running, "reloaded"))
    for _ in range(5):  # they may become one
        here.hangs_up()
    until(lambda: len(logged(here.running, "reloaded")) > told)
    assert metrics(here.running).value("mcp_prober_config_last_reload_successful") == 1
    here.runs_on("steady")


def test_a_hang_up_with_a_file_that_is_gone_is_survived(here: Here) -> None:
    here.adopts()
    told = len(logged(here.running, "reload_failed"))
    here.file.unlink()
    here.hangs_up()
    until(lambda: len(logged(here.running, "reload_failed")) > told)
    assert f"{here.file}: no such file or directory" in logged(here.running, "reload_failed")[-1]["message"]
    assert metrics(here.running).value("mcp_prober_config_last_reload_successful") == 0
    here.runs_on("steady")
    here.adopts()


@pytest.mark.slow
def test_a_target_that_is_taken_out_is_gone_from_everywhere_but_history(here: Here) -> None:
    hanging = {"target": "hanging", "interval": "3s", "timeout": "3s"}
    here.adopts(
        targets={"leaving": "ok/5", "hanging": "hang"},
        # Two of a target run at a time: with four there are always two that hang.
        probes={"quick": {"target": "leaving"}, **{f"hanging-{n}": hanging for n in range(4)}},
    )
    here.runs_on("quick")
    until(lambda: (metrics(here.running).value("mcp_prober_running_probes") or 0) >= 2, "a run that hangs")
    assert status(here.running, "targets/leaving")[0] == 200
    kept = until(lambda: api(here.running, "results?target=leaving")["results"], "its runs in history")
    here.adopts()
    taken_out = datetime.now(UTC)
    page = metrics(here.running)
    assert page.with_label("target", "leaving") == set()
    assert page.with_label("target", "hanging") == set()
    assert status(here.running, "targets/leaving")[0] == 404
    assert status(here.running, "probe?target=leaving&probe=quick")[0] == 404
    assert "leaving" not in here.running.get("")
    still = api(here.running, "results?target=leaving")["results"]
    assert [run for run in kept if run in still] == kept
    # Even the runs that were under way say nothing once they have come to their ends, which takes three seconds.
    since = runs(here.running, "steady")
    until(lambda: runs(here.running, "steady") >= since + 3 / INTERVAL + 1)
    assert metrics(here.running).with_label("target", "hanging") == set()
    hung = api(here.running, "results?target=hanging")["results"]
    assert [run for run in hung if _ended_at(run) > taken_out] == []


def test_what_has_not_changed_goes_on_and_what_has_changes(here: Here) -> None:
    probes: dict[str, Any] = {"other": {"target": "steady", "interval": "1h", "timeout": "1s"}}
    here.adopts(probes=probes)
    here.runs_on("steady")
    before, page = standing(here.running, "steady"), metrics(here.running)
    assert page.value("mcp_probe_interval_seconds", probe="other") == 3600
    probes["other"] = {"target": "steady"}
    probes["new"] = {"target": "steady", "tool": "there-is-none"}
    here.adopts(probes=probes)
    after, fresh = standing(here.running, "steady"), metrics(here.running)
    for name in ("mcp_probe_last_success_timestamp_seconds", "mcp_probe_last_run_timestamp_seconds"):
        earlier, later = page.value(name, probe="steady"), fresh.value(name, probe="steady")
        assert earlier is not None
        assert later is not None
        assert later >= earlier
    count, passed = "mcp_probe_runs_total", {"probe": "steady", "result": "pass"}
    assert (fresh.value(count, **passed) or 0) >= (page.value(count, **passed) or 0) > 0
    assert after["since"] == before["since"]
    assert after["streak"] == before["streak"] == 0
    # Its due times are the same grid: a reload moves nothing.
    moved = (_moment(after["next_due"]) - _moment(before["next_due"])) % timedelta(seconds=INTERVAL)
    assert min(moved, timedelta(seconds=INTERVAL) - moved) < timedelta(milliseconds=2), moved
    assert fresh.value("mcp_probe_interval_seconds", probe="other") == INTERVAL
    here.runs_on("other")
    here.runs_on("other")
    until(lambda: metrics(here.running).value("mcp_probe_failure_info", probe="new", reason="tool_missing"))
    assert metrics(here.running).value("mcp_prober_probes") == 3


def _ended_at(run: dict[str, Any]) -> datetime:
    return _moment(run["started_at"]) + timedelta(seconds=run["duration_seconds"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_what_is_disabled_is_not_run_and_nowhere_green(here: Here) -> None:
    here.adopts(targets={"resting": "ok/5"}, probes={"quick": {"target": "resting"}, "more": {"target": "steady"}})
    here.runs_on("quick")
    here.runs_on("more")
    probes = {"quick": {"target": "resting", "enabled": False}, "more": {"target": "steady", "enabled": False}}
    here.adopts(targets={"resting": "ok/5"}, probes=probes)
    page = metrics(here.running)
    assert page.with_label("target", "resting") == set()  # no success, and no failure
    assert page.with_label("probe", "more") == set()
    targets = {target["target"]: target for target in api(here.running, "targets")["targets"]}
    assert [(targets["resting"][key], targets["steady"][key]) for key in ("enabled", "verdict")] == [
        (False, True),
        ("unknown", "pass"),
    ]
    assert [probe["probe"] for probe in targets["resting"]["disabled"]] == ["quick"]
    assert [probe["probe"] for probe in targets["steady"]["disabled"]] == ["more"]
    assert "1 target disabled" in here.running.get("")
    assert "resting: disabled" in here.running.get("badge/resting.svg")
    assert status(here.running, "probe?target=resting&probe=quick")[0] == 404
    since = rfc3339(datetime.now(UTC))
    here.runs_on("steady")
    here.runs_on("steady")
    later = [run for run in api(here.running, "results?target=resting")["results"] if run["started_at"] > since]
    assert later == []
    here.adopts(targets={"resting": "ok/5"}, probes={"quick": {"target": "resting"}})
    here.runs_on("quick")
    assert standing(here.running, "quick")["verdict"] == "pass"
    here.adopts()


def test_forty_reloads_at_once_are_two(tmp_path: Path) -> None:
    """The one that runs, and one more for all others: the files may have changed since the first read them."""
    file = tmp_path / "probes.yaml"
    target = {"url": "http://127.0.0.1:9/mcp"}
    probes = {f"p{n}": {"target": "t", "kind": "handshake", "interval": "1h"} for n in range(300)}
    file.write_text(json.dumps({"targets": {"t": target}, "probes": probes}))
    with daemon(file) as running, ThreadPoolExecutor(40) as threads:
        asked = [threads.submit(status, running, "-/reload", method="POST") for _ in range(40)]
        assert {each.result() for each in asked} == {(200, "reloaded\n")}
        running.stop()
    assert 1 <= sum('"event": "reloaded"' in line for line in running.log) <= 5


def test_a_pipe_among_the_files_is_told_and_neither_reloads_nor_the_end_wait_for_it(tmp_path: Path) -> None:
    probes = {"p": {"target": "t", "kind": "handshake", "interval": "1h"}}
    (tmp_path / "a.yaml").write_text(
        json.dumps({"targets": {"t": {"url": "http://127.0.0.1:9/mcp"}}, "probes": probes})
    )
    with daemon(tmp_path) as running:
        os.mkfifo(tmp_path / "b.yaml")
        assert status(running, "-/reload", method="POST") == (500, f"{tmp_path}/b.yaml: not a file\n")
        running.process.send_signal(signal.SIGHUP)
        until(lambda: len(logged(running, "reload_failed")) == 2)
        (tmp_path / "b.yaml").unlink()
        assert status(running, "-/reload", method="POST") == (200, "reloaded\n")
        os.mkfifo(tmp_path / "b.yaml")
        running.process.send_signal(signal.SIGHUP)
        assert running.stop() == -signal.SIGTERM
