"""What a person can say to `init`: values, readers, answers to questions; and what `init` says to programs."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft202012Validator

import prober.report
from tests.cli.command import BOUND, mcp_prober, quickly
from tests.discover.hostile import hostile_tools
from tests.kinds.offering import Tool, called, gives, offering, respond, says, tool
from tests.peers.http_acts import status
from tests.peers.http_peer import Call

SHAPE: Final = json.loads((Path(prober.report.__file__).parent / "schema" / "init.schema.json").read_text())


def wanting(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}


ISSUES: Final = (
    tool("list_issues", gives({"n": 1}), inputSchema=wanting("owner")),
    tool("list_pulls", gives({"n": 2}), inputSchema=wanting("owner", "repo")),
    tool("count", gives({"n": 3})),
)


async def test_a_value_that_is_set_is_given_to_every_tool_that_wants_it(tmp_path: Path) -> None:
    async with offering(*ISSUES) as peer:
        words = ("--set", "owner=ada", "--set", "list_pulls.repo=a=b", "--output-dir", str(tmp_path))
        done = await quickly("init", peer.url, *words)
        assert ("list_issues", {"owner": "ada"}) in called(peer)
        assert ("list_pulls", {"owner": "ada", "repo": "a=b"}) in called(peer)
        run = await mcp_prober("run", str(tmp_path / "peer.yaml"), cwd=tmp_path)
    assert done.out.splitlines()[1] == "3 tools: 3 answered and have a probe each"
    assert run.code == 0, run.out


@pytest.mark.parametrize("said", ["owner", "=x", "api_key=x", "list_issues.token=x"])
async def test_a_value_that_cannot_be_set_is_refused_before_anything_is_asked(said: str, tmp_path: Path) -> None:
    async with offering(*ISSUES) as peer:
        done = await quickly("init", peer.url, "--set", said, "--output-dir", str(tmp_path / "probes"))
        assert peer.requests == []
    assert (done.code, done.out) == (2, "")
    assert not (tmp_path / "probes").exists()


async def test_silent_tools_that_are_named_readers_are_called_and_the_probes_run(tmp_path: Path) -> None:
    tools = [
        tool("get_a", read_only=None),
        tool("get_b", read_only=None, annotations={"destructiveHint": True}),
        tool("get_c", read_only=False),
        tool("put_a", read_only=None),
    ]
    async with offering(*tools) as peer:
        words = ("--read-only", "get_*", "--output-dir", str(tmp_path))
        done = await quickly("init", peer.url, *words)
        run = await mcp_prober("run", str(tmp_path / "peer.yaml"), cwd=tmp_path)
        assert {name for name, _ in called(peer)} == {"get_a"}
    assert done.code == 0
    assert done.out.splitlines()[2:4] == [
        "  2 not called, for they say that they write: get_b, get_c",
        "  1 not called, for want of readOnlyHint: true: put_a",
    ]
    [target] = yaml.safe_load((tmp_path / "peer.yaml").read_text())["targets"].values()
    assert target["read_only_tools"] == ["get_*"]
    assert (run.code, run.out.splitlines()[-1][:8]) == (0, "3 passed")


async def test_without_the_key_a_silent_tool_is_not_called(tmp_path: Path) -> None:
    async with offering(tool("get_a", read_only=None)) as peer:
        await quickly("init", peer.url, "--read-only", "get_*", "--output-dir", str(tmp_path))
        file = tmp_path / "peer.yaml"
        file.write_text("".join(line for line in file.read_text().splitlines(True) if "read_only_tools" not in line))
        run = await mcp_prober("run", str(file), "--output", "json", cwd=tmp_path)
    assert run.results["peer-get_a"]["reason"] == "not_read_only"


async def test_a_value_that_several_tools_want_is_asked_for_once_on_a_terminal(tmp_path: Path) -> None:
    async with offering(*ISSUES) as peer:
        terminal, other = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "prober", "init", peer.url),
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "80"},
            stdin=other,
            stderr=other,
            stdout=asyncio.subprocess.PIPE,
        )
        os.close(other)
        os.write(terminal, b"ada\n\n")  # the second, for repo, is left out
        async with asyncio.timeout(BOUND):
            out, _ = await process.communicate()
        said = os.read(terminal, 10_000).decode()
        os.close(terminal)
    assert process.returncode == 0
    assert said.count("owner (string), for list_issues, list_pulls") == 1
    assert said.count("repo (string), for list_pulls") == 1
    assert out.decode().splitlines()[1:3] == [
        "3 tools: 2 answered and have a probe each",
        "  1 with arguments for you to choose: list_pulls (owner, repo)"
        if "list_pulls (owner, repo)" in out.decode()
        else "  1 with arguments for you to choose: list_pulls (repo)",
    ]


async def test_no_question_is_asked_where_nobody_sits(tmp_path: Path) -> None:
    async with offering(*ISSUES) as peer:
        done = await mcp_prober("init", peer.url, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")


DISGUISED: Final[tuple[Tool, ...]] = (
    tool("plain", says("Error: the backend is away")),
    tool("in json", says('{"success": false, "message": "no key"}')),
    tool("in fastmcp", gives({"result": '{"error": "no quota"}'})),
)


async def test_an_error_in_disguise_is_shown_and_not_written(tmp_path: Path) -> None:
    async with offering(*DISGUISED, tool("count", gives({"result": '{"n": 1}'}))) as peer:
        done = await quickly("init", peer.url, "--output-dir", str(tmp_path))
        run = await mcp_prober("run", str(tmp_path / "peer.yaml"), cwd=tmp_path)
    assert done.out.splitlines()[1:-1] == [
        "4 tools: 1 answered and have a probe each",
        "  1 answered with an error: plain: Error: the backend is away",
        "  1 answered with an error: in json: no key",
        "  1 answered with an error: in fastmcp: no quota",
    ]
    probes = yaml.safe_load((tmp_path / "peer.yaml").read_text())["probes"]
    assert sorted(probes) == ["peer-catalog", "peer-count", "peer-handshake"]
    assert probes["peer-count"]["from"] == "result-text"
    assert json.loads((tmp_path / "schemas" / "peer" / "count.json").read_text())["required"] == ["n"]
    assert run.code == 0


async def test_the_json_report_is_one_document_of_its_schema(tmp_path: Path) -> None:
    tools = [
        tool("count", gives({"n": 1})),
        tool("ask", inputSchema=wanting("title")),
        tool("write", read_only=False),
        tool("fail", says("no luck", isError=True)),
    ]
    async with offering(*tools, *hostile_tools()) as peer:
        done = await quickly("init", peer.url, "--output", "json", "--output-dir", str(tmp_path))
    report = json.loads(done.out)
    Draft202012Validator(SHAPE).validate(report)
    assert done.out.isascii()
    [result] = report["results"]
    assert (result["address"], result["failure"]) == (peer.url, None)
    found = result["found"]
    named = {each["name"]: each for each in found["tools"]}
    assert named["count"] == {"name": "count", "probe": "peer-count", "skipped": None, "detail": None, "missing": []}
    assert (named["ask"]["skipped"], named["ask"]["missing"]) == ("missing", ["title"])
    assert named["write"]["skipped"] == "writes"
    assert (named["fail"]["skipped"], named["fail"]["detail"]) == ("error", "no luck")
    assert {Path(file).relative_to(tmp_path).parts[0] for file in found["files"]} >= {"peer.yaml", "contracts"}


async def test_a_server_that_cannot_be_asked_is_in_the_json_report_too(tmp_path: Path) -> None:
    async with offering(tool("count"), faults={"list": status(503)}) as peer:
        done = await quickly("init", peer.url, "--output", "json", "--output-dir", str(tmp_path))
    report = json.loads(done.out)
    Draft202012Validator(SHAPE).validate(report)
    [result] = report["results"]
    assert (done.code, result["found"], result["failure"]["reason"]) == (1, None, "unavailable")


async def test_an_unknown_form_of_report_is_refused(tmp_path: Path) -> None:
    for command in (("init", "http://127.0.0.1:9/mcp"), ("pin",), ("drift",)):
        done = await quickly(*command, "--output", "xml")
        assert (done.code, done.err) == (2, "--output xml: choose text or json\n")


class Growing:
    """A server whose tools change between two commands."""

    def __init__(self, *tools: Tool):
        self.tools = tools

    async def act(self, call: Call) -> None:
        good = (call.good.message or {})["result"]
        await respond(call, good | ({"tools": [each.listing for each in self.tools]} if "tools" in good else {}))

    async def answer(self, call: Call) -> None:
        await respond(call, {"content": [], "structuredContent": {"n": 1}})


async def test_update_adds_what_is_new_and_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    server = Growing(tool("count"), tool("old"))
    async with offering(faults={"list": server.act, "call": server.answer}) as peer:
        words = ("init", peer.url, "--output-dir", str(tmp_path))
        assert (await quickly(*words)).code == 0
        file = tmp_path / "peer.yaml"
        file.write_text(
            file.read_text().replace("    kind: handshake\n", "    kind: handshake\n    interval: 5m  # mine\n")
        )
        server.tools = (tool("count"), tool("new"), tool("ask", inputSchema=wanting("title")))
        done = await quickly(*words, "--update")
        again = await quickly(*words, "--update", "--output", "json")
        run = await mcp_prober("run", str(file), "--output", "json", cwd=tmp_path)
        calls = [name for name, _ in called(peer)]
    assert done.out.splitlines()[1:-1] == [
        "new tools: ask, new",
        "tools that the server no longer has, kept in the file: old",
        "2 new tools: 1 answered and have a probe each",
        "  1 with arguments for you to choose: ask (title)",
    ]
    assert "    interval: 5m  # mine\n" in file.read_text()
    assert sorted(yaml.safe_load(file.read_text())["probes"]) == [
        *("peer-catalog", "peer-count", "peer-handshake", "peer-new", "peer-old"),
    ]
    report = json.loads(again.out)
    Draft202012Validator(SHAPE).validate(report)
    found = report["results"][0]["found"]
    assert (found["new"]["tools"], found["gone"]["tools"], found["files"]) == ([], ["old"], [])
    assert run.results["peer-new"]["verdict"] == "pass"
    assert calls.count("count") == 3  # twice to write its probe, once to run it: an update calls new tools only


async def test_update_without_a_file_says_what_to_do(tmp_path: Path) -> None:
    async with offering(tool("count")) as peer:
        done = await quickly("init", peer.url, "--update", "--output-dir", str(tmp_path / "none"))
    assert (done.code, done.out) == (2, "")
    assert (
        done.err
        == f"No probe file in {tmp_path / 'none'} has probes of this server. Write one first, without --update.\n"
    )


async def test_update_does_not_change_the_target_so_readers_are_for_the_file(tmp_path: Path) -> None:
    done = await quickly("init", "http://127.0.0.1:9/mcp", "--update", "--read-only", "get_*")
    assert (done.code, done.out) == (2, "")
    assert "read_only_tools" in done.err
