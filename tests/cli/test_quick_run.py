"""`run URL` and `run -- COMMAND`: a look at a server without a probe file calls only readers, and writes nothing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import slow_server
from tests.cli.command import Done, mcp_prober, quickly
from tests.kinds.offering import ERAS, called, gives, offering, says, tool
from tests.peers.child import StdioPeer
from tests.peers.http_peer import Call, well
from tests.peers.legacy_peer import legacy_peer
from tests.peers.messages import dump
from tests.peers.protocol import Era
from tests.peers.wire import JSON

SECRET: Final = "s3cr3t-0f-th3-targ3t"
ASKING: Final = {"type": "object", "properties": {"customer_id": {"type": "string"}}, "required": ["customer_id"]}
NUMBERED: Final = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


async def quick(*words: str, env: Mapping[str, str] | None = None) -> Done:
    return await mcp_prober("run", *words, cwd=Path.cwd(), env=env)


def everything_in(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


@pytest.fixture(autouse=True)
def nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither where the command runs, nor at home, nor what it puts aside for a moment."""
    for name in ("here", "home", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    watched = tuple(tmp_path / name for name in ("here", "home", "tmp"))
    yield
    assert everything_in(*watched) == set()


@pytest.mark.parametrize("era", ERAS)
async def test_a_url_is_probed_and_only_readers_are_called(era: Era) -> None:
    tools = [
        tool("count", gives({"n": 1}), outputSchema=NUMBERED),
        tool("ask", inputSchema=ASKING),
        tool("delete", read_only=False),
        tool("silent", read_only=None),
    ]
    async with offering(*tools, era=era) as peer:
        done = await quick(peer.url)
    assert done.code == 0, done.out + done.err
    assert {name for name, _ in called(peer)} == {"count"}
    passed = [line.split()[:4] for line in done.out.splitlines()[:-1]]
    assert sorted(passed) == [
        ["pass", "peer", "peer-catalog", "catalog"],
        ["pass", "peer", "peer-count", "call"],
        ["pass", "peer", "peer-handshake", "handshake"],
    ]
    assert done.out.splitlines()[-1].startswith("3 passed, 0 failed, 0 unknown")
    told = done.err.splitlines()
    assert told[0] == "peer: 3 tools without a probe:"
    for name in ("delete", "silent", "ask (customer_id)"):
        assert any(name in each for each in told[1:-1]), told
    assert told[-1] == f"keep these probes: mcp-prober init {peer.url}"


async def test_tools_are_listed_once_to_make_the_probes_and_once_by_the_catalog() -> None:
    async with offering(tool("ask", inputSchema=ASKING)) as peer:  # its argument is guessed, which takes a survey
        await quick(peer.url)
        assert [request.rpc_method for request in peer.requests].count("tools/list") == 2


@pytest.mark.parametrize("era", ERAS)
async def test_a_command_is_probed_too(era: Era, tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era=era)
    words = shlex.join(peer.target["command"])
    root = peer.target["cwd"]
    done = await quick("--env", f"PYTHONPATH={root}", "--output", "json", "--", *peer.target["command"])
    assert done.code == 0, done.out + done.err
    assert {result["kind"]: result["verdict"] for result in done.results.values()}["handshake"] == "pass"
    assert {result["protocol"]["era"] for result in done.results.values()} == {era}
    assert done.err.splitlines()[-1] == f"keep these probes: mcp-prober init --env PYTHONPATH={root} -- {words}"
    assert peer.survivors == []


async def test_the_legacy_transport_is_an_option_and_is_kept() -> None:
    async with legacy_peer() as peer:
        done = await quick(peer.url, "--transport", "sse", "--output", "json", "--concurrency", "1")
    assert done.code == 0, done.out + done.err
    assert done.err.splitlines()[-1] == f"keep these probes: mcp-prober init --transport sse {peer.url}"


async def test_the_command_that_keeps_the_probes_does_so_and_leaves_secrets_in_the_environment(tmp_path: Path) -> None:
    headers = ("--header", "Authorization: Bearer ${KEY}", "--header", "X-Team: it's ours", "--timeout", "7s")
    async with offering(tool("count", gives({"n": 1}))) as peer:
        done = await quick(*headers, peer.url, env={"KEY": SECRET})
        assert done.code == 0, done.out + done.err
        sent = peer.requests[-1].headers
        words = shlex.split(done.err.splitlines()[-1].removeprefix("keep these probes: "))
        into = ("--output-dir", str(tmp_path / "kept"))
        kept = await quickly(*words[1:], *into, env={"KEY": SECRET})
        again = await quick(str(tmp_path / "kept"), env={"KEY": SECRET})
    assert (sent["authorization"], sent["x-team"]) == (f"Bearer {SECRET}", "it's ours")
    assert SECRET not in done.out + done.err
    assert words[:2] == ["mcp-prober", "init"]
    assert kept.code == 0, kept.err
    assert again.code == 0, again.out
    names = {line.split()[2] for line in done.out.splitlines()[:-1]}
    assert names == {line.split()[2] for line in again.out.splitlines()[:-1]}


async def test_a_secret_in_plain_text_is_refused_before_anything_is_sent() -> None:
    async with offering(tool("count")) as peer:
        done = await quick(peer.url, "--header", f"Authorization: Bearer {SECRET}")
        assert peer.requests == []
    assert (done.code, done.out) == (2, "")
    assert "--header 'Authorization: ${VARIABLE}'" in done.err
    assert SECRET not in done.err


@pytest.mark.parametrize("era", ERAS)
async def test_an_id_that_another_tool_gives_is_used_as_init_would_use_it(era: Era) -> None:
    def note(arguments: Any) -> Any:
        known = arguments["note_id"] == "n7"
        return {"content": [{"type": "text", "text": "a note" if known else "none"}], "isError": not known}

    wanted = {"type": "object", "properties": {"note_id": {"type": "string"}}, "required": ["note_id"]}
    listing = tool("list_notes", gives({"notes": [{"id": "n7"}]}))
    async with offering(listing, tool("get_note", note, inputSchema=wanted), era=era) as peer:
        done = await quick(peer.url, "--output", "json")
        assert called(peer)[-1] == ("get_note", {"note_id": "n7"})
    assert done.code == 0, done.out + done.err
    assert {name: result["kind"] for name, result in done.results.items()} == {
        "peer-handshake": "handshake",
        "peer-catalog": "catalog",
        "peer-list_notes": "call",
        "peer-get_note": "scenario",
    }
    assert "without a probe" not in done.err


WRONG_ANSWERS: Final[tuple[tuple[str, Any, str], ...]] = (
    ("error", says("no luck", isError=True), "tool_error"),
    ("mismatch", gives({"n": "one"}), "output_schema_mismatch"),
    ("shape", lambda _: {"content": [{"type": "text"}]}, "bad_result"),
)


@pytest.mark.parametrize(
    ("answer", "reason"), [row[1:] for row in WRONG_ANSWERS], ids=[row[0] for row in WRONG_ANSWERS]
)
async def test_a_wrong_answer_fails_with_its_evidence_and_the_others_are_judged_all_the_same(
    answer: Any, reason: str
) -> None:
    async with offering(tool("bad", answer, outputSchema=NUMBERED), tool("good")) as peer:
        done = await quick(peer.url, "--output", "json")
    assert done.code == 1
    results = done.results
    assert results["peer-bad"]["reason"] == reason
    assert {name: result["verdict"] for name, result in results.items() if name != "peer-bad"} == {
        "peer-handshake": "pass",
        "peer-catalog": "pass",
        "peer-good": "pass",
    }


async def test_a_list_of_the_wrong_shape_is_shown_and_calls_nothing() -> None:
    async with offering(tool("count", inputSchema="none")) as peer:
        done = await quick(peer.url, "--output", "json")
        assert called(peer) == []
    assert done.code == 1
    results = done.results
    assert {name: result["reason"] for name, result in results.items()} == {
        "peer-handshake": None,
        "peer-catalog": "bad_result",
    }
    assert results["peer-catalog"]["step"] == "tools/list"
    assert "keep these probes" not in done.err


async def test_a_server_that_could_not_be_listed_at_first_is_not_called_sound() -> None:
    times = 0

    async def fails_once(call: Call) -> None:
        nonlocal times
        if call.request.rpc_method != "tools/list":
            return await well(call)
        times += 1
        if times > 1:
            return await well(call)
        error = {"jsonrpc": "2.0", "id": call.request.rpc_id, "error": {"code": -32603, "message": "warming up"}}
        return await call.respond(200, {"Content-Type": JSON}, dump(error))

    async with offering(faults={"list": fails_once}) as peer:
        done = await quick(peer.url)
    assert done.out.splitlines()[-1].startswith("2 passed, 0 failed")
    assert done.code == 3
    assert "no tool was called, because the first look failed: rpc_error" in done.err
    assert "warming up" in done.err


@pytest.mark.parametrize("words", [("http://127.0.0.1:9/mcp",), ("--", "no-such-mcp-server", "-x")])
async def test_a_server_that_is_not_there_fails_and_there_is_nothing_to_keep(words: tuple[str, ...]) -> None:
    done = await quick(*words)
    assert done.code == 1
    assert done.out.startswith("fail  server  server-")
    assert ("connect_refused" if "--" not in words else "spawn_failed") in done.out
    assert "keep" not in done.err


async def test_an_address_without_a_path_is_found_and_one_where_nothing_is_fails() -> None:
    async with offering(tool("count")) as peer:
        address = peer.url.removeprefix("http://").removesuffix("/mcp")
        found = await quick(address, "--output", "json")
    gone = await quick("127.0.0.1:9")
    assert found.code == 0, found.out + found.err
    assert "peer-count" in found.results
    assert found.err.splitlines()[-1] == f"keep these probes: mcp-prober init {address}"
    assert (gone.code, gone.out) == (1, "")
    assert "No MCP server answers there" in gone.err


@pytest.fixture
def client_file(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / ".mcp.json"


def written(client_file: Path, servers: Mapping[str, Any]) -> None:
    client_file.write_text(json.dumps({"mcpServers": servers}))


async def test_the_servers_of_a_clients_file_are_probed_in_one_pass(client_file: Path) -> None:
    async with offering(tool("b-c"), tool("wipe", read_only=None)) as one, offering(tool("c")) as other:
        servers = {"a": {"type": "http", "url": one.url}, "A-b": {"type": "http", "url": other.url}}
        written(client_file, servers)
        both = await quick(str(client_file), "--output", "json")
        assert called(one) == [("b-c", {})]
        assert called(other) == [("c", {})]
        chosen = await quick(str(client_file), "--server", "A*", "--output", "json")
    assert (both.code, chosen.code) == (0, 0), both.out + both.err
    assert set(both.results) == {
        *("a-handshake", "a-catalog", "a-b-c"),
        *("a-b-handshake", "a-b-catalog", "a-b-c-2"),
    }
    assert set(chosen.results) == {"a-b-handshake", "a-b-catalog", "a-b-c"}
    assert "a: 1 tool without a probe:" in both.err.splitlines()
    assert both.err.splitlines()[-1] == f"keep these probes: mcp-prober init {client_file}"
    assert chosen.err.splitlines()[-1] == f"keep these probes: mcp-prober init --server 'A*' {client_file}"


async def test_a_command_of_a_clients_file_is_started_only_if_it_is_named(tmp_path: Path, client_file: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern")
    program, *arguments = peer.target["command"]
    server = {"command": program, "args": arguments, "env": {"PYTHONPATH": peer.target["cwd"]}}
    written(client_file, {"mine": server})
    refused = await quick(str(client_file))
    assert (refused.code, refused.out) == (2, "")
    assert "Nothing was started" in refused.err
    assert peer.pids == []
    done = await quick(str(client_file), "--server", "mine", "--output", "json")
    assert done.code == 0, done.out + done.err
    assert "mine-handshake" in done.results
    shown = await quickly("list", str(client_file), "tools", "--server", "mine")
    answer = await quickly("call", str(client_file), "echo", "--yes", "--arg", "message=hi")
    assert (shown.code, answer.code) == (0, 0), shown.err + answer.err
    assert "  echo " in shown.out
    assert '"message": "hi"' in answer.out


async def test_every_report_stands_alone_on_standard_output() -> None:
    async with offering(tool("count"), tool("write", read_only=None)) as peer:
        by_output = {name: await quick(peer.url, "--output", name) for name in ("json", "junit", "prometheus")}
        more = [await quick(peer.url, "--output", name) for name in ("sarif", "github")]
    assert {done.code for done in (*by_output.values(), *more)} == {0}
    assert json.loads(more[0].out)["runs"][0]["results"] == []
    assert json.loads(by_output["json"].out)["summary"] == {"pass": 3, "fail": 0, "unknown": 0}
    assert len(list(ElementTree.fromstring(by_output["junit"].out).iter("testcase"))) == 3
    assert list(text_string_to_metric_families(by_output["prometheus"].out))
    assert all("keep these probes" in done.err for done in by_output.values())


async def test_the_probes_are_chosen_as_those_of_a_file_are() -> None:
    async with offering(tool("count"), tool("other")) as peer:
        done = await quick(peer.url, "--probe", "peer-count", "--output", "json")
        assert called(peer) == [("count", {})]
        wrong = await quick(peer.url, "--probe", "peer-coun")
    assert list(done.results) == ["peer-count"]
    assert (wrong.code, wrong.out) == (2, "")
    assert "Did you mean 'peer-count'?" in wrong.err


async def test_a_slow_start_has_its_time() -> None:
    words = slow_server.command(start=0.8)
    done = await quick("--timeout", "500ms", "--startup-timeout", "20s", "--", *words)
    assert done.code == 0, done.out + done.err
    done = await quick("--timeout", "500ms", "--startup-timeout", "300ms", "--output", "json", "--", *words)
    assert done.code == 1
    assert "the server wrote nothing for 0.3 s after its start" in done.results["server-handshake"]["message"]


async def test_what_a_hostile_server_calls_its_tools_does_no_harm_to_the_terminal() -> None:
    tools = [tool(f"\x1b[2J{n}\n\u202e", read_only=n % 2 == 0) for n in range(30)]
    async with offering(*tools) as peer:
        done = await quick(peer.url)
    assert done.code == 0, done.out
    assert all(each.isprintable() or each == "\n" for each in done.out + done.err)
    assert len(done.err.splitlines()) == 3
