"""`session`: headers that lie, and versions that nobody speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prober.outcome import Reason
from tests.kinds.offering import probed
from tests.kinds.test_session import refusing, run_against
from tests.peers.http_acts import obliging, when
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import MODERN, RpcError, Step, reply
from tests.peers.wire import JSON


async def test_headers_that_lie_and_are_believed_fail(tmp_path: Path) -> None:
    outcome, _ = await run_against({"discover": obliging}, tmp_path, era="modern", skip=["versions"])
    assert (outcome.reason, outcome.step) == (Reason.HEADERS_UNCHECKED, "server/discover")
    assert outcome.message == (
        "a request whose Mcp-Method names another method is answered HTTP 200 and a result, not HTTP 400 with"
        " error -32020; 1 more in the evidence"
    )
    assert "without Mcp-Method" in (outcome.evidence[1].detail or "")
    outcome, _ = await run_against({"discover": obliging}, tmp_path, era="modern", skip=["versions", "headers"])
    assert outcome.reason is None


def lies(call: Call) -> bool:
    return call.good.status == 400


@pytest.mark.parametrize(
    ("answer", "warned"),
    [
        (refusing(400, RpcError(-32600, "Invalid request")), False),
        (refusing(200, RpcError(-32020, "Header mismatch")), False),
        (refusing(400), True),
        (refusing(403), True),
    ],
)
async def test_a_refusal_has_the_error_that_clients_know_unless_it_may_be_that_of_a_proxy(
    answer: Act, warned: bool, tmp_path: Path
) -> None:
    outcome, _ = await run_against({"discover": when(lies, answer)}, tmp_path, era="modern", skip=["versions"])
    assert outcome.reason is (None if warned else Reason.HEADERS_UNCHECKED), outcome.message
    assert len(outcome.warnings) == (2 if warned else 0)


@pytest.mark.parametrize("checked", [True, False])
async def test_a_name_that_lies_is_refused(checked: bool, tmp_path: Path) -> None:
    async def named(call: Call) -> None:
        told, meant = call.request.headers["mcp-name"], call.request.message["params"]["name"]
        assert told != meant
        assert meant == "mcp-prober-no-such-tool"
        result = {"resultType": "complete", "isError": True, "content": [{"type": "text", "text": "Unknown tool"}]}
        answer = {"error": {"code": -32020, "message": "Header mismatch"}} if checked else {"result": result}
        message = {"jsonrpc": "2.0", "id": call.request.rpc_id, **answer}
        await call.respond(400 if checked else 200, {"Content-Type": JSON}, dump(message))

    outcome, peer = await run_against({"call": named}, tmp_path, era="modern")
    assert peer.rpc_methods.count("tools/call") == 1
    assert outcome.reason is (None if checked else Reason.HEADERS_UNCHECKED)
    if not checked:
        assert outcome.message.startswith("a request whose Mcp-Name names another tool is answered HTTP 200")


async def test_an_unknown_tool_that_is_refused_first_says_nothing_of_the_header(tmp_path: Path) -> None:
    unknown = refusing(400, RpcError(-32602, "Unknown tool"))
    outcome, _ = await run_against({"call": unknown}, tmp_path, era="modern")
    assert (outcome.reason, outcome.warnings) == (None, ())


def of_nobodys_version(call: Call) -> bool:
    return call.request.headers.get("mcp-protocol-version") == "1900-01-01"


async def test_a_version_that_nobody_speaks_and_is_answered_fails_in_the_modern_era(tmp_path: Path) -> None:
    outcome, _ = await run_against({"discover": when(of_nobodys_version, obliging)}, tmp_path, era="modern")
    assert outcome.reason is Reason.HEADERS_UNCHECKED
    assert outcome.evidence[0].expected == "HTTP 400 with error -32022"


async def test_a_version_that_nobody_speaks_and_is_answered_fails_in_the_handshake_era(tmp_path: Path) -> None:
    outcome, _ = await run_against({"ping": when(of_nobodys_version, obliging)}, tmp_path)
    assert outcome.reason is Reason.HEADERS_UNCHECKED
    assert outcome.message == "a request of the version 1900-01-01 is answered HTTP 200 and a result, not HTTP 400"


def advertising(*more: str) -> Act:
    async def act(call: Call) -> None:
        message = dict(call.good.message or {})
        if "result" in message:
            message["result"] = message["result"] | {"supportedVersions": [*more, MODERN]}
        await call.respond(call.good.status, {"Content-Type": JSON}, dump(message))

    return act


async def test_a_version_that_is_advertised_and_not_spoken_fails(tmp_path: Path) -> None:
    outcome, _ = await run_against({"discover": advertising("2025-11-25", "2031-01-01")}, tmp_path, era="modern")
    assert (outcome.reason, outcome.step) == (Reason.VERSION_UNSUPPORTED, "initialize")
    assert outcome.message.startswith("the server advertises 2025-11-25, and does not speak it: HTTP 4")


@pytest.mark.parametrize(("chosen", "reason"), [("2025-11-25", None), ("2025-06-18", Reason.VERSION_UNSUPPORTED)])
async def test_a_version_that_is_advertised_is_the_one_that_is_begun(
    chosen: str, reason: Reason | None, tmp_path: Path
) -> None:
    async def initialize(call: Call) -> None:
        good = reply(call.request.message, "handshake") or {}
        good["result"]["protocolVersion"] = chosen
        await call.respond(200, {"Content-Type": JSON}, dump(good))

    faults: dict[Step, Act] = {"discover": advertising("2025-11-25"), "initialize": initialize}
    outcome, _ = await run_against(faults, tmp_path, era="modern")
    assert outcome.reason is reason, outcome.message


def beginning(*, version: Any = "2025-11-25", session: str = "") -> Act:
    """`initialize` is answered so from the second time on, when no transport looks at it."""

    async def act(call: Call) -> None:
        good = reply(call.request.message, "handshake") or {}
        headers = {"Content-Type": JSON}
        if call.peer.rpc_methods.count("initialize") > 1:
            good["result"]["protocolVersion"] = version
            headers |= {"Mcp-Session-Id": session} if session else {}
        await call.respond(200, headers, dump(good))

    return act


@pytest.mark.parametrize("kind", ["session", "http"])
@pytest.mark.parametrize("version", ["é", "\ud800", "2025-11-25\r\nX: y", "", None, 5, [[]], "2026-07-28"], ids=repr)
async def test_a_session_begins_in_a_version_that_is_known_or_not_at_all(
    version: Any, kind: str, tmp_path: Path
) -> None:
    async with http_peer(Script(era="handshake", faults={"initialize": beginning(version=version)})) as peer:
        outcome = await probed(peer, {"kind": kind}, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.VERSION_UNSUPPORTED, "initialize"), outcome.message


@pytest.mark.parametrize("kind", ["session", "http"])
async def test_a_session_that_could_not_be_named_again_is_malformed(kind: str, tmp_path: Path) -> None:
    async with http_peer(Script(era="handshake", faults={"initialize": beginning(session="ä")})) as peer:
        outcome = await probed(peer, {"kind": kind}, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.MALFORMED_MESSAGE, "initialize"), outcome.message


async def test_a_session_of_an_advertised_version_that_could_not_be_named_again_is_malformed(tmp_path: Path) -> None:
    async def initialize(call: Call) -> None:
        good = reply(call.request.message, "handshake")
        await call.respond(200, {"Content-Type": JSON, "Mcp-Session-Id": "ä"}, dump(good))

    faults: dict[Step, Act] = {"discover": advertising("2025-11-25"), "initialize": initialize}
    outcome, _ = await run_against(faults, tmp_path, era="modern")
    assert (outcome.reason, outcome.step) == (Reason.MALFORMED_MESSAGE, "initialize"), outcome.message


def advertising_later(offered: Any) -> Act:
    """The versions of each answer but the first, which negotiation looks at."""

    async def act(call: Call) -> None:
        message = dict(call.good.message or {})
        if "result" in message and call.peer.rpc_methods.count("server/discover") > 1:
            message["result"] = message["result"] | {"supportedVersions": offered}
        await call.respond(call.good.status, {"Content-Type": JSON}, dump(message))

    return act


@pytest.mark.parametrize("offered", [None, 5, {"a": 1}, [[], {}, None]], ids=repr)
async def test_what_is_no_list_of_versions_advertises_none(offered: Any, tmp_path: Path) -> None:
    outcome, peer = await run_against({"discover": advertising_later(offered)}, tmp_path, era="modern")
    assert outcome.reason is None, outcome.message
    assert "initialize" not in peer.rpc_methods


async def test_a_version_that_is_advertised_a_thousand_times_is_tried_once(tmp_path: Path) -> None:
    outcome, peer = await run_against({"discover": advertising_later(["2025-11-25"] * 1000)}, tmp_path, era="modern")
    assert (outcome.reason, outcome.step) == (Reason.VERSION_UNSUPPORTED, "initialize"), outcome.message
    assert peer.rpc_methods.count("initialize") == 1
