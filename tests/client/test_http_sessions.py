"""Sessions that a server of the handshake era hands out, and what it asks in the middle of an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from prober.outcome import Reason
from tests.client.opening import failure_of, talking, target
from tests.leaks import nothing_left_behind
from tests.peers.http_acts import good_json
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import HANDSHAKE, Step, reply
from tests.peers.wire import EVENTS, JSON, event, hang, response, send

BAD_SESSIONS = ["ä", "two words", "a\tb", "\xa0", "a, b"]


@pytest.mark.parametrize("session_id", BAD_SESSIONS, ids=repr)
async def test_a_session_that_could_not_be_sent_back_is_malformed(session_id: str) -> None:
    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": JSON, "Mcp-Session-Id": session_id}, good_json(call))

    async with http_peer(Script(era="handshake", faults={"initialize": act})) as peer, nothing_left_behind():
        failure = await failure_of(target(peer.url, protocol="handshake"))
    assert (failure.reason, failure.step) == (Reason.MALFORMED_MESSAGE, "initialize")
    assert failure.evidence.seen == repr(session_id)
    assert peer.rpc_methods == ["initialize"]


async def test_two_sessions_are_none_that_could_be_sent_back() -> None:
    async def act(call: Call) -> None:
        told = b"Mcp-Session-Id: a\r\nMcp-Session-Id: b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        await send(call.writer, b"HTTP/1.1 200 OK\r\n" + told % len(good_json(call)) + good_json(call))

    async with http_peer(Script(era="handshake", faults={"initialize": act})) as peer:
        assert (await failure_of(target(peer.url, protocol="handshake"))).reason is Reason.MALFORMED_MESSAGE


async def test_an_empty_session_is_none() -> None:
    async def act(call: Call) -> None:
        good = reply(call.request.message, "handshake")
        if good is None:
            return await call.respond(202)
        headers = {"Mcp-Session-Id": ""} if "protocolVersion" in good.get("result", {}) else {}
        return await send(call.writer, response(200, {"Content-Type": JSON, **headers}, dump(good)))

    faults: Mapping[Step, Act] = {"initialize": act, "initialized": act, "call": act, "close": act}
    async with talking(Script(era="handshake", faults=faults)) as (peer, conversation):
        await conversation.call()
        await conversation.session.close()
    assert peer.verbs == ["POST"] * 3
    assert not any("mcp-session-id" in request.headers for request in peer.requests)


async def test_a_question_of_the_server_is_answered_once_and_leaves_the_exchange_as_it_was() -> None:
    async def act(call: Call) -> None:
        await call.start(EVENTS)
        ping = dump({"jsonrpc": "2.0", "id": "s-1", "method": "ping"})
        await call.say(event(ping))
        await call.peer.wait_for(lambda request: request.rpc_id == "s-1")
        await call.say(event(good_json(call)))
        await hang(call.reader)

    async with talking(Script(era="handshake", faults={"call": act})) as (peer, conversation):
        await conversation.call()
    replies = [request for request in peer.requests if request.rpc_id == "s-1"]
    assert [json.loads(request.body) for request in replies] == [{"jsonrpc": "2.0", "id": "s-1", "result": {}}]
    assert replies[0].headers["mcp-session-id"] == "session-1"
    assert replies[0].headers["mcp-protocol-version"] == HANDSHAKE
    called = conversation.exchanges[-1]
    assert (called.step, called.http_status, called.content_type) == ("tools/call", 200, EVENTS)
    assert '"method":"tools/call"' in called.sent


async def test_in_the_modern_era_a_question_of_the_server_is_its_fault() -> None:
    async def act(call: Call) -> None:
        await call.start(EVENTS)
        await call.say(event(dump({"jsonrpc": "2.0", "id": 1, "method": "ping"})))
        await hang(call.reader)

    async with http_peer(Script(faults={"call": act})) as peer:
        failure = await failure_of(target(peer.url, protocol="modern"))
    assert failure.reason is Reason.MALFORMED_MESSAGE
