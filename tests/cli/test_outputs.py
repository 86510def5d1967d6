"""What `run` prints: each report is one whole document of its kind, and only a terminal gets colours."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import sys
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

import prober.report
from tests.cli.command import BOUND, mcp_prober, written
from tests.kinds.offering import document, gives, offering, tool

SHAPE: Final = json.loads((Path(prober.report.__file__).parent / "schema" / "run.schema.json").read_text())
PASSES: Final = {"kind": "call", "tool": "count"}
FAILS: Final = PASSES | {"expect": [{"path": "$.count", "equals": 4}]}
COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


async def reported(folder: Path, *words: str) -> str:
    """What a pass with one good and one bad probe prints."""
    async with offering(tool("count", gives({"count": 3}))) as peer:
        file = written(document(peer, PASSES, FAILS), folder)
        done = await mcp_prober("run", file, *words, cwd=folder)
    assert (done.code, done.err) == (1, "")
    return done.out


async def test_the_json_report_is_one_document_of_its_schema(tmp_path: Path) -> None:
    report = json.loads(await reported(tmp_path, "--output", "json"))
    Draft202012Validator(SHAPE).validate(report)
    assert report["summary"] == {"pass": 1, "fail": 1, "unknown": 0}
    [good, bad] = report["results"]
    assert (good["probe"], good["verdict"], good["protocol"]["era"]) == ("p0", "pass", "modern")
    assert (bad["reason"], bad["step"]) == ("expectation_failed", "tools/call")
    assert bad["evidence"] == [{"pointer": "/count", "keyword": "equals", "seen": "3", "expected": "4"}]
    assert "exchanges" not in good


async def test_verbose_adds_the_exchanges(tmp_path: Path) -> None:
    report = json.loads(await reported(tmp_path, "--output", "json", "--verbose"))
    Draft202012Validator(SHAPE).validate(report)
    steps = [exchange["step"] for result in report["results"] for exchange in result["exchanges"]]
    assert sorted(steps) == ["tools/call", "tools/call", "tools/list"]
    call = next(x for x in report["results"][0]["exchanges"] if x["step"] == "tools/call")
    assert json.loads(call["sent"])["params"]["name"] == "count"
    assert json.loads(call["received"])["result"]["structuredContent"] == {"count": 3}


async def test_the_junit_report_is_well_formed(tmp_path: Path) -> None:
    root = ET.fromstring(await reported(tmp_path, "--output", "junit"))
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "2", "1", "0")
    [failure] = root.iter("failure")
    assert failure.get("type") == "expectation_failed"


async def test_the_prometheus_report_can_be_read(tmp_path: Path) -> None:
    families = {
        family.name: family
        for family in text_string_to_metric_families(await reported(tmp_path, "--output", "prometheus"))
    }
    success = {sample.labels["probe"]: sample.value for sample in families["mcp_probe_success"].samples}
    assert success == {"p0": 1, "p1": 0}
    [failed] = families["mcp_probe_failure_info"].samples
    assert failed.labels == {
        **{"target": "peer", "probe": "p1"},
        **{"reason": "expectation_failed", "symptom": "wrong_answer"},
    }


async def test_the_table_tells_the_worst_first_and_shows_what_was_seen(tmp_path: Path) -> None:
    lines = (await reported(tmp_path)).splitlines()
    assert re.match(
        r"fail  peer  p1  call .* expectation_failed at tools/call: /count: equals: expected 4, seen 3", lines[0]
    )
    assert lines[1].startswith("  next: Compare what was seen with what was expected.")
    assert lines[2].startswith("pass  peer  p0  call ")
    assert lines[3].startswith("1 passed, 1 failed, 0 unknown in ")
    assert len(lines) == 4


async def test_the_verbose_table_shows_the_conversation(tmp_path: Path) -> None:
    report = await reported(tmp_path, "-v")
    assert "  exchange: tools/call: HTTP 200 application/json, " in report
    assert "\n  received: {\n" in report
    assert '\n      "jsonrpc": "2.0",\n' in report


async def on_a_terminal(file: str, folder: Path, **env: str) -> tuple[str, str]:
    """What a pass prints to a terminal of its own, and what it says on standard error beside it."""
    ours, theirs = pty.openpty()
    settings = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "100", **env}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "prober", "run", file),
        cwd=folder,
        env=settings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=theirs,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(theirs)
    said = bytearray()
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        try:
            data = os.read(ours, 65536)
        except OSError:  # how a terminal says that its other side is closed
            data = b""
        said.extend(data)
        if not data:
            loop.remove_reader(ours)
            over.set()

    loop.add_reader(ours, read)
    try:
        async with asyncio.timeout(BOUND):
            _, errors = await process.communicate()
            await over.wait()
    finally:
        loop.remove_reader(ours)
        os.close(ours)
    assert process.returncode == 1
    return said.decode(), errors.decode()


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["as it is", "NO_COLOR", "dumb"],
)
async def test_a_terminal_gets_colours_unless_it_says_otherwise(
    env: dict[str, str], coloured: bool, tmp_path: Path
) -> None:
    async with offering(tool("count", gives({"count": 3}))) as peer:
        file = written(document(peer, PASSES, FAILS), tmp_path)
        said, errors = await on_a_terminal(file, tmp_path, **env)
    assert bool(re.search(r"\x1b\[[0-9;]*(3|9)[0-9]m", said)) is coloured  # a colour, not only bold
    plain = COLOUR.sub("", said)
    assert "expectation_failed" in plain
    assert "1 passed, 1 failed, 0 unknown" in plain
    assert errors == ""  # the live line is for a terminal, and standard error is none here


async def test_the_printed_schema_describes_the_language(tmp_path: Path) -> None:
    done = await mcp_prober("check", "--print-schema", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    schema: dict[str, Any] = json.loads(done.out)
    Draft202012Validator.check_schema(schema)
    language = Draft202012Validator(schema)
    target = {"t": {"url": "http://127.0.0.1:9/mcp"}}
    good = {"targets": target, "probes": {"p": {"target": "t", "kind": "call", "tool": "x"}}}
    assert language.is_valid(good)
    for bad in (
        {"targets": target, "probs": {}},
        {"targets": {"t": {"url": 5}}},
        {"probes": {"p": {"target": "t", "kind": "call"}}},
        {"probes": {"p": {"target": "t", "kind": "handshake", "tool": "x"}}},
    ):
        assert not language.is_valid(bad), bad


async def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    done = await mcp_prober("--version", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, f"mcp-prober {prober.__version__}\n", "")


ABOUT: Final[dict[str, tuple[str, ...]]] = {
    "run": ("Run every probe once and report", "--probe", "--target", "--concurrency", "--output", "--verbose", "16"),
    "check": ("Check the configuration, without connecting", "--print-schema"),
    "init": ("write probes for it", "read-only", "--output-dir", "--transport", "--header", "--env", "--force", "10s"),
    "pin": ("Write what servers offer to contract files", "--target"),
    "drift": ("Compare servers with their contract files", "breaking, additive or cosmetic", "exit code is 1"),
}


@pytest.mark.parametrize("command", ABOUT)
async def test_every_command_says_what_it_does(command: str, tmp_path: Path) -> None:
    done = await mcp_prober(command, "--help", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    words = " ".join(done.out.split())
    assert [part for part in ABOUT[command] if part not in words] == []


async def test_the_commands_are_listed_with_what_they_do(tmp_path: Path) -> None:
    for words in (("--help",), ()):
        done = await mcp_prober(*words, cwd=tmp_path)
        shown = " ".join(f"{done.out} {done.err}".split())
        assert [command for command in ABOUT if f" {command} " not in shown] == []
        assert "Probe MCP servers as an agent sees them" in shown
        assert done.code == (0 if words else 2)
