"""`list`: what a server offers, for a person or a program; nothing is called and nothing is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import quickly
from tests.kinds.offering import ERAS, offering, tool
from tests.peers.child import StdioPeer
from tests.peers.legacy_peer import legacy_peer
from tests.peers.protocol import Era

SECRET: Final = "s3cr3t-0f-th3-targ3t"
INPUT: Final = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "unit": {"type": "string"}},
    "required": ["n"],
}


@pytest.mark.parametrize("era", ERAS)
async def test_the_tools_are_a_table_with_the_server_on_top(era: Era) -> None:
    tools = [
        tool("count", inputSchema=INPUT, description="Counts.\n  In a unit.\n\nArgs:\n  n: how far"),
        tool("wipe", read_only=None, description="Deletes all."),
    ]
    async with offering(*tools, era=era) as peer:
        done = await quickly("list", peer.url, "tools")
        assert "tools/call" not in peer.rpc_methods
    assert (done.code, done.err) == (0, "")
    version = {"modern": "2026-07-28", "handshake": "2025-11-25"}[era]
    assert done.out.splitlines() == [
        f"peer 1.0.0, MCP {version}, {era} era",
        "",
        "tools: 2",
        "  count  read-only  n*, unit  Counts. In a unit.",
        "  wipe   may write            Deletes all.",
        "",
        "* required",
    ]


async def test_every_list_is_shown_where_none_is_named(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern")
    env = ("--env", f"PYTHONPATH={peer.target['cwd']}")
    done = await quickly("list", *env, "--", *peer.target["command"])
    some = await quickly("list", "prompts", "templates", *env, "--", *peer.target["command"])
    assert (done.code, some.code) == (0, 0), done.err + some.err
    headings = [line.split(":")[0] for line in done.out.splitlines() if line and not line.startswith((" ", "*"))]
    assert headings[1:] == ["tools", "prompts", "resources", "templates"]
    assert [line.split(":")[0] for line in some.out.splitlines() if line[:1].isalpha()][1:] == ["prompts", "templates"]


async def test_a_program_gets_whole_listings(tmp_path: Path) -> None:
    async with offering(tool("count", inputSchema=INPUT, description="x" * 500)) as peer:
        done = await quickly("list", peer.url, "tools", "prompts", "--output", "json")
    document = json.loads(done.out)
    assert document["server"] == {"name": "peer", "version": "1.0.0"}
    assert document["protocol"] == {"era": "modern", "version": "2026-07-28"}
    assert document["tools"] == [
        {"name": "count", "description": "x" * 500, "inputSchema": INPUT, "annotations": {"readOnlyHint": True}}
    ]
    assert isinstance(document["prompts"], list)
    assert "resources" not in document


async def test_the_legacy_transport_is_listed_too() -> None:
    async with legacy_peer() as peer:
        done = await quickly("list", peer.url, "--transport", "sse")
    assert done.code == 0, done.err
    assert ", handshake era\n" in done.out


async def test_a_target_of_the_configuration_is_listed_by_its_name(tmp_path: Path) -> None:
    async with offering(tool("count")) as peer:
        (tmp_path / "one.yaml").write_text(json.dumps({"targets": {"mine": {"url": peer.url}}}))
        done = await quickly("list", "mine", "--config", str(tmp_path / "one.yaml"))
    assert done.code == 0, done.err
    assert "  count  read-only" in done.out


async def test_a_server_that_cannot_be_listed_fails_with_its_reason_and_evidence() -> None:
    gone = await quickly("list", "http://127.0.0.1:9/mcp")
    none = await quickly("list", "--", "no-such-mcp-server")
    assert [(done.code, done.out) for done in (gone, none)] == [(1, "")] * 2
    assert gone.err.startswith("http://127.0.0.1:9/mcp: connect_refused at ")
    assert none.err.startswith("no-such-mcp-server: spawn_failed at ")


async def test_a_list_that_fails_does_not_hide_the_others() -> None:
    async with offering(tool("count", inputSchema="none")) as peer:
        done = await quickly("list", peer.url, "tools", "prompts")
        document = await quickly("list", peer.url, "tools", "prompts", "--output", "json")
        others = await quickly("list", peer.url, "prompts")
    assert (done.code, document.code, others.code) == (1, 1, 0)
    shown = done.out.splitlines()
    assert shown[2].startswith("tools: bad_result: ")
    assert shown[4].startswith("prompts: 1")
    assert json.loads(document.out)["tools"] is None
    assert len(json.loads(document.out)["prompts"]) == 1


async def test_what_a_hostile_server_lists_does_no_harm_to_the_terminal_and_shows_no_secret() -> None:
    evil = f"\x1b[2J\x1b]0;owned\x07\n\u202e{SECRET}"
    hostile = tool(evil, description=evil, inputSchema={"type": "object", "properties": {evil: {"title": evil}}})
    async with offering(hostile) as peer:
        for output in ("table", "json"):
            words = ("--header", "X-Key: ${KEY}", "--output", output)
            done = await quickly("list", peer.url, "tools", *words, env={"KEY": SECRET})
            assert done.code == 0, done.err
            assert SECRET not in done.out
            assert "***" in done.out
            assert all(each.isprintable() or each == "\n" for each in done.out)
