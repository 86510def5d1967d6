"""HTTP+SSE: where its messages may go, and a stream that is read for as long as the session lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from prober.client.http.http_sse import endpoint
from prober.config.model import Limits
from prober.outcome import Phase, Reason
from tests.client.opening import Opened, failure_of, opened, target
from tests.leaks import nothing_left_behind
from tests.peers.legacy_peer import Act, LegacyCall, legacy_peer, well
from tests.peers.messages import dump
from tests.peers.protocol import Step
from tests.peers.wire import event, hang

NEWS = event(
    dump({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x" * 900}})
)


def naming(named: str) -> dict[Step, Act]:
    """A peer whose stream names this endpoint; `{port}` stands for its own."""

    async def act(call: LegacyCall) -> None:
        port = call.peer.url.rpartition(":")[2].partition("/")[0]
        await call.open_stream()
        await call.say(event(named.replace("{port}", port).encode(), kind="endpoint"))
        await hang(call.reader)

    return {"connect": act}


@asynccontextmanager
async def talking_to(faults: dict[Step, Act], **settings: Any) -> AsyncIterator[Opened]:
    """A session with a peer of these faults. In the end nothing of it may be left."""
    async with (
        legacy_peer(faults) as peer,
        nothing_left_behind(),
        opened(target(peer.url, transport="sse", **settings)) as conversation,
    ):
        yield conversation


OWN = [
    "/messages?session_id=1",
    "messages?session_id=1",
    "http://127.0.0.1:{port}/messages?session_id=1",
    "HTTP://127.0.0.1:{port}/messages?session_id=1",
    "//127.0.0.1:{port}/messages?session_id=1",
    " /messages?session_id=1 ",
    "/messages?session_id=1#fragment",
]


@pytest.mark.parametrize("named", OWN)
async def test_an_endpoint_of_the_same_origin_is_used_in_whatever_form(named: str) -> None:
    async with talking_to(naming(named)) as conversation:
        await conversation.call()


SAME = {
    "http://peer.example/sse": "http://peer.example:80/messages",
    "https://peer.example:443/sse": "https://peer.example/messages",
    "http://PEER.example/sse": "http://peer.EXAMPLE/messages",
    "http://[::1]:8080/sse": "http://[::1]:8080/messages",
}


@pytest.mark.parametrize(("stream", "named"), SAME.items())
def test_a_port_that_goes_without_saying_and_capitals_make_no_other_origin(stream: str, named: str) -> None:
    assert endpoint(stream, named.encode()).endswith("/messages")


ELSEWHERE = [
    "http://127.0.0.2:{port}/messages",
    "http://127.0.0.1:9/messages",
    "https://127.0.0.1:{port}/messages",
    "//evil.example/messages",
    "http://127.0.0.1:{port}@evil.example/messages",
    "http://user:password@127.0.0.1:{port}/messages",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://[oops",
    "http://127.0.0.1:99999/messages",
    "http://xn--/messages",
    "/messages\x00",
    "/messages\x7f",
    "/" + "x" * 70_000,
]


@pytest.mark.parametrize("named", ELSEWHERE, ids=lambda named: repr(named)[:40])
async def test_nothing_is_sent_to_any_other_place(named: str) -> None:
    async with legacy_peer(naming(named)) as peer, nothing_left_behind():
        failure = await failure_of(target(peer.url + "?token=geheim", transport="sse"))
    assert (failure.reason, failure.step) == (Reason.BAD_ENDPOINT, "open")
    assert "geheim" not in str(failure.evidence)
    assert len(failure.evidence.seen or "") <= 200
    assert peer.rpc_methods == []


async def test_each_answer_has_the_whole_limit_to_itself() -> None:
    async def wordy(call: LegacyCall) -> None:
        await call.say(NEWS)
        await well(call)

    limits = Limits(body=2000, event=1500)
    async with talking_to({"call": wordy}, limits=limits) as conversation:
        for _ in range(10):
            await conversation.call()
    assert conversation.steps.count("tools/call") == 10


async def test_a_flood_before_one_answer_is_too_large() -> None:
    async def flood(call: LegacyCall) -> None:
        await call.respond(202)
        for _ in range(10):
            await call.say(NEWS)

    async with legacy_peer({"call": flood}) as peer:
        failure = await failure_of(target(peer.url, transport="sse", limits=Limits(body=5000, event=1500)))
    assert (failure.reason, failure.step) == (Reason.TOO_LARGE, "tools/call")


async def test_a_stream_that_breaks_off_in_an_answer_was_http_all_the_same() -> None:
    async def cut_off(call: LegacyCall) -> None:
        await call.respond(202)
        await call.say(b"event: message\ndata: {")
        assert call.peer.stream is not None
        call.peer.stream.close()

    async with legacy_peer({"call": cut_off}) as peer:
        failure = await failure_of(target(peer.url, transport="sse"))
    assert (failure.reason, failure.step) == (Reason.CONNECTION_CLOSED, "tools/call")


async def test_the_time_of_an_answer_is_booked_on_the_request_that_waits_for_it() -> None:
    async with talking_to({}) as conversation:
        await conversation.call()
    called = conversation.exchanges[-1]
    assert (called.step, called.http_status) == ("tools/call", 202)
    assert called.phases.keys() >= {Phase.SEND, Phase.WAIT, Phase.RECEIVE}
    assert sum(called.phases.values()) <= called.duration_seconds
    assert '"structuredContent"' in called.received
