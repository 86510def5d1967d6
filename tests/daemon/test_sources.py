"""Targets of a registry, a file and an address appear in the daemon, are probed, and stay when their source fails."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

from tests.daemon.crowd import crowd
from tests.daemon.process import daemon
from tests.daemon.watching import api, logged, metrics, status, until
from tests.peers.threaded import say
from tests.sources.registry_double import serving


def targets(running: Any) -> dict[str, str]:
    """The verdict of every target."""
    return {each["target"]: each["verdict"] for each in api(running, "targets")["targets"]}


def document(**sources: Any) -> str:
    probe = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "interval": "1s", "timeout": "900ms"}
    return json.dumps(
        {"sources": sources, "probes": {f"echo-{name}": {"for": {"source": name}, **probe} for name in sources}}
    )


def test_targets_come_from_sources_and_outlive_them(tmp_path: Path) -> None:
    with crowd() as port, serving() as registry:
        here = f"http://127.0.0.1:{port}"
        registry.put("io.example/good", f"{here}/ok/1")
        registry.put("io.example/bad", f"{here}/error")
        (tmp_path / "groups.json").write_text(
            json.dumps([{"targets": [f"{here}/ok/2"], "labels": {"target": "filed"}}])
        )
        settings = {"protocol": "modern"}
        file = tmp_path / "probes.json.yaml"
        file.write_text(
            document(
                registry={"registry": registry.url, "refresh": "200ms", "allow_private": True, "target": settings},
                files={"file": "groups.json", "refresh": "200ms", "target": settings},
            )
        )
        state = {"XDG_STATE_HOME": str(tmp_path / "state")}
        with daemon(file, environ=state) as running:
            wanted = {"io.example-good": "pass", "io.example-bad": "fail", "filed": "pass"}
            until(lambda: targets(running) == wanted or None)
            registry.put("io.example/late", f"{here}/ok/3")
            until(lambda: targets(running).get("io.example-late") == "pass" or None)
            registry.fault = lambda handler: say(handler, 503, b"")
            (tmp_path / "groups.json").write_text("[]")
            until(lambda: len(logged(running, "source_trouble")) == 2 or None)
            assert {*targets(running)} == {*wanted, "io.example-late"}
            assert status(running, "-/reload", method="POST") == (200, "reloaded\n")
            until(lambda: {*targets(running)} == {"io.example-good", "io.example-bad", "io.example-late"} or None)
        with daemon(file, environ=state) as running:  # the registry is still down
            until(lambda: targets(running).get("io.example-good") == "pass" or None)
            assert {*targets(running)} == {"io.example-good", "io.example-bad", "io.example-late"}


def test_a_thousand_targets_that_appear_at_once_are_spread_over_their_interval(tmp_path: Path) -> None:
    with crowd() as port:
        groups, file = tmp_path / "groups.json", tmp_path / "probes.yaml"

        def offer(count: int) -> None:
            urls = [f"http://127.0.0.1:{port}/ok/1/{number}" for number in range(count)]
            groups.write_text(json.dumps([{"targets": urls}]))

        offer(1)
        source = {"file": "groups.json", "refresh": "200ms", "target": {"protocol": "modern"}}
        probe = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "interval": "10s", "timeout": "5s"}
        file.write_text(
            json.dumps({"sources": {"files": source}, "probes": {"echo": {"for": {"source": "files"}, **probe}}})
        )
        with daemon(file, environ={"XDG_STATE_HOME": str(tmp_path)}) as running:
            until(lambda: len(targets(running)) == 1 or None)
            offer(1_000)
            until(lambda: Counter(targets(running).values()) == {"pass": 1_000} or None)
            found = api(running, "targets")["targets"]
            seconds = Counter(each["probes"][0]["last_run"][:19] for each in found)
            assert max(seconds.values()) < 300  # a tenth of them is due each second
            assert metrics(running).value("mcp_prober_skipped_runs_total") == 0


def test_one_source_in_trouble_touches_nothing_else(tmp_path: Path) -> None:
    with crowd() as port:
        here = f"http://127.0.0.1:{port}"
        os.mkfifo(tmp_path / "pipe.json")
        (tmp_path / "dated.yaml").write_text(
            f"- targets: ['{here}/ok/1']\n  labels: {{target: a, since: 2026-01-01}}\n"
        )
        file = tmp_path / "probes.json"
        common = {"refresh": "200ms", "target": {"protocol": "modern"}}
        file.write_text(document(piped={"file": "pipe.json", **common}, dated={"file": "dated.yaml", **common}))
        with daemon(file, environ={"XDG_STATE_HOME": str(tmp_path / "state")}) as running:
            until(lambda: targets(running) == {"a": "pass"} or None)
            [told] = until(lambda: logged(running, "source_trouble"))
            assert (told["source"], told["message"]) == ("piped", f"{tmp_path}/pipe.json: not a file")
            (tmp_path / "dated.yaml").write_text(f"- targets: ['{here}/ok/1']\n  labels: {{target: b}}\n")
            until(lambda: targets(running) == {"b": "pass"} or None)
            assert running.stop() == -signal.SIGTERM
