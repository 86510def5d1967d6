"""What becomes of each tool: called or not, twice and not more, and which schema and source its answers get."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from prober.assertions.json_schema.schema import first_mismatch, load_schema
from prober.discover.schema_inference import infer
from prober.discover.surveyed import SkipReason
from prober.outcome import Failure, Reason
from tests.discover.drafting import drafted
from tests.kinds.offering import ERAS, Answer, called, gives, offering, says, tool
from tests.leaks import nothing_left_behind
from tests.peers.http_acts import close, silence, status
from tests.peers.http_peer import Call, Script, http_peer, well
from tests.peers.protocol import Era, Message

NEEDS_TEXT: Final = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
COUNT: Final = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}


@pytest.mark.parametrize("era", ERAS)
async def test_only_tools_that_say_that_they_only_read_are_called(era: Era, tmp_path: Path) -> None:
    tools = [
        tool("reads"),
        tool("writes", read_only=False),
        tool("says nothing", read_only=None),
        tool("says something else", read_only=None, annotations={"destructiveHint": False, "idempotentHint": True}),
        tool("reads with arguments", inputSchema=NEEDS_TEXT),
        tool("writes with defaults", read_only=False, inputSchema={"type": "object", "default": {}}),
    ]
    async with offering(*tools, era=era) as peer:
        found = await drafted({"url": peer.url}, tmp_path)
        assert Counter(name for name, _ in called(peer)) == {"reads": 2}
    assert list(found.answering) == ["reads"]
    unread = "not called, for want of readOnlyHint: true"
    assert found.left_out == {
        "writes": "not called, for they say that they write",
        "says nothing": unread,
        "says something else": unread,
        "reads with arguments": "with arguments for you to choose",
        "writes with defaults": "not called, for they say that they write",
    }


async def test_nothing_but_looking_is_done_to_a_server(tmp_path: Path) -> None:
    async with http_peer(Script(era="handshake")) as peer:
        await drafted({"url": peer.url, "protocol": "handshake"}, tmp_path)
        assert {name for name, _ in called(peer)} == {"echo"}  # which says that it only reads
    asked = {"initialize", "notifications/initialized"}
    lists = {"tools/list", "prompts/list", "resources/list", "resources/templates/list"}
    assert set(peer.rpc_methods) == asked | lists | {"tools/call"}


async def test_tools_share_a_session_for_as_long_as_it_stands(tmp_path: Path) -> None:
    failing = (tool("fails", says("no", isError=True)), tool("lies", gives({"count": "x"}), outputSchema=COUNT))
    async with offering(tool("first"), *failing, tool("last"), era="handshake") as peer:
        found = await drafted({"url": peer.url, "protocol": "handshake"}, tmp_path)
    assert list(found.answering) == ["first", "last"]
    assert peer.rpc_methods.count("initialize") == 2  # to look, and to call
    assert peer.verbs.count("DELETE") == 2


@pytest.mark.parametrize("bad", [close, status(503), silence], ids=["closed", "unavailable", "silent"])
async def test_a_tool_that_breaks_the_conversation_does_not_spoil_it_for_the_others(bad: Any, tmp_path: Path) -> None:
    tools = [tool("first"), tool("bad"), tool("last")]

    async def act(call: Call) -> None:
        name = call.request.message["params"]["name"]
        await (bad(call) if name == "bad" else offered(call))

    async with offering(*tools, era="handshake") as well_behaved:
        offered = well_behaved.script.faults["call"]
    async with offering(*tools, era="handshake", faults={"call": act}) as peer, nothing_left_behind():
        found = await drafted({"url": peer.url, "protocol": "handshake"}, tmp_path, timeout="1s")
    assert list(found.answering) == ["first", "last"]
    assert found.skipped["bad"].reason is SkipReason.FAILED


@pytest.mark.slow
async def test_each_tool_has_its_own_time(tmp_path: Path) -> None:
    async def slow(arguments: Message) -> Message:
        await asyncio.sleep(0.3)
        return {"content": []}

    async with offering(*(tool(f"t{number}", slow) for number in range(3))) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path, timeout="1s")
    assert len(found.answering) == 3  # each took more than half of the time, all of them more than the whole


NO_ANSWER: Final[tuple[tuple[str, Answer, dict[str, Any], str], ...]] = (
    ("says that it failed", says("no luck", isError=True), {}, "no luck"),
    ("breaks its own word", gives({"count": "many"}), {"outputSchema": COUNT}, "/count: type: expected integer"),
    ("forgets its own word", says("3"), {"outputSchema": COUNT}, "structuredContent"),
    ("gives a word that is none", gives({}), {"outputSchema": {"type": "word"}}, "outputSchema"),
    ("breaks the protocol", lambda arguments: {"content": "3"}, {}, "the result is not what"),
)


@pytest.mark.parametrize(("answer", "listing", "why"), [row[1:] for row in NO_ANSWER], ids=[r[0] for r in NO_ANSWER])
async def test_a_tool_whose_answers_would_not_pass_gets_no_probe(
    answer: Answer, listing: dict[str, Any], why: str, tmp_path: Path
) -> None:
    async with offering(tool("bad", answer, **listing), tool("good")) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = await found.run()
    assert why in found.left_out["bad"]
    assert list(found.answering) == ["good"]
    assert [outcome.reason for outcome in outcomes] == [None] * 3


async def test_a_server_that_cannot_be_listed_is_a_failure(tmp_path: Path) -> None:
    async with offering(faults={"list": status(503)}) as peer:
        with pytest.raises(Failure) as caught:
            await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    assert (caught.value.reason, caught.value.step) == (Reason.UNAVAILABLE, "tools/list")
    assert not (tmp_path / "probes").exists()


SOURCES: Final[tuple[tuple[str, Answer, str, Any], ...]] = (
    ("structured content", gives({"n": 1}), "structured", {"n": 1}),
    ("structured content, though there is no text", gives({"n": [1]}, content=[]), "structured", {"n": [1]}),
    ("text that is an object", says('{"n": 1}'), "text", {"n": 1}),
    ("text that is a list", says("[1]", "second"), "text", [1]),
    ("text that is only a number", says("5"), "result", {"content": [{"type": "text", "text": "5"}]}),
    ("plain text", says("hello"), "result", {"content": [{"type": "text", "text": "hello"}]}),
    ("nothing", lambda arguments: {"content": []}, "result", {"content": []}),
)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("answer", "source", "value"), [row[1:] for row in SOURCES], ids=[row[0] for row in SOURCES])
async def test_the_schema_is_for_the_first_place_that_holds_a_value(
    answer: Answer, source: str, value: Any, era: Era, tmp_path: Path
) -> None:
    async with offering(tool("t", answer), era=era) as peer:
        found = await drafted({"url": peer.url, "protocol": era}, tmp_path)
        outcomes = await found.run()
    _, settings = found.call("t")
    assert settings.checks.source == source
    assert found.answering["t"].schema == infer([value])
    assert [outcome.reason for outcome in outcomes] == [None] * 3


async def test_the_declared_schema_is_taken_over_where_it_will_do(tmp_path: Path) -> None:
    async with offering(tool("t", gives({"count": 3, "more": 1}), outputSchema=COUNT)) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    assert found.answering["t"].schema == COUNT


UNFIT: Final[dict[str, dict[str, Any]]] = {
    "a format that the answer does not have": {"properties": {"at": {"format": "date-time"}}},
    "too large to be read at every start": {"properties": {f"p{number}": {"type": "string"} for number in range(1200)}},
}


@pytest.mark.parametrize("declared", UNFIT.values(), ids=list(UNFIT))
async def test_a_declared_schema_that_would_not_do_for_a_probe_is_replaced(
    declared: dict[str, Any], tmp_path: Path
) -> None:
    answer = gives({"at": "2026-01-01 10:00"})
    async with offering(tool("t", answer, outputSchema={"type": "object", **declared})) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = await found.run()
    assert found.answering["t"].schema == infer([{"at": "2026-01-01 10:00"}])
    assert [outcome.reason for outcome in outcomes] == [None] * 3


async def test_what_differs_between_two_answers_is_not_asked_for(tmp_path: Path) -> None:
    calls = count()

    def answer(arguments: Message) -> Message:
        number = next(calls)
        often = {"sometimes": 1} if number % 2 else {}
        return {"content": [], "structuredContent": {"always": number, "mixed": [1, "x"][number % 2], **often}}

    async with offering(tool("t", answer)) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = [*(await found.run()), *(await found.run())]
    schema = found.answering["t"].schema
    assert sorted(schema["required"]) == ["always", "mixed"]
    assert sorted(schema["properties"]) == ["always", "mixed", "sometimes"]
    assert {outcome.reason for outcome in outcomes} == {None}


INFERRED: Final[tuple[tuple[str, list[Any], Any, bool], ...]] = (
    ("the same again", [{"a": 1}, {"a": 2}], {"a": 3}, True),
    ("what was always there is missing", [{"a": 1}, {"a": 2}], {}, False),
    ("another type", [{"a": 1}, {"a": 2}], {"a": "x"}, False),
    ("more than was there", [{"a": 1}], {"a": 1, "b": 2}, True),
    ("what was null once is a text", [{"a": None}, {"a": None}], {"a": "x"}, True),
    ("what was null once has gone", [{"a": None}], {}, False),
    ("what was sometimes null is another", [{"a": None}, {"a": 1}], {"a": "x"}, False),
    ("lists of what was in them", [[{"a": 1}], []], [{"a": 1}, {"a": 2}], True),
    ("a list with something else in it", [[{"a": 1}]], [{"a": 1}, 2], False),
    ("a list that was empty", [{"a": []}], {"a": [1, "x"]}, True),
    ("a member that is called type", [{"type": "null"}], {"type": "x"}, True),
)


@pytest.mark.parametrize(("values", "other", "fits"), [row[1:] for row in INFERRED], ids=[row[0] for row in INFERRED])
def test_an_inferred_schema_asks_for_what_was_always_there(values: list[Any], other: Any, fits: bool) -> None:
    schema = load_schema(infer(values), folder=None)
    assert all(first_mismatch(schema, value) is None for value in values)
    assert (first_mismatch(schema, other) is None) is fits


async def test_an_answer_that_is_nested_too_deeply_is_left_out(tmp_path: Path) -> None:
    deep = json.loads("[" * 400 + "]" * 400)
    async with offering(tool("deep", gives({"a": deep}, content=[])), tool("good")) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    assert list(found.answering) == ["good"]
    assert "deep" in found.left_out


async def test_a_tool_that_has_gone_when_it_is_called_is_left_out(tmp_path: Path) -> None:
    listings = count()

    async def once(call: Call) -> None:
        if call.request.rpc_method == "tools/list" and next(listings):
            return await status(503)(call)
        return await (well if call.request.rpc_method != "tools/list" else offered)(call)

    async with offering(tool("t")) as good:
        offered = good.script.faults["list"]
    async with offering(tool("t"), faults={"list": once}) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    assert found.left_out == {"t": "HTTP 503: Service Unavailable"}
