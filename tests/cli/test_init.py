"""`init` writes what it saw, tells what it left out, overwrites nothing unasked, and keeps secrets out of files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests import slow_server
from tests.cli.command import mcp_prober, quickly
from tests.discover.hostile import LONG, hostile_tools
from tests.kinds.offering import gives, offering, respond, says, tool
from tests.peers.child import ROOT, StdioPeer
from tests.peers.http_peer import Call
from tests.peers.messages import dump
from tests.peers.wire import JSON

SECRET: Final = "s3cr3t-0f-th3-targ3t"
ASKING: Final = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "deep": {"type": "object", "properties": {"n": {}}, "required": ["n"]}},
    "required": ["title", "deep"],
}


def written(folder: Path) -> dict[str, str]:
    """Every file, by its path."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


async def test_what_init_writes_and_tells(tmp_path: Path) -> None:
    tools = [
        tool("count", gives({"n": 1})),
        tool("ask", inputSchema=ASKING),
        tool("write", read_only=False),
        tool("fail", says("no luck", isError=True)),
    ]
    async with offering(*tools) as peer:
        init = await mcp_prober("init", peer.url, cwd=tmp_path)
        run = await mcp_prober("run", cwd=tmp_path)
    assert (init.code, init.err) == (0, "")
    assert init.out.splitlines() == [
        "peer 1.0.0, MCP 2026-07-28",
        "4 tools: 1 answered and have a probe each",
        "  1 not called, for they say that they write: write",
        "  1 with arguments for you to choose: ask (title, deep.n)",
        "  1 answered with an error: fail: no luck",
        "4 files written. Next: mcp-prober run probes/peer.yaml",
    ]
    assert sorted(written(tmp_path)) == [
        "probes/contracts/peer.json",
        "probes/mcp-prober.schema.json",
        "probes/peer.yaml",
        "probes/schemas/peer/count.json",
    ]
    assert (run.code, run.err) == (0, ""), run.out
    assert run.out.splitlines()[-1].startswith("3 passed")
    text = (tmp_path / "probes" / "peer.yaml").read_text()
    schema = re.match(r"# yaml-language-server: \$schema=(.*)\n", text)
    assert schema is not None
    validator = Draft202012Validator(json.loads((tmp_path / "probes" / schema[1]).read_text()))
    validator.validate(yaml.safe_load(text))
    assert not validator.is_valid({"probes": {"p": {"target": "peer", "kind": "cal"}}})


async def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "probes"
    async with offering(tool("count"), tool("other")) as peer:
        words = ("init", peer.url, "--output-dir", str(folder))
        assert (await quickly(*words)).code == 0
        (folder / "peer.yaml").write_text("# mine\n")
        (folder / "schemas" / "peer" / "count.json").unlink()
        before = written(folder)
        refused = await quickly(*words)
        assert written(folder) == before
        named = await quickly(*words, "--name", "second")
        forced = await quickly(*words, "--force")
    assert (refused.code, named.code, forced.code) == (2, 0, 0)
    taken = ", ".join(str(folder / path) for path in ("contracts/peer.json", "peer.yaml", "schemas/peer/other.json"))
    assert refused.err.startswith(f"{taken} would be overwritten. Say --update to add what is new, ")
    after = written(folder)
    assert "# Probes of peer" in after["peer.yaml"]
    assert {"second.yaml", "schemas/second/count.json", "schemas/peer/count.json"} <= set(after)


async def test_a_header_stays_a_reference_to_the_environment(tmp_path: Path) -> None:
    async with offering(tool("count")) as peer:
        headers = ("--header", "Authorization: Bearer ${KEY}", "--header", "X-Plain:  yes ")
        words = ("init", peer.url, *headers, "--output-dir", str(tmp_path))
        done = await quickly(*words, env={"KEY": SECRET})
        sent = peer.requests[-1].headers
    assert done.code == 0
    assert (sent["authorization"], sent["x-plain"]) == (f"Bearer {SECRET}", "yes")
    files = written(tmp_path)
    assert SECRET not in done.out + done.err + "".join(files.values())
    [target] = yaml.safe_load(files["peer.yaml"])["targets"].values()
    assert target["headers"] == {"Authorization": "Bearer ${KEY}", "X-Plain": "yes"}


