"""`isolation`: an answer that reaches another client is caught with its witness, and nothing else is taken for one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from prober.kinds.isolation.calls import Calls
from prober.outcome import Reason, Verdict
from tests.kinds.offering import ERAS, Answer, called, offering, probed, says, tool
from tests.peers.child import StdioPeer
from tests.peers.http_acts import silence
from tests.peers.legacy_peer import LegacyCall, LegacyPeer, legacy_peer, well
from tests.peers.messages import dump
from tests.peers.protocol import Era, Message, reply
from tests.peers.wire import event
from tests.running import run_document

PROBE: Final = {"kind": "isolation", "tool": "say", "arguments": {"text": "{nonce}"}, "clients": 2, "rounds": 5}


async def echo(arguments: Message) -> Message:
    """Takes a moment, so that calls overlap."""
    await asyncio.sleep(0.02)
    answered = says(f"You said {arguments['text']}.")(arguments)
    assert isinstance(answered, dict)
    return answered


def swapping() -> Answer:
    """Answers two calls that wait at the same time with each other's text, but the first call of all rightly."""
    waiting: list[tuple[str, asyncio.Future[str]]] = []
    seen: list[str] = []

    async def answer(arguments: Message) -> Message:
        text = str(arguments["text"])
        seen.append(text)
        if len(seen) == 1:
            return await echo(arguments)
        if not waiting:
            mine: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            waiting.append((text, mine))
            return await echo({"text": await mine})
        other, theirs = waiting.pop()
        theirs.set_result(text)
        return await echo({"text": other})

    return answer


@pytest.mark.parametrize("era", ERAS)
async def test_an_answer_that_two_clients_were_given_the_wrong_way_round_is_caught(era: Era, tmp_path: Path) -> None:
    async with offering(tool("say", swapping()), era=era) as peer:
        outcome = await probed(peer, PROBE, tmp_path)
        sent = [arguments["text"] for _, arguments in called(peer)]
    assert (outcome.verdict, outcome.reason) == (Verdict.FAIL, Reason.ANSWER_CROSSED)
    assert outcome.message.startswith("client ")
    assert outcome.message.endswith("as the answer to its own call")
    [evidence] = outcome.evidence
    assert {evidence.seen, evidence.expected} == set(sent[1:3])
    assert evidence.detail is not None
    assert evidence.detail.startswith("witness of the first of 2 cases in 3 calls:\nanswered: client ")


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_keeps_its_clients_apart_passes_although_their_ids_are_equal(
    era: Era, tmp_path: Path
) -> None:
    async with offering(tool("say", echo), era=era) as peer:
        outcome = await probed(peer, PROBE, tmp_path)
        ids = [request.rpc_id for request in peer.requests if request.rpc_method == "tools/call"]
    assert outcome.verdict is Verdict.PASS, outcome
    assert len(ids) == 1 + 2 * 5
    assert [ids.count(each) for each in sorted(set(ids))] == [1, 2, 2, 2, 2, 2]


async def test_a_tool_that_shows_what_others_said_as_well_is_not_accused(tmp_path: Path) -> None:
    said: list[str] = []

    async def answer(arguments: Message) -> Message:
        said.append(arguments["text"])
        return await echo({"text": " and ".join(said)})

    async with offering(tool("say", answer)) as peer:
        outcome = await probed(peer, PROBE, tmp_path)
    assert outcome.verdict is Verdict.PASS, outcome


async def test_a_tool_that_does_not_say_its_argument_back_tells_nothing(tmp_path: Path) -> None:
    async with offering(tool("say", says("thank you"))) as peer:
        outcome = await probed(peer, PROBE, tmp_path)
        assert len(called(peer)) == 1
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert "say does not say back what it was asked" in outcome.message


async def test_a_call_without_an_answer_is_no_crossing(tmp_path: Path) -> None:
    async with offering(tool("say", echo), faults={"call": silence}) as peer:
        outcome = await probed(peer, {**PROBE, "timeout": "2s"}, tmp_path)
    assert outcome.reason is Reason.TIMEOUT


