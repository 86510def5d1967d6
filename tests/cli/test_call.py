"""`call`: one tool, once; its answer on standard output, the verdict on standard error, nothing sent that is wrong."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.command import mcp_prober, quickly
from tests.kinds.offering import ERAS, called, document, gives, offering, says, tool
from tests.peers.child import StdioPeer
from tests.peers.http_acts import silence
from tests.peers.http_peer import Call
from tests.peers.messages import dump
from tests.peers.protocol import Era
from tests.peers.wire import JSON

SECRET: Final = "s3cr3t-0f-th3-targ3t"
INPUT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 1},
        "name": {"type": "string"},
        "exact": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["n"],
}
NUMBERED: Final = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize("era", ERAS)
async def test_the_answer_is_on_standard_output_and_the_verdict_beside_it(era: Era) -> None:
    counting = tool("count", gives({"n": 1}), outputSchema=NUMBERED, inputSchema=INPUT)
    async with offering(counting, era=era) as peer:
        words = ("--arg", "n=3", "--arg", "name=3", "--arg", "exact=true", "--arg", 'tags=["a"]')
        done = await quickly("call", peer.url, "count", *words)
        assert called(peer) == [("count", {"n": 3, "name": "3", "exact": True, "tags": ["a"]})]
    assert done.code == 0, done.err
    assert done.out == '{\n  "n": 1\n}\n'
    assert done.err.startswith("pass: the answer took ")
    assert done.err.endswith("; it fits its outputSchema\n")


@pytest.mark.parametrize("era", ERAS)
async def test_a_command_stands_behind_the_dashes_and_its_options_are_its_own(era: Era, tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era=era)
    words = ("--env", f"PYTHONPATH={peer.target['cwd']}", "--arg", "message=hello", "--output", "json")
    done = await quickly("call", "echo", *words, "--", *peer.target["command"])
    assert done.code == 0, done.err
    assert json.loads(done.out)["structuredContent"]["message"] == "hello"
    assert [m["params"]["arguments"] for m in peer.received if m.get("method") == "tools/call"] == [
        {"message": "hello"}
    ]
    assert peer.survivors == []


async def test_a_target_of_the_configuration_is_called_by_its_name(tmp_path: Path) -> None:
    async with offering(tool("count", says("one"))) as peer:
        folder = tmp_path / "probes"
        folder.mkdir()
        configuration = document(peer, headers={"X-Key": "${KEY}"})
        (folder / "servers.yaml").write_text(json.dumps(configuration))
        done = await mcp_prober("call", "peer", "count", cwd=tmp_path, env={"KEY": SECRET})
        named = await quickly("call", "peer", "count", "--config", str(folder), env={"KEY": SECRET})
        wrong = await quickly("call", "per", "count", "--config", str(folder), env={"KEY": SECRET})
        options = await quickly(
            "call", "peer", "count", "--config", str(folder), "--header", "A: b", env={"KEY": SECRET}
        )
        assert peer.requests[-1].headers["x-key"] == SECRET
    assert (done.code, done.out, named.code, named.out) == (0, "one\n", 0, "one\n")
    assert (wrong.code, options.code) == (2, 2)
    assert "There is no target 'per'; did you mean peer?" in wrong.err
    assert "--header is for a URL or a command" in options.err


@pytest.mark.parametrize("hint", [None, False], ids=["silent", "writer"])
async def test_what_may_write_is_called_only_if_that_is_allowed(hint: bool | None) -> None:
    async with offering(tool("wipe", says("gone"), read_only=hint)) as peer:
        refused = await quickly("call", peer.url, "wipe")
        assert called(peer) == []
        allowed = await quickly("call", peer.url, "wipe", "--allow-writes")
        assert called(peer) == [("wipe", {})]
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "wipe was not called: it does not say readOnlyHint: true, so it may change something."
        " To call it all the same: --allow-writes\n"
    )
    assert (allowed.code, allowed.out) == (0, "gone\n")


MISTAKES: Final[tuple[tuple[str, str], ...]] = (
    ("", '(root): required: expected member "n", seen {}'),
    ("--arg n=three", '--arg n: expected integer, such as 3, seen "three"'),
    ("--arg n=0", "/n: minimum: expected"),
    ("--arg n=1.5", "/n: type: expected integer, seen 1.5"),
    ("--arg n=1 --arg exact=yes", '--arg exact: expected boolean, such as true, seen "yes"'),
    ("--arg n=1 --arg tags=a", '--arg tags: expected array, such as \'["a", "b"]\', seen "a"'),
    ("--arg n=1 --arg tags=[1]", "/tags/0: type: expected string, seen 1"),
    ("--arg n=1 --arg nmae=x", "the tool has no argument 'nmae'; did you mean name?"),
    ("--arg n=NaN", '--arg n: expected integer, such as 3, seen "NaN"'),
)


@pytest.mark.parametrize(("words", "mistake"), MISTAKES)
async def test_arguments_that_the_tool_does_not_take_are_not_sent(words: str, mistake: str) -> None:
    async with offering(tool("count", inputSchema=INPUT), era="handshake") as peer:
        done = await quickly("call", peer.url, "count", *shlex.split(words.replace("[", "'[").replace("]", "]'")))
        assert called(peer) == []
        assert peer.requests[-1].method == "DELETE"  # the session was ended as politely as after any answer
    assert (done.code, done.out) == (2, "")
    first, second = done.err.splitlines()
    assert first.startswith("count was not called: ")
    assert mistake in first
    assert second == ("its arguments (* required): n* (integer), name (string), exact (boolean), tags (array)")


async def test_arguments_may_be_a_json_object_or_a_file_and_single_ones_win(tmp_path: Path) -> None:
    file = tmp_path / "arguments.json"
    file.write_text('{"n": 2, "name": "from file"}')
    async with offering(tool("count", inputSchema=INPUT)) as peer:
        codes = [
            (await quickly("call", peer.url, "count", *words)).code
            for words in (("--args", '{"n": 1, "other": []}'), ("--args", f"@{file}", "--arg", "n=7"))
        ]
        assert codes == [0, 0]
        assert called(peer) == [("count", {"n": 1, "other": []}), ("count", {"n": 7, "name": "from file"})]


@pytest.mark.parametrize("era", ERAS)
async def test_an_answer_that_is_wrong_is_shown_and_fails(era: Era) -> None:
    wrong = tool("wrong", gives({"n": "one"}), outputSchema=NUMBERED)
    async with offering(wrong, tool("fails", says("no luck", isError=True)), era=era) as peer:
        mismatch = await quickly("call", peer.url, "wrong")
        error = await quickly("call", peer.url, "fails")
    assert (mismatch.code, error.code) == (1, 1)
    assert json.loads(mismatch.out) == {"n": "one"}
    assert "fail: output_schema_mismatch at tools/call: /n: type: expected integer" in " ".join(mismatch.err.split())
    assert error.out == "no luck\n"
    assert error.err.startswith("fail: tool_error at tools/call: fails answered with an error: no luck\n")


async def test_a_schema_that_is_no_schema_leaves_the_arguments_unchecked_and_says_so() -> None:
    async with offering(
        tool("count", says("one"), inputSchema={"type": "object", "properties": {"n": {"type": "integr"}}})
    ) as peer:
        done = await quickly("call", peer.url, "count", "--arg", "n=3")
        assert called(peer) == [("count", {"n": 3})]
    assert (done.code, done.out) == (0, "one\n")
    assert done.err.startswith(
        "warning: the arguments were not checked: the inputSchema is no sound schema at /properties/n/type\n"
    )


async def test_a_tool_that_is_not_there_has_the_nearest_name() -> None:
    async with offering(tool("count"), tool("other")) as peer:
        done = await quickly("call", peer.url, "cuont")
    assert (done.code, done.out) == (1, "")
    assert done.err == "fail: tool_missing at tools/list: the server lists no tool 'cuont'; did you mean count?\n"


async def test_a_server_that_cannot_be_asked_fails_with_its_reason() -> None:
    gone = await quickly("call", "http://127.0.0.1:9/mcp", "count")
    async with offering(tool("count"), faults={"call": silence}) as peer:
        silent = await quickly("call", peer.url, "count", "--timeout", "300ms")
    assert (gone.code, silent.code) == (1, 1)
    assert gone.err.startswith("fail: connect_refused at ")
    assert silent.err.startswith("fail: timeout at tools/call: ")


async def test_what_a_hostile_server_answers_does_no_harm_to_the_terminal() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eevil\r"
    answers = {
        "text": says(evil),
        "data": gives({evil: evil}),
        "link": lambda _: {"content": [{"type": "resource_link", "name": evil, "uri": f"peer://{evil}"}]},
    }
    async with offering(*(tool(name, answer) for name, answer in answers.items())) as peer:
        for name in answers:
            for output in ("text", "json"):
                done = await quickly("call", peer.url, name, "--output", output)
                assert done.code == 0, done.err
                assert "evil" in done.out
                assert all(each.isprintable() or each == "\n" for each in done.out + done.err), (name, output)


async def test_a_secret_that_the_server_hands_back_is_masked_everywhere() -> None:
    async def refuse(call: Call) -> None:
        error = {"code": -32000, "message": f"bad key {call.request.headers['x-key']}"}
        await call.respond(
            200, {"Content-Type": JSON}, dump({"jsonrpc": "2.0", "id": call.request.rpc_id, "error": error})
        )

    told = tool("told", gives({SECRET: [SECRET]}))
    both: tuple[dict[Any, Any], ...] = ({}, {"call": refuse})
    for faults in both:
        async with offering(told, faults=faults) as peer:
            for output in ("text", "json"):
                words = ("--header", "X-Key: ${KEY}", "--output", output)
                done = await quickly("call", peer.url, "told", *words, env={"KEY": SECRET})
                assert done.code == (1 if faults else 0)
                assert "***" in done.out + done.err
                assert SECRET not in done.out + done.err
