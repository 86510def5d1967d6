"""`from:` says what is judged: structured content, the first text as JSON, or the whole result."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason
from tests.kinds.offering import Answer, gives, offering, probed, respond, says, tool
from tests.peers.http_peer import Call, Script, http_peer
from tests.peers.protocol import FACTS

OBJECT: Final = {"type": "object"}
THREE: Final = [{"path": "$.count", "equals": 3}]


def picture(arguments: dict[str, Any]) -> dict[str, Any]:
    """An image, then a text."""
    return {
        "content": [{"type": "image", "data": "AA==", "mimeType": "image/png"}, {"type": "text", "text": '{"count":3}'}]
    }


ROWS: Final[tuple[tuple[str, Answer, dict[str, Any], Reason | None, str], ...]] = (
    ("structured is the default", gives({"count": 3}), {"expect": THREE}, None, ""),
    (
        "structured, not the text beside it",
        gives({"count": 3}, content=[{"type": "text", "text": "none"}]),
        {"expect": THREE},
        None,
        "",
    ),
    (
        "nothing structured, and a schema",
        says("3 stars"),
        {"schema": OBJECT},
        Reason.SCHEMA_MISMATCH,
        "the answer has no structuredContent; judge its text with `from: text`",
    ),
    (
        "nothing structured, and an expectation",
        says("3 stars"),
        {"expect": THREE},
        Reason.EXPECTATION_FAILED,
        "the answer has no structuredContent",
    ),
    ("nothing structured, and nothing asked", says("3 stars"), {}, None, ""),
    ("the text as JSON", says('{"count": 3}'), {"from": "text", "expect": THREE, "schema": OBJECT}, None, ""),
    (
        "the text, not what is structured",
        gives({"count": 4}, content=[{"type": "text", "text": '{"count": 3}'}]),
        {"from": "text", "expect": THREE},
        None,
        "",
    ),
    ("the first of two texts", says('{"count": 3}', '{"count": 4}'), {"from": "text", "expect": THREE}, None, ""),
    ("the text behind an image", picture, {"from": "text", "expect": THREE}, None, ""),
    (
        "a text that is null is a value",
        says("null"),
        {"from": "text", "expect": [{"path": "$", "type": "null"}], "schema": {"type": "null"}},
        None,
        "",
    ),
    (
        "a text that is no JSON",
        says("3 stars"),
        {"from": "text", "schema": True},
        Reason.SCHEMA_MISMATCH,
        "the answer has no text that is JSON",
    ),
    (
        "no text at all",
        lambda arguments: {"content": []},
        {"from": "text", "expect": THREE},
        Reason.EXPECTATION_FAILED,
        "the answer has no text that is JSON",
    ),
    (
        "JSON in FastMCP's result",
        gives({"result": '{"count": 3}'}),
        {"from": "result-text", "expect": THREE, "schema": OBJECT},
        None,
        "",
    ),
    (
        "a result that is no text",
        gives({"result": {"count": 3}}),
        {"from": "result-text", "expect": THREE},
        Reason.EXPECTATION_FAILED,
        "the answer has no structuredContent with a `result` that is JSON as text; judge it with `from: structured`",
    ),
    (
        "a result that is no JSON",
        gives({"result": "three"}),
        {"from": "result-text", "schema": OBJECT},
        Reason.SCHEMA_MISMATCH,
        "the answer has no structuredContent with a `result`",
    ),
    (
        "the whole result",
        says("3 stars"),
        {"from": "result", "expect": [{"path": "$.content[0].text", "matches": "^3"}]},
        None,
        "",
    ),
    (
        "a failure shows place, rule and what was seen",
        gives({"count": None}),
        {"schema": {"properties": {"count": {"type": "integer"}}}},
        Reason.SCHEMA_MISMATCH,
        "/count: type: expected integer, seen null",
    ),
)


@pytest.mark.parametrize(("answer", "checks", "reason", "told"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
async def test_a_call_is_judged_by_what_from_selects(
    answer: Answer, checks: dict[str, Any], reason: Reason | None, told: str, tmp_path: Path
) -> None:
    async with offering(tool("count", answer)) as peer:
        outcome = await probed(peer, {"kind": "call", "tool": "count", **checks}, tmp_path)
    assert outcome.reason is reason, outcome.message
    assert told in outcome.message
    assert outcome.step == ("tools/call" if reason else None)


async def test_what_the_server_declares_is_held_against_structured_content_whatever_from_selects(
    tmp_path: Path,
) -> None:
    counter = tool("count", gives({"count": "3"}), outputSchema={"properties": {"count": {"type": "integer"}}})
    async with offering(counter) as peer:
        outcome = await probed(peer, {"kind": "call", "tool": "count", "from": "text", "schema": OBJECT}, tmp_path)
    assert outcome.reason is Reason.OUTPUT_SCHEMA_MISMATCH
    assert outcome.evidence[0].pointer == "/count"


READ: Final[dict[str, Any]] = {"kind": "read", "uri": FACTS["uri"]}
PROMPT: Final[dict[str, Any]] = {"kind": "prompt", "prompt": "greet", "arguments": {"name": "Ada"}}

OTHER_KINDS: Final[tuple[tuple[str, dict[str, Any], Reason | None], ...]] = (
    (
        "a resource is judged whole",
        READ | {"expect": [{"path": "$.contents[0].mimeType", "equals": FACTS["mimeType"]}]},
        None,
    ),
    ("a resource's text as JSON", READ | {"from": "text", "expect": [{"path": "$.stars", "equals": 3}]}, None),
    (
        "a resource that is not as expected",
        READ | {"from": "text", "expect": [{"path": "$.stars", "equals": 4}]},
        Reason.EXPECTATION_FAILED,
    ),
    (
        "a prompt is judged whole, and had its arguments",
        PROMPT | {"expect": [{"path": "$.messages[0].content.text", "equals": "Greet Ada."}]},
        None,
    ),
    ("a prompt's text is no JSON", PROMPT | {"from": "text", "schema": {"type": "object"}}, Reason.SCHEMA_MISMATCH),
)


@pytest.mark.parametrize(("probe", "reason"), [row[1:] for row in OTHER_KINDS], ids=[row[0] for row in OTHER_KINDS])
async def test_resources_and_prompts_are_judged_like_calls(
    probe: dict[str, Any], reason: Reason | None, tmp_path: Path
) -> None:
    async with http_peer(Script()) as peer:
        outcome = await probed(peer, probe, tmp_path)
    assert outcome.reason is reason, outcome.message
    method = {"read": "resources/read", "prompt": "prompts/get"}[probe["kind"]]
    assert outcome.step == (method if reason else None)


async def test_a_resource_as_bytes_has_no_text(tmp_path: Path) -> None:
    async def blob(call: Call) -> None:
        await respond(call, {"contents": [{"uri": FACTS["uri"], "blob": "AA=="}], "ttlMs": 0, "cacheScope": "private"})

    async with http_peer(Script(faults={"read": blob})) as peer:
        probe = {"kind": "read", "uri": FACTS["uri"], "from": "text", "schema": True}
        outcome = await probed(peer, probe, tmp_path)
    assert outcome.reason is Reason.SCHEMA_MISMATCH
    assert outcome.evidence[0].seen == "no text"
