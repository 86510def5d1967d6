"""Every way an HTTP+SSE server misbehaves here: `FAULTS`, name to fault. Message faults come in the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from tests.peers.fault import Fault
from tests.peers.http_acts import DRIP
from tests.peers.http_faults import MEGABYTE
from tests.peers.legacy_peer import Act, LegacyCall, well
from tests.peers.messages import CALL, MESSAGE_FAULTS, Spoil, dump
from tests.peers.protocol import IN_USE, NARROW, Place, of_era
from tests.peers.sse_acts import PROGRESS
from tests.peers.wire import event, hang, reset

OPENED: Final = frozenset({Place("handshake", "connect")})
LEGACY_ASKED: Final = of_era(NARROW, "handshake")
LEGACY_POSTED: Final = LEGACY_ASKED | {Place("handshake", "initialized")}


def status(code: int) -> Act:
    """An answer with this status, to the GET or to a POST."""

    async def act(call: LegacyCall) -> None:
        await call.respond(code, {"Content-Type": "text/plain"}, b"something went wrong\n")

    return act


def answer(content_type: str, body: bytes) -> Act:
    """HTTP 200 with something else than a stream."""

    async def act(call: LegacyCall) -> None:
        await call.respond(200, {"Content-Type": content_type}, body)

    return act


def redirect(to: str) -> Act:
    """A redirect, to the GET or to a POST."""

    async def act(call: LegacyCall) -> None:
        await call.respond(307, {"Location": to})

    return act


def opens_with(*events: bytes, ends: bool = False) -> Act:
    """A stream that says these bytes and then ends, or falls silent."""

    async def act(call: LegacyCall) -> None:
        await call.open_stream()
        for data in events:
            await call.say(data)
        if ends:
            await call.say(b"")
        else:
            await hang(call.reader)

    return act


def endpoint(url: str) -> Act:
    """A stream that names this endpoint."""
    return opens_with(event(url.encode(), kind="endpoint"))


async def silence(call: LegacyCall) -> None:
    """Take the request and never answer."""
    await hang(call.reader)


async def accepted_and_forgotten(call: LegacyCall) -> None:
    """HTTP 202, and never an answer in the stream."""
    await call.respond(202)


async def close(call: LegacyCall) -> None:
    """Take the request and close the connection."""
    call.writer.close()


def in_stream(spoil: Spoil) -> Act:
    """HTTP 202, and a bad message in the stream."""

    async def act(call: LegacyCall) -> None:
        await call.respond(202)
        await call.say(event(spoil(call.request.message, call.good or {})))

    return act


def stream_says(data: bytes) -> Act:
    """HTTP 202, and these bytes in the stream instead of the answer; no bytes end it."""

    async def act(call: LegacyCall) -> None:
        await call.respond(202)
        await call.say(data)

    return act


async def stream_reset(call: LegacyCall) -> None:
    await call.respond(202)
    await asyncio.sleep(DRIP)  # the client shall have its 202 first
    assert call.peer.stream is not None
    reset(call.peer.stream)


async def stream_cut_off(call: LegacyCall) -> None:
    """The stream's connection ends without the last chunk."""
    await call.respond(202)
    assert call.peer.stream is not None
    call.peer.stream.close()


def slowly(seconds: float) -> Act:
    """The good answer, late."""

    async def act(call: LegacyCall) -> None:
        await asyncio.sleep(seconds)
        await well(call)

    return act


async def notified_first(call: LegacyCall) -> None:
    """The good answer after a notification."""
    await call.say(event(PROGRESS))
    await well(call)


async def pinged_first(call: LegacyCall) -> None:
    """The good answer after a ping of ours, whose reply is POSTed like any message."""
    await call.say(event(dump({"jsonrpc": "2.0", "id": "server-1", "method": "ping"})))
    await well(call)


