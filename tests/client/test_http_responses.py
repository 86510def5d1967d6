"""What may come back over HTTP, odd and odder, and what is made of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http.client import responses
from typing import Any

import pytest

from prober.outcome import Failure, Phase, Reason, Situation
from tests.client.opening import Opened, failure_of, opened, talking, target
from tests.leaks import nothing_left_behind
from tests.peers.http_acts import good_json, status_with_error
from tests.peers.http_peer import Act, Call, Script, http_peer, well
from tests.peers.messages import dump
from tests.peers.protocol import Era, RpcError
from tests.peers.wire import EVENTS, JSON, chunk, event, hang, head, response, send


async def answer_to(act: Act, **settings: Any) -> Opened:
    """A call that is answered by `act`, well."""
    async with talking(Script(faults={"call": act}), **settings) as (_, conversation):
        result = await conversation.call()
    assert result["structuredContent"] == {"message": "hi", "length": 2}
    return conversation


async def refusal_of(act: Act, **settings: Any) -> Failure:
    """How a call fails that is answered by `act`."""
    async with http_peer(Script(faults={"call": act})) as peer, nothing_left_behind():
        return await failure_of(target(peer.url, protocol="modern", **settings))


def before(data: bytes) -> Act:
    """The good answer after these bytes."""

    async def act(call: Call) -> None:
        await send(call.writer, data)
        await well(call)

    return act


def typed(content_type: str) -> Act:
    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": content_type}, good_json(call))

    return act


async def of_http_1_0(call: Call) -> None:
    """No length and no chunks: the answer ends with the connection."""
    await send(call.writer, b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + good_json(call))
    call.close()


async def in_capitals(call: Call) -> None:
    await send(
        call.writer,
        b"HTTP/1.1 200 OK\r\nCONTENT-TYPE: Application/JSON; Charset=UTF-8\r\nTRANSFER-ENCODING: Chunked\r\n\r\n"
        + chunk(good_json(call))
        + chunk(b""),
    )


async def with_extensions_and_trailers(call: Call) -> None:
    body = good_json(call)
    await send(
        call.writer,
        head(200, {"Content-Type": JSON, "Transfer-Encoding": "chunked"})
        + b'%x;name="value"\r\n%s\r\n0\r\nX-Checksum: 1\r\n\r\n' % (len(body), body),
    )


async def of_status_201(call: Call) -> None:
    await call.respond(201, {"Content-Type": JSON}, good_json(call))


ODD_BUT_RIGHT: Mapping[str, Act] = {
    "100 Continue": before(head(100, {})),
    "103 Early Hints": before(head(103, {"Link": "</style.css>"}) * 3),
    "HTTP/1.0": of_http_1_0,
    "capitals": in_capitals,
    "chunk extensions and trailers": with_extensions_and_trailers,
    "charset": typed("application/json; charset=utf-8"),
    "spaces": typed(" application/json ;charset=utf-8"),
    "a status of 201": of_status_201,
}


@pytest.mark.parametrize("act", ODD_BUT_RIGHT.values(), ids=ODD_BUT_RIGHT)
async def test_what_http_allows_is_an_answer(act: Act) -> None:
    await answer_to(act)


@pytest.mark.parametrize("era", ["modern", "handshake"])
async def test_event_streams_may_be_written_in_capitals_as_well(era: Era) -> None:
    async def act(call: Call) -> None:
        await call.start("Text/Event-Stream;Charset=UTF-8")
        await call.say(event(good_json(call)))
        await call.say(b"")

    async with talking(Script(era=era, faults={"call": act})) as (_, conversation):
        await conversation.call()
    assert conversation.exchanges[-1].content_type == EVENTS


async def test_switching_protocols_is_no_answer() -> None:
    failure = await refusal_of(before(head(101, {"Upgrade": "websocket", "Connection": "Upgrade"})))
    assert failure.reason is Reason.NOT_HTTP


async def test_a_server_that_refuses_before_it_has_read_the_request_is_heard() -> None:
    """The peer reads the head only; the rest makes its system reset the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await send(writer, response(413, {"Content-Type": "text/plain"}, b"too long"))
        writer.close()

    from tests.peers.listener import listening

    async with listening(serve) as port, nothing_left_behind():
        for size in (1_000, 1_000_000, 10_000_000):
            async with opened(
                target(f"http://127.0.0.1:{port}/mcp", protocol="modern"), explicit=False
            ) as conversation:
                with pytest.raises(Failure) as caught:
                    await conversation.call(message="x" * size)
            assert (caught.value.reason, caught.value.evidence.http_status) == (Reason.CLIENT_ERROR, 413), size
            assert caught.value.message == f"HTTP 413: {responses[413]}"  # which Python 3.13 words anew


