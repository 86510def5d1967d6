"""Public servers: server-memory loses writes of two processes, server-filesystem does not mix up two of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from prober.consistency import judge_trace
from prober.consistency.trace import Trace
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Reason
from tests.leaks import nothing_left_behind
from tests.races.reference import ROOT
from tests.real.install import ENVIRONMENT, MODULES, NotInstalledError

pytestmark = pytest.mark.external

NEEDED = ("mcp-server-memory", "mcp-server-filesystem")


@pytest.fixture
def with_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The servers on the path, in a folder of their own."""
    for name in NEEDED:
        if not (MODULES / ".bin" / name).exists():
            raise NotInstalledError(f"{name} is not installed: run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(ENVIRONMENT), str(MODULES / ".bin"), os.environ["PATH"]]))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("with_servers")
async def test_the_memory_server_loses_writes_of_two_processes(tmp_path: Path) -> None:
    text = (ROOT / "probes" / "known-to-fail" / "memory-race.yaml").read_text(encoding="utf-8")
    memory, file = tmp_path / "memory.jsonl", tmp_path / "memory-race.yaml"
    assert "/tmp/mcp-prober-memory-race.jsonl" in text
    file.write_text(text.replace("/tmp/mcp-prober-memory-race.jsonl", str(memory)), encoding="utf-8")
    memory.write_text('{"type":"entity","name":"Ada","entityType":"person","observations":[]}\n')
    config = load([file], environ=os.environ)
    traces: list[Trace] = []
    async with nothing_left_behind():
        [outcome] = await run_pass(config, list(config.probes.values()), on_trace=traces.append)
    # Torn by the very race, the file may also stop being readable for a moment.
    assert outcome.reason is Reason.LOST_UPDATE, f"{outcome.reason}: {outcome.message}"
    assert outcome.step == "race"
    [trace] = traces
    worst = judge_trace(trace).violations[0]
    added, *others = sorted(worst.witness, key=lambda each: each.kind)
    assert added.kind == "add"
    assert added.ok
    assert any(each.kind == "read" and added.element not in each.value for each in others)
    # What the server still holds agrees: the element is not there, and the cleanup has taken away the rest.
    left = [json.loads(line)["name"] for line in memory.read_text().splitlines()]
    assert added.element not in left
    assert [name for name in left if name.startswith("probe-")] == []


@pytest.mark.usefixtures("with_servers")
async def test_the_filesystem_server_keeps_whole_files(tmp_path: Path) -> None:
    config = load([ROOT / "probes" / "filesystem-race.yaml"], environ=os.environ)
    traces: list[Trace] = []
    async with nothing_left_behind():
        [outcome] = await run_pass(config, list(config.probes.values()), on_trace=traces.append)
    assert outcome.verdict == "pass", f"{outcome.reason}: {outcome.message}"
    assert outcome.facts["race_overlap"] == 2
    assert {each.process for each in traces[0].operations} == {0, 1}