async def test_calls_that_never_overlap_prove_nothing(tmp_path: Path) -> None:
    async with offering(tool("say", echo)) as peer:
        outcome = await probed(peer, {**PROBE, "timeout": "100ms"}, tmp_path)
    assert outcome.verdict is not Verdict.PASS


async def test_a_tool_that_may_write_is_not_called(tmp_path: Path) -> None:
    async with offering(tool("say", echo, read_only=None)) as peer:
        outcome = await probed(peer, PROBE, tmp_path)
        assert called(peer) == []
    assert outcome.reason is Reason.NOT_READ_ONLY


async def test_on_stdio_there_is_nothing_to_isolate(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="handshake")
    probe = {"p": {"target": "t", **PROBE, "tool": "echo", "arguments": {"message": "{nonce}"}}}
    [outcome] = await run_document({"targets": {"t": dict(peer.target)}, "probes": probe}, tmp_path)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.UNDECIDED)


class _Broadcast:
    """An HTTP+SSE server that sends what it answers to one session to all of them, as some gateways do; or does not."""

    def __init__(self, *, to_all: bool) -> None:
        self._to_all, self._streams = to_all, dict[str, LegacyCall]()

    async def connect(self, call: LegacyCall) -> None:
        session = str(len(self._streams))
        self._streams[session] = call
        await call.open_stream()
        await call.say(event(f"/messages?session_id={session}".encode(), kind="endpoint"))
        while not call.reader.at_eof():
            await call.reader.read(1)

    async def message(self, call: LegacyCall) -> None:
        await call.respond(202, body=b"Accepted")
        answer = reply(call.request.message, "handshake")
        if answer is None:
            return
        mine = call.request.target.rpartition("=")[2]
        for session, stream in self._streams.items():
            if (self._to_all or session == mine) and not stream.writer.is_closing():
                await stream.say(event(dump(answer)))


@pytest.mark.parametrize("to_all", [True, False])
async def test_a_gateway_that_sends_each_answer_to_all_sessions_is_caught(to_all: bool, tmp_path: Path) -> None:
    server = _Broadcast(to_all=to_all)
    steps: Any = ("initialize", "initialized", "list", "call")
    acts: Any = {"connect": server.connect, **dict.fromkeys(steps, server.message)}
    async with legacy_peer(acts) as peer:
        outcome = await _probed_over_sse(peer, tmp_path)
    assert outcome.reason is (Reason.ANSWER_CROSSED if to_all else None), outcome


async def test_an_answer_that_no_client_reads_is_no_crossing(tmp_path: Path) -> None:
    """A server that knows one session only answers into the stream that was opened last."""
    async with legacy_peer({"call": well}) as peer:
        outcome = await _probed_over_sse(peer, tmp_path)
    assert outcome.reason is Reason.TIMEOUT


async def _probed_over_sse(peer: LegacyPeer, folder: Path) -> Any:
    target = {"url": peer.url, "transport": "sse", "protocol": "handshake"}
    probe = {**PROBE, "tool": "echo", "arguments": {"message": "{nonce}"}, "target": "t", "timeout": "5s"}
    [outcome] = await run_document({"targets": {"t": target}, "probes": {"p": probe}}, folder)
    return outcome


def test_a_crossing_is_one_only_with_another_clients_nonce() -> None:
    calls = Calls()
    mine = calls.begin(client=0, number=1, request_id=1000)
    again = calls.begin(client=0, number=2, request_id=2000)
    theirs = calls.begin(client=1, number=1, request_id=1000)
    unknown = "probe-0123456789abcdef"
    assert calls.tells(mine, {"text": mine.nonce})
    assert calls.tells(mine, {"text": [mine.nonce, theirs.nonce]})
    assert not calls.tells(again, {"text": mine.nonce})  # late, but of the same client
    assert not calls.tells(mine, {"text": unknown})
    calls.stray(1, theirs.nonce)
    assert calls.crossings == []
    assert calls.tells(mine, {"deep": [{"text": f"<{theirs.nonce}>"}]})
    [crossing] = calls.crossings
    assert (crossing.of, crossing.reached, crossing.in_place) == (theirs, mine, True)
    calls.stray(1, f"data: {again.nonce}")
    assert [each.in_place for each in calls.crossings] == [True, False]