async def test_a_variable_of_a_command_stays_a_reference_too(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern")
    folder = tmp_path / "probes"
    words = ("--env", "PEER_KEY=${KEY}", "--env", f"PYTHONPATH={ROOT}", "--output-dir", str(folder))
    done = await quickly("init", *words, "--", *peer.target["command"], env={"KEY": SECRET})
    assert done.code == 0, done.err
    assert SECRET not in "".join(written(folder).values())
    [target] = yaml.safe_load((folder / "peer.yaml").read_text())["targets"].values()
    assert target["env"] == {"PEER_KEY": "${KEY}", "PYTHONPATH": str(ROOT)}
    assert target["command"] == peer.target["command"]
    run = await mcp_prober("run", str(folder), cwd=tmp_path, env={"KEY": SECRET})
    assert run.code == 0, run.out


@pytest.mark.parametrize(
    ("timeout", "interval"), [("500ms", "60s"), ("60s", "60s"), ("90s", "90s"), ("1h30m", "1h30m")], ids=str
)
async def test_a_probe_is_not_run_more_often_than_it_may_take(timeout: str, interval: str, tmp_path: Path) -> None:
    async with offering(tool("count")) as peer:
        done = await quickly("init", peer.url, "--timeout", timeout, "--output-dir", str(tmp_path))
    assert done.code == 0, done.err
    defaults = yaml.safe_load((tmp_path / "peer.yaml").read_text())["defaults"]
    assert defaults == {"interval": interval, "timeout": timeout}
    assert (await quickly("check", str(tmp_path))).code == 0


async def test_a_server_that_cannot_be_looked_at_is_a_failure_and_nothing_is_written(tmp_path: Path) -> None:
    for words in (("http://nonexistent.invalid/mcp",), ("--", "no-such-mcp-server", "--flag")):
        done = await quickly("init", "--output-dir", str(tmp_path / "probes"), *words)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(" ".join(word for word in words if word != "--") + ": ")
        proposed = done.err.splitlines()[-1]
        assert proposed.startswith("  next: ")
    assert written(tmp_path) == {}


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "probes").write_text("a file\n")
    async with offering(tool("count")) as peer:
        done = await quickly("init", peer.url, "--output-dir", str(tmp_path / "probes"))
    assert (done.code, done.out) == (2, "")
    assert str(tmp_path / "probes") in done.err


async def boasting(call: Call) -> None:
    good = (call.good.message or {})["result"]
    info = {"name": f"\x1b[2J\x1b]0;owned\x07{LONG}\n1 file written.", "version": "\x9b31m\u202e"}
    await respond(call, good | {"_meta": {"io.modelcontextprotocol/serverInfo": info}})


async def test_what_a_hostile_server_says_does_no_harm_to_the_terminal(tmp_path: Path) -> None:
    failing = [tool(f"\x1b[1A{n}\n", says("\x1b[2J\r\u202e", isError=True)) for n in range(2)]
    async with offering(*hostile_tools(), *failing, faults={"discover": boasting}) as peer:
        done = await quickly("init", peer.url, "--output-dir", str(tmp_path / "probes"))
    assert (done.code, done.err) == (0, "")
    assert all(each.isprintable() or each == "\n" for each in done.out)
    assert len(done.out.splitlines()) == 4  # the tools that fail alike share one line


async def test_a_failure_does_not_show_a_secret_that_the_server_hands_back(tmp_path: Path) -> None:
    async def refuse(call: Call) -> None:
        error = {"code": -32000, "message": f"bad key {call.request.headers['x-key']}"}
        await call.respond(
            200, {"Content-Type": JSON}, dump({"jsonrpc": "2.0", "id": call.request.rpc_id, "error": error})
        )

    for step in ("list", "call"):
        faults: dict[Any, Any] = {step: refuse}
        async with offering(tool("count"), faults=faults) as peer:
            words = ("--header", "X-Key: ${KEY}", "--output-dir", str(tmp_path / step))
            done = await quickly("init", peer.url, *words, env={"KEY": SECRET})
        assert done.code == (1 if step == "list" else 0)
        assert "bad key ***" in done.out + done.err
        assert SECRET not in done.out + done.err + "".join(written(tmp_path).values())


async def test_a_server_that_no_file_can_hold_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "prober.discover.probe_file.tool_names", lambda tools, target: dict.fromkeys(tools, "handshake")
    )
    async with offering(tool("count")) as peer:
        done = await quickly("init", peer.url, "--output-dir", str(tmp_path / "probes"))
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("Nothing was written, because the files would have mistakes:\nprobes.peer-handshake: ")
    assert written(tmp_path) == {}


async def test_a_command_that_is_slow_to_start_is_given_its_time_and_the_file_says_so(tmp_path: Path) -> None:
    words = slow_server.command(start=0.8)
    given = ("init", "--timeout", "500ms", "--output-dir", str(tmp_path / "probes"))
    done = await quickly(*given, "--startup-timeout", "20s", "--", *words)
    assert done.code == 0, done.err
    file = tmp_path / "probes" / "slow.yaml"
    assert yaml.safe_load(file.read_text())["targets"]["slow"]["startup_timeout"] == "20s"
    done = await quickly(*given, "--startup-timeout", "300ms", "--", *words)
    assert done.code == 1
    assert "the server wrote nothing for 0.3 s after its start" in done.err
    done = await quickly(*given, "--startup-timeout", "20s", "http://127.0.0.1:9/mcp")
    assert done.code == 2


async def test_a_command_runs_where_it_ran_when_it_was_looked_at(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern")
    (tmp_path / "elsewhere").mkdir()
    words = ("init", "--env", f"PYTHONPATH={ROOT}", "--output-dir")
    inside = await mcp_prober(*words, "probes", "--", *peer.target["command"], cwd=tmp_path)
    outside = await mcp_prober(*words, str(tmp_path / "outside"), "--", *peer.target["command"], cwd=ROOT)
    assert (inside.code, outside.code) == (0, 0), inside.err + outside.err
    for folder, cwd in ((tmp_path / "probes", ".."), (tmp_path / "outside", str(ROOT))):
        [target] = yaml.safe_load((folder / "peer.yaml").read_text())["targets"].values()
        assert target["cwd"] == cwd
    run = await mcp_prober("run", str(tmp_path / "probes"), cwd=tmp_path / "elsewhere")
    assert run.code == 0, run.out