HANGING: Mapping[str, tuple[Mapping[str, str], bytes]] = {
    "silent": ({"Content-Type": "text/plain", "Content-Length": "100"}, b""),
    "some": ({"Content-Type": "text/plain", "Content-Length": "100"}, b"so it is"),
    "chunked": ({"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}, chunk(b"so")),
    "bad encoding": ({"Content-Encoding": "br", "Content-Length": "3"}, b"abc"),
    "bad gzip": ({"Content-Encoding": "gzip", "Content-Length": "3"}, b"abc"),
}
STATUSES = {401: Reason.UNAUTHORIZED, 404: Reason.NOT_FOUND, 500: Reason.SERVER_ERROR, 200: Reason.BAD_CONTENT_TYPE}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("how", HANGING)
async def test_a_status_is_told_though_the_body_beside_it_hangs_or_cannot_be_read(how: str, status: int) -> None:
    async def act(call: Call) -> None:
        headers, body = HANGING[how]
        await send(call.writer, head(status, headers) + body)
        await hang(call.reader)

    failure = await refusal_of(act)
    assert (failure.reason, failure.evidence.http_status) == (STATUSES[status], status)
    if how == "some":
        assert failure.evidence.seen == "so it is"


async def endless_error(call: Call) -> None:
    await send(call.writer, head(500, {"Content-Type": "text/html", "Transfer-Encoding": "chunked"}))
    while True:
        await call.say(b"<p>" * 1000)


async def error_cut_off(call: Call) -> None:
    await send(call.writer, head(500, {"Content-Type": JSON, "Content-Length": "1000"}) + b'{"jsonrpc":')
    call.close()


@pytest.mark.parametrize("act", [endless_error, error_cut_off])
async def test_a_status_is_told_though_the_body_beside_it_is_endless_or_cut_off(act: Act) -> None:
    failure = await refusal_of(act)
    assert (failure.reason, failure.evidence.http_status) == (Reason.SERVER_ERROR, 500)


async def test_a_proxy_on_the_way_that_wants_a_password_is_not_the_server() -> None:
    failure = await refusal_of(lambda call: call.respond(407, {"Proxy-Authenticate": "Basic"}))
    assert (failure.reason, failure.evidence.http_status) == (Reason.PROXY_FAILED, 407)


async def test_a_redirect_is_told_without_the_query_in_which_a_token_may_stand() -> None:
    failure = await refusal_of(lambda call: call.respond(302, {"Location": "https://login.example/start?state=geheim"}))
    assert failure.reason is Reason.REDIRECTED
    assert failure.message == "HTTP 302 sends clients to https://login.example/start"


WORDY = {
    "phrase": lambda call: send(call.writer, b"HTTP/1.1 500 " + b"very " * 5000 + b"bad\r\nContent-Length: 0\r\n\r\n"),
    "content type": lambda call: call.respond(200, {"Content-Type": "text/" + "x" * 20_000}),
    "location": lambda call: call.respond(302, {"Location": "http://" + "x" * 20_000}),
    "encoding": lambda call: call.respond(200, {"Content-Type": JSON, "Content-Encoding": "x" * 20_000}, b"x"),
}


@pytest.mark.parametrize("act", WORDY.values(), ids=WORDY)
async def test_what_a_server_says_at_length_is_told_in_short(act: Act) -> None:
    failure = await refusal_of(act)
    assert len(failure.message) < 400
    assert all(len(str(value)) < 400 for value in vars(failure.evidence).values())


INJECTED = [b"X: a\rSet-Cookie: b=1", b"X: a\x00b", b"X : a", b"X: a\n\nHTTP/1.1 200 OK", b": no name"]


@pytest.mark.parametrize("line", INJECTED, ids=repr)
async def test_a_header_that_is_not_sound_makes_the_answer_unsound_and_not_two(line: bytes) -> None:
    async def act(call: Call) -> None:
        await send(call.writer, b"HTTP/1.1 500 No\r\n" + line + b"\r\nContent-Length: 0\r\n\r\n")

    failure = await refusal_of(act)
    assert failure.reason in (Reason.NOT_HTTP, Reason.SERVER_ERROR)


async def test_cookies_are_not_kept() -> None:
    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": JSON, "Set-Cookie": "session=1; Path=/"}, good_json(call))

    async with talking(Script(faults={"discover": act, "call": act})) as (peer, conversation):
        await conversation.call()
        await conversation.call()
    assert all("cookie" not in request.headers for request in peer.requests)


async def test_headers_of_the_target_replace_our_own_whatever_their_case() -> None:
    async with talking(headers={"user-agent": "mine", "X-TENANT": "a"}) as (peer, _):
        pass
    [request] = peer.requests
    assert (request.headers["user-agent"], request.headers["x-tenant"]) == ("mine", "a")
    assert "mcp-prober" not in str(request.headers)


@pytest.mark.clock
async def test_what_follows_the_answer_in_a_stream_is_not_waited_for() -> None:
    async def act(call: Call) -> None:
        await call.start(EVENTS)
        await call.say(event(good_json(call)))
        await hang(call.reader)

    conversation = await answer_to(act)
    called = conversation.exchanges[-1]
    assert called.duration_seconds < 1
    assert called.phases.keys() >= {Phase.SEND, Phase.WAIT, Phase.RECEIVE}


async def test_the_time_of_reading_and_judging_an_answer_is_not_the_servers() -> None:
    async def act(call: Call) -> None:
        text = json.dumps({"items": [{"n": i} for i in range(80_000)]})
        good = json.loads(good_json(call))
        good["result"]["content"] = [{"type": "text", "text": text}] + [{"type": "text", "text": "x"}] * 10_000
        await call.respond(200, {"Content-Type": JSON}, dump(good))

    async with talking(Script(faults={"call": act})) as (_, conversation):
        await conversation.call()
    called = conversation.exchanges[-1]
    assert sum(called.phases.values()) < called.duration_seconds - 0.005  # parsing 1 MB, checking its shape


async def test_an_error_of_mcp_says_nothing_against_the_path_that_it_came_from() -> None:
    """HTTP 405 without one would mean a path that takes no POST."""
    unknown = status_with_error(405, RpcError(-32601, "Method not found"))
    failure = await refusal_of(unknown)
    assert failure.evidence.situation == Situation.UNKNOWN_METHOD


@pytest.mark.parametrize("location", ["https://[::1", "//[]/mcp", "javascript:alert(1)", "http://\xe9\xff:x/"])
async def test_a_redirect_to_what_is_no_address_is_told_as_such(location: str) -> None:
    failure = await refusal_of(lambda call: call.respond(302, {"Location": location}))
    assert (failure.reason, failure.evidence.remedy) == (Reason.REDIRECTED, None)
    assert failure.message == "HTTP 302, and no address to go to instead"
