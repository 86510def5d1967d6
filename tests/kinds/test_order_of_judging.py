"""Where several things are wrong with one answer, the first in this order is told: how it came, then what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Outcome, Reason
from tests.kinds.offering import ERAS, Answer, gives, offering, probed, respond, tool
from tests.peers import http_acts
from tests.peers.http_peer import Act, Call
from tests.peers.messages import dump
from tests.peers.protocol import Era, Step
from tests.peers.wire import JSON

LATE: Final = 0.4
NUMBER: Final = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
SMALL: Final = {"properties": {"count": {"maximum": 5}}}
PROBE: Final[dict[str, Any]] = {
    "kind": "call",
    "tool": "count",
    "schema": SMALL,
    "expect": [{"path": "$.count", "equals": 3}, {"path": "$.count", "range": {"min": 2}}],
    "latency": {"fail": "250ms"},
}


def late(answer: Answer) -> Answer:
    """The same answer, over the budget: the last thing that can be wrong."""

    async def later(arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(LATE)
        result = answer(arguments)
        assert isinstance(result, dict)
        return result

    return later


TEXT_FOR_NUMBER: Final = {"count": "many"}


def spoilt(status: int, **changes: Any) -> Act:
    """An answer that is wrong in every way that comes after `status`."""

    async def act(call: Call) -> None:
        await asyncio.sleep(LATE)
        result = {"resultType": "complete", "content": [], "structuredContent": TEXT_FOR_NUMBER, "isError": True}
        message = {"jsonrpc": "2.0", "id": call.request.rpc_id, "result": result, **changes}
        await call.respond(status, {"Content-Type": JSON}, dump(message))

    return act


BY_WIRE: Final = (
    ("the connection breaks", Reason.CONNECTION_CLOSED, http_acts.close),
    ("HTTP says no", Reason.SERVER_ERROR, spoilt(500, id=4711)),
    ("the content is of another type", Reason.BAD_CONTENT_TYPE, http_acts.typed("text/html")),
    ("it answers something else", Reason.WRONG_ID, spoilt(200, id=4711)),
    ("it is not what MCP defines", Reason.BAD_RESULT, spoilt(200, result={"isError": True, "content": "many"})),
    ("the tool says that it failed", Reason.TOOL_ERROR, spoilt(200)),
)

BY_CONTENT: Final = (
    ("the server breaks its own word", Reason.OUTPUT_SCHEMA_MISMATCH, late(gives(TEXT_FOR_NUMBER))),
    ("the operator's schema is broken", Reason.SCHEMA_MISMATCH, late(gives({"count": 7}))),
    ("the first expectation fails", Reason.EXPECTATION_FAILED, late(gives({"count": 1}))),
    ("it only comes late", Reason.TOO_SLOW, late(gives({"count": 3}))),
    ("nothing is wrong", None, gives({"count": 3})),
)


async def judged(folder: Path, answer: Answer, *, era: Era, faults: Mapping[Step, Act] | None = None) -> Outcome:
    counter = tool("count", answer, outputSchema=NUMBER)
    async with offering(counter, era=era, faults=faults) as peer:
        return await probed(peer, PROBE, folder)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("reason", "act"), [row[1:] for row in BY_WIRE], ids=[row[0] for row in BY_WIRE])
async def test_what_is_wrong_with_the_way_an_answer_came_counts_before_what_it_says(
    reason: Reason, act: Act, era: Era, tmp_path: Path
) -> None:
    outcome = await judged(tmp_path, gives({}), era=era, faults={"call": act})
    assert outcome.reason is reason, outcome.message
    assert outcome.step == "tools/call"


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("reason", "answer"), [row[1:] for row in BY_CONTENT], ids=[row[0] for row in BY_CONTENT])
async def test_the_first_of_the_wrong_things_is_told(
    reason: Reason | None, answer: Answer, era: Era, tmp_path: Path
) -> None:
    outcome = await judged(tmp_path, answer, era=era)
    assert outcome.reason is reason, outcome.message
    assert outcome.step == ("tools/call" if reason else None)


async def test_expectations_are_judged_in_their_order(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, gives({"count": 1}), era="modern")
    [evidence] = outcome.evidence
    assert (evidence.pointer, evidence.keyword, evidence.expected, evidence.seen) == ("/count", "equals", "3", "1")


async def test_a_missing_structured_content_is_the_servers_broken_word_before_the_operators(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, lambda arguments: {"content": []}, era="modern")
    assert outcome.reason is Reason.OUTPUT_SCHEMA_MISMATCH


@pytest.mark.clock
async def test_the_latency_is_that_of_the_call_and_a_warning_below_the_limit(tmp_path: Path) -> None:
    async def slow_listing(call: Call) -> None:
        await asyncio.sleep(LATE)
        await respond(call, (call.good.message or {})["result"] | {"tools": [tool("count").listing]})

    async with offering(tool("count", late(gives({}))), faults={"list": slow_listing}) as peer:
        probe = {"kind": "call", "tool": "count", "latency": {"warn": "100ms", "fail": "5s"}}
        outcome = await probed(peer, probe, tmp_path)
    assert outcome.reason is None
    [warning] = outcome.warnings
    assert "more than 100 ms" in warning
    latency = outcome.facts["latency_seconds"]
    assert LATE <= latency <= outcome.duration_seconds - LATE  # the listing was as slow, and does not count
