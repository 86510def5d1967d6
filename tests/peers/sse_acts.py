"""Ways to misbehave, and ways to be odd but right, in an event stream. Each is an act for `Call`."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from tests.peers.http_acts import DRIP
from tests.peers.http_peer import Act, Call
from tests.peers.messages import Spoil, dump
from tests.peers.protocol import META, Message
from tests.peers.wire import EVENTS, event, hang, head, reset, send

PROGRESS: Final = dump({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "…"}})
SAMPLING: Final = {"messages": [{"role": "user", "content": {"type": "text", "text": "?"}}], "maxTokens": 10}


def _good(call: Call) -> bytes:
    return dump(call.good.message or {})


def stream(*events: bytes) -> Act:
    """These bytes as an event stream, then its proper end. No answer is among them."""

    async def act(call: Call) -> None:
        await call.start()
        for data in events:
            await call.say(data)
        await call.say(b"")

    return act


def spoilt_event(spoil: Spoil) -> Act:
    """A bad message as the data of an event."""

    async def act(call: Call) -> None:
        await call.start()
        await call.say(event(spoil(call.request.message, call.good.message or {})))
        await call.say(b"")

    return act


async def silent(call: Call) -> None:
    """A stream that opens and says nothing."""
    await call.start()
    await hang(call.reader)


def every_now_and_then(data: bytes) -> Act:
    """A stream that is never silent and never answers."""

    async def act(call: Call) -> None:
        await call.start()
        while True:
            await call.say(data)
            await asyncio.sleep(DRIP)

    return act


async def flood(call: Call) -> None:
    """Notifications as fast as they are read."""
    await call.start()
    while True:
        await call.say(event(PROGRESS) * 100)


async def drip(call: Call) -> None:
    """An event that grows by a byte at a time and never ends."""
    await call.start()
    await call.say(b"data: ")
    while True:
        await call.say(b" ")
        await asyncio.sleep(DRIP)


async def unfinished_then_silent(call: Call) -> None:
    """The good answer but for its last line break, in a stream that stays open."""
    await call.start()
    await call.say(event(_good(call))[:-2])
    await hang(call.reader)


async def unfinished_then_closed(call: Call) -> None:
    """The good answer but for the blank line that makes it an event."""
    await call.start()
    await call.say(event(_good(call))[:-1])
    await call.say(b"")


async def reset_in_stream(call: Call) -> None:
    await call.start()
    await call.say(b": hello\n\n")
    await asyncio.sleep(DRIP)  # the client shall see the beginning before the end
    reset(call.writer)


async def cut_off_in_stream(call: Call) -> None:
    """The connection ends without the last chunk."""
    await call.start()
    await call.say(b": hello\n\n")
    call.close()


def large_event(size: int, *, finished: bool) -> Act:
    """An event of `size` bytes; the unfinished one is a single line that does not end."""

    async def act(call: Call) -> None:
        await call.start()
        await call.say(b"data: " + b"x" * size)
        if finished:
            await call.say(b"\n\n")
        await hang(call.reader)

    return act


def asked_first(method: str, params: Message | None = None) -> Act:
    """A request of the server comes first; the answer comes only once the client has replied to it."""

    async def act(call: Call) -> None:
        request_id = f"server-{call.request.rpc_id}"
        await call.start()
        await call.say(event(dump({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}})))
        await call.peer.wait_for(lambda request: request.rpc_id == request_id and request.rpc_method is None)
        await call.say(event(_good(call)))
        await call.say(b"")

    return act


def preceded(data: bytes) -> Act:
    """The good answer after something that is allowed to come before it."""

    async def act(call: Call) -> None:
        await call.start()
        await call.say(data)
        await call.say(event(_good(call)))
        await call.say(b"")

    return act


async def many_lines(call: Call) -> None:
    """The good answer over many lines of data, ended by CR LF."""
    text = json.dumps(call.good.message, indent=1).encode()
    await call.start()
    await call.say(b"\r\n".join(b"data: " + line for line in text.split(b"\n")) + b"\r\n\r\n")
    await call.say(b"")


async def byte_by_byte(call: Call) -> None:
    """The good answer, every byte in a chunk of its own."""
    data = event(_good(call))
    await call.start()
    for i in range(len(data)):
        await call.say(data[i : i + 1])
    await call.say(b"")


async def left_open(call: Call) -> None:
    """The good answer in a stream that is never ended."""
    await call.start()
    await call.say(event(_good(call)))
    await hang(call.reader)


def listened(*pieces: bytes | float, ends: bool = True) -> Act:
    """A stream for notifications: acknowledged in the modern era, then pieces, with pauses in seconds between them."""

    async def act(call: Call) -> None:
        await send(call.writer, head(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"}))
        if call.request.method == "POST":
            await call.say(event(dump(acknowledged(call.request.rpc_id))))
        for piece in pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            elif piece:
                await call.say(piece)
        if ends:
            await call.say(b"")
        else:
            await hang(call.reader)

    return act


def acknowledged(request_id: Any) -> Message:
    """What a modern server says first on such a stream."""
    params = {"notifications": {"toolsListChanged": True}, "_meta": {META + "subscriptionId": request_id}}
    return {"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": params}
