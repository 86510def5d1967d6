"""`task: follow` against real servers: one on the official SDK in the modern era, the server everything before it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Verdict
from tests.real.process import running
from tests.real.servers import ROOT, everything_http
from tests.running import run_document

PONDER: Final = {
    "kind": "call",
    "tool": "ponder",
    "arguments": {"question": "why"},
    "expect": [{"path": "$.answer", "equals": "why: it depends"}],
}
RESEARCH: Final = {
    "kind": "call",
    "tool": "simulate-research-query",
    "arguments": {"topic": "tides"},
    "allow_writes": True,
    "from": "result",
    "expect": [{"path": "$.content[0].text", "contains": "Research Report: tides"}],
}


async def called(target: dict[str, Any], probe: dict[str, Any], folder: Path) -> Any:
    document = {"targets": {"t": target}, "probes": {"p": {"target": "t", "timeout": "30s", **probe}}}
    [outcome] = await run_document(document, folder)
    return outcome


@pytest.mark.external
async def test_a_task_of_a_server_on_the_official_sdk_is_followed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        fd, port = sock.fileno(), sock.getsockname()[1]
        command = [sys.executable, "-m", "tests.real.task_server", str(fd)]
        env = {"PYTHONPATH": str(ROOT)}
        with running(command, port=port, log=tmp_path / "tasks.log", env=env, pass_fds=[fd]):
            target = {"url": f"http://127.0.0.1:{port}/mcp", "protocol": "modern"}
            followed = await called(target, PONDER | {"task": "follow"}, tmp_path)
            at_once = await called(target, PONDER, tmp_path)
    assert (followed.verdict, followed.message) == (Verdict.PASS, "")
    assert [each.step for each in followed.exchanges].count("tasks/get") >= 2
    assert followed.facts["latency_seconds"] >= 0.6
    assert (at_once.verdict, at_once.message) == (Verdict.PASS, "")
    assert "tasks/get" not in [each.step for each in at_once.exchanges]


@pytest.mark.external
@pytest.mark.slow
async def test_a_task_of_the_server_everything_is_followed_over_http(tmp_path: Path) -> None:
    with everything_http(tmp_path) as server:
        followed = await called(dict(server.target), RESEARCH | {"task": "follow"}, tmp_path)
        refused = await called(dict(server.target), RESEARCH, tmp_path)
    assert (followed.verdict, followed.message) == (Verdict.PASS, "")
    assert [each.step for each in followed.exchanges][-2:] == ["tasks/result", "close"]
    assert followed.facts["latency_seconds"] >= 4
    assert (refused.verdict, refused.evidence[0].situation) == (Verdict.FAIL, "capability_wanted"), refused.message
