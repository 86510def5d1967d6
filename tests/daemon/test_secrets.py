"""A secret that hostile servers throw back is in nothing that a daemon tells or keeps."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.parrot import PLACES, parrot
from tests.daemon.process import Running, daemon
from tests.daemon.watching import api, logged, metrics, status, until

MARK = "hunter2"
"""In every secret, so that a part of one is found as well; each has characters that JSON, HTML or URLs write otherwise.
"""
TOKEN = f'{MARK}-token/"quoted"&<b>=='
KEY = f"{MARK}-key%2Fslash+plus"
FILED = f"{MARK}-from-a-file"
LITERAL = f"{MARK}-written-out"
CLIENT = f"{MARK}-client&secret"
NOTIFIED = f"{MARK}-of-notify"
ENVIRON = {"TOKEN": TOKEN, "KEY": KEY, "CLIENT": CLIENT, "NOTIFIED": NOTIFIED}

OF_HTTP = (*PLACES, "http-error", "html", "redirect", "header")
OF_STDIO = ("error", "tool-error", "structured", "name", "junk")


def document(url: str, folder: Path) -> dict[str, Any]:
    """Every way to be given a secret, every way to throw it back, by three kinds of probes."""
    (folder / "secret").write_text(FILED + "\n")
    headers = {"Authorization": "Bearer ${TOKEN}", "X-Key": LITERAL, "X-Filed": f"${{file:{folder / 'secret'}}}"}
    command = [sys.executable, "-m", "tests.daemon.parrot"]
    targets: dict[str, Any] = {
        where: {"url": f"{url}/{where}?key=${{KEY}}", "headers": headers, "protocol": "modern"} for where in OF_HTTP
    }
    targets |= {
        f"stdio-{where}": {
            "command": [*command, where],
            "cwd": str(Path(__file__).parents[2]),
            "env": {"API_TOKEN": "${TOKEN}", "FILED": f"${{file:{folder / 'secret'}}}", "PLAIN": LITERAL},
            "protocol": "modern",
        }
        for where in OF_STDIO
    }
    client = {"token_url": f"{url}/token", "client_id": "prober", "client_secret": "${CLIENT}"}
    targets["token"] = {"url": f"{url}/well", "auth": {"client_credentials": client}, "protocol": "modern"}
    targets["bearer"] = {"url": f"{url}/http-error", "auth": {"bearer": "${TOKEN}"}, "protocol": "modern"}
    probes = {}
    for target in targets:
        common = {"target": target, "interval": "6s", "timeout": "6s"}
        arguments = {"message": "${TOKEN}"}
        expect = [{"path": "$.message", "equals": "something else"}]
        probes[f"{target}-call"] = {**common, "kind": "call", "tool": "echo", "arguments": arguments, "expect": expect}
        probes[f"{target}-catalog"] = {**common, "kind": "catalog", "tools": ["echo"]}
    address = url.removeprefix("http://")
    urls = [f"json://prober:${{NOTIFIED}}@{address}/well/{NOTIFIED}?+X-Token=${{NOTIFIED}}"]
    return {"targets": targets, "probes": probes, "notify": {"urls": urls, "after": 1}}


def everything_told(running: Running, targets: list[str]) -> dict[str, str]:
    """What each endpoint answers, by its path."""
    paths = ["", "metrics", "sd", "api/v1/targets", "api/v1/results?limit=1000", "api/v1/failures?limit=1000"]
    for target in targets:
        paths += [f"targets/{target}", f"badge/{target}.svg"]
    paths += [
        f"probe?target={target}&probe={target}-call&probe={target}-catalog&debug={debug}"
        for target, debug in zip(targets, ("true", "true", "false") * len(targets), strict=False)
    ]
    told = {path: status(running, path)[1] for path in paths}
    paths = ["debug/probes", "debug/config", "api/v1/config", "api/v1/runs?limit=1000"]
    paths += [f"runs/{run['run_id']}/{run['probe']}" for run in api(running, "runs?limit=1000")["runs"]]
    return told | {path: status(running, path)[1] for path in paths}


@pytest.mark.slow
def test_no_secret_is_in_anything_that_is_told_or_kept(tmp_path: Path) -> None:
    with parrot() as url:
        config = document(url, tmp_path)
        file, history = tmp_path / "probes.yaml", tmp_path / "kept" / "history.db"
        history.parent.mkdir()
        file.write_text(json.dumps(config))
        with daemon(file, "--history", history, history=True, environ=ENVIRON) as running:
            probes = len(config["probes"])
            until(lambda: len(metrics(running).values("mcp_probe_last_run_timestamp_seconds")) == probes)
            until(lambda: len(api(running, "failures?limit=1000")["failures"]) >= probes - len(OF_HTTP))
            told = everything_told(running, list(config["targets"]))
            files = {path.name: path.read_bytes() for path in history.parent.iterdir()}
            file.write_text(file.read_text().replace('"catalog"', '"no such kind"'))
            told["a reload"] = status(running, "-/reload", method="POST")[1]
            until(lambda: metrics(running).value("mcp_prober_notifications_total", outcome="sent"))
            assert running.stop() == -signal.SIGTERM
        told["log"] = "".join(running.log)
        files |= {f"{path.name} after the end": path.read_bytes() for path in history.parent.iterdir()}
    of_stdio = {line["reason"] for line in logged(running, "probe_failing") if line["target"].startswith("stdio-")}
    assert of_stdio >= {"rpc_error", "tool_error"}
    # The servers did throw them back, and what they said was shown: else the search would prove nothing.
    assert "cannot do that for" in told["targets/error"]
    assert "cannot do that for" in told["api/v1/failures?limit=1000"]
    assert any("who are you?" in text for path, text in told.items() if path.startswith("runs/"))
    assert any("cannot do that for" in text for path, text in told.items() if path.startswith("runs/"))
    assert "***" in told["debug/config"]
    assert any("who are you?" in text for path, text in told.items() if "debug=true" in path)
    assert {line["reason"] for line in logged(running, "probe_failing")} >= {"tool_error", "rpc_error", "server_error"}
    assert {path: _around(text) for path, text in told.items() if MARK in text} == {}
    assert {name for name, data in files.items() if MARK.encode() in data} == set()
    assert any(b"cannot do that for" in data for data in files.values()), "evidence is kept in readable form"


def _around(text: str) -> str:
    found = text.index(MARK)
    return text[max(0, found - 200) : found + 100]
