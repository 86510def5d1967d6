"""The exit code of `run` says what came of the pass, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.command import mcp_prober, written
from tests.kinds.offering import document, gives, offering, tool

PASSES: Final = {"kind": "call", "tool": "count"}
FAILS: Final = PASSES | {"expect": [{"path": "$.count", "equals": 4}]}
WARNS: Final = PASSES | {"latency": {"warn": "1ms"}}
CANNOT_TELL: Final = PASSES | {"schema": {"properties": {"text": {"pattern": "^(a+)+$"}}}, "timeout": "900ms"}

CODES: Final[tuple[tuple[str, list[dict[str, Any]], int, dict[str, int]], ...]] = (
    ("all passed", [PASSES, PASSES], 0, {"pass": 2, "fail": 0, "unknown": 0}),
    ("a warning is no failure", [WARNS], 0, {"pass": 1, "fail": 0, "unknown": 0}),
    ("one failed", [PASSES, FAILS], 1, {"pass": 1, "fail": 1, "unknown": 0}),
    ("of one it cannot tell", [PASSES, CANNOT_TELL], 3, {"pass": 1, "fail": 0, "unknown": 1}),
    ("one failed, of one it cannot tell", [FAILS, CANNOT_TELL], 1, {"pass": 0, "fail": 1, "unknown": 1}),
)


@pytest.mark.parametrize(("probes", "code", "summary"), [row[1:] for row in CODES], ids=[row[0] for row in CODES])
async def test_the_exit_code_is_that_of_the_worst_probe(
    probes: list[dict[str, Any]], code: int, summary: dict[str, int], tmp_path: Path
) -> None:
    async with offering(tool("count", gives({"count": 3, "text": "a" * 40 + "!"}))) as peer:
        file = written(document(peer, *probes), tmp_path)
        done = await mcp_prober("run", file, cwd=tmp_path)
    assert done.code == code, done.out
    assert done.err == ""
    counts = f"{summary['pass']} passed, {summary['fail']} failed, {summary['unknown']} unknown in "
    assert done.out.splitlines()[-1].startswith(counts)


async def test_a_server_that_cannot_be_reached_is_a_failure(tmp_path: Path) -> None:
    configuration = {
        "targets": {
            "gone": {"command": ["no-such-mcp-server"]},
            "nowhere": {"url": "http://nonexistent.invalid/mcp", "protocol": "modern"},
        },
        "probes": {name: {"target": name, "kind": "handshake", "timeout": "5s"} for name in ("gone", "nowhere")},
    }
    done = await mcp_prober("run", written(configuration, tmp_path), "--output", "json", cwd=tmp_path)
    assert done.code == 1
    assert {name: result["reason"] for name, result in done.results.items()} == {
        "gone": "spawn_failed",
        "nowhere": "dns_failed",
    }


async def test_only_the_probes_that_were_named_are_run(tmp_path: Path) -> None:
    async with offering(tool("count", gives({"count": 3}))) as peer:
        configuration = document(peer, PASSES, FAILS, PASSES)
        configuration["targets"]["other"] = configuration["targets"]["peer"]
        configuration["probes"]["p2"]["target"] = "other"
        file = written(configuration, tmp_path)
        chosen = {}
        for words in (("--probe", "p0", "--probe", "p2"), ("--target", "other"), ("--target", "peer", "--probe", "p0")):
            done = await mcp_prober("run", file, "--output", "json", *words, cwd=tmp_path)
            assert done.code == 0, done.out
            chosen[words] = sorted(done.results)
    assert list(chosen.values()) == [["p0", "p2"], ["p2"], ["p0"]]


async def test_the_folder_of_probes_is_read_where_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "probes").mkdir()
    async with offering(tool("count", gives({"count": 3}))) as peer:
        written(document(peer, PASSES), tmp_path / "probes")
        done = await mcp_prober("run", "--concurrency", "1", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith("pass  peer  p0  call ")