FAULTS: Final[Mapping[str, Fault[Act]]] = {
    "stream_http_401": Fault(act=status(401), reason=Reason.UNAUTHORIZED, where=OPENED),
    "stream_http_403": Fault(act=status(403), reason=Reason.FORBIDDEN, where=OPENED),
    "stream_http_404": Fault(act=status(404), reason=Reason.NOT_FOUND, where=OPENED),
    "stream_http_405": Fault(act=status(405), reason=Reason.CLIENT_ERROR, where=OPENED),
    "stream_http_429": Fault(act=status(429), reason=Reason.RATE_LIMITED, where=OPENED),
    "stream_http_500": Fault(act=status(500), reason=Reason.SERVER_ERROR, where=OPENED),
    "stream_http_503": Fault(act=status(503), reason=Reason.UNAVAILABLE, where=OPENED),
    "stream_redirect": Fault(act=redirect("/elsewhere"), reason=Reason.REDIRECTED, where=OPENED),
    "stream_is_html": Fault(
        act=answer("text/html", b"<p>Please log in."), reason=Reason.BAD_CONTENT_TYPE, where=OPENED
    ),
    "stream_is_json": Fault(act=answer("application/json", b"{}"), reason=Reason.BAD_CONTENT_TYPE, where=OPENED),
    "stream_never_starts": Fault(act=silence, reason=Reason.TIMEOUT, where=OPENED),
    "stream_closed_at_once": Fault(act=close, reason=Reason.CONNECTION_CLOSED, where=OPENED),
    "stream_ends_before_endpoint": Fault(act=opens_with(ends=True), reason=Reason.STREAM_ENDED, where=OPENED),
    "no_endpoint": Fault(act=opens_with(b": hello\n\n"), reason=Reason.TIMEOUT, where=OPENED),
    "other_event_first": Fault(act=opens_with(event(PROGRESS)), reason=Reason.BAD_ENDPOINT, where=OPENED),
    "endpoint_of_another_origin": Fault(
        act=endpoint("http://127.0.0.2:9/messages"), reason=Reason.BAD_ENDPOINT, where=OPENED
    ),
    "endpoint_of_another_scheme": Fault(act=endpoint("file:///etc/passwd"), reason=Reason.BAD_ENDPOINT, where=OPENED),
    "endpoint_is_no_url": Fault(act=endpoint("http://[oops"), reason=Reason.BAD_ENDPOINT, where=OPENED),
    "post_http_400": Fault(act=status(400), reason=Reason.CLIENT_ERROR, where=LEGACY_POSTED),
    "post_http_401": Fault(act=status(401), reason=Reason.UNAUTHORIZED, where=LEGACY_POSTED),
    "post_http_404": Fault(act=status(404), reason=Reason.NOT_FOUND, where=LEGACY_POSTED),
    "post_http_500": Fault(act=status(500), reason=Reason.SERVER_ERROR, where=LEGACY_POSTED),
    "post_redirect": Fault(act=redirect("http://127.0.0.2:9/"), reason=Reason.REDIRECTED, where=LEGACY_POSTED),
    "post_silence": Fault(act=silence, reason=Reason.TIMEOUT, where=LEGACY_POSTED),
    "post_closed": Fault(act=close, reason=Reason.CONNECTION_CLOSED, where=LEGACY_POSTED),
    "no_answer": Fault(act=accepted_and_forgotten, reason=Reason.TIMEOUT, where=LEGACY_ASKED),
    "stream_ends": Fault(act=stream_says(b""), reason=Reason.STREAM_ENDED, where=LEGACY_ASKED),
    "stream_reset": Fault(act=stream_reset, reason=Reason.CONNECTION_RESET, where=LEGACY_ASKED),
    "stream_cut_off": Fault(act=stream_cut_off, reason=Reason.CONNECTION_CLOSED, where=LEGACY_ASKED),
    "event_too_large": Fault(
        act=stream_says(event(b"x" * (MEGABYTE * 3 // 2))), reason=Reason.TOO_LARGE, where=LEGACY_ASKED
    ),
    "line_too_large": Fault(
        act=stream_says(b"data: " + b"x" * (MEGABYTE * 3 // 2)), reason=Reason.TOO_LARGE, where=LEGACY_ASKED
    ),
    "too_slow": Fault(
        act=slowly(0.3),
        reason=Reason.TOO_SLOW,
        where=CALL & LEGACY_ASKED,
        probe={"latency": {"fail": "100ms"}},
    ),
    "notified_first": Fault(act=notified_first, reason=None, where=LEGACY_ASKED),
    "pinged_first": Fault(act=pinged_first, reason=None, where=LEGACY_ASKED & IN_USE),
    **{
        name: fault.at(LEGACY_ASKED).doing(in_stream(fault.act))
        for name, fault in MESSAGE_FAULTS.items()
        if fault.where & LEGACY_ASKED
    },
}
