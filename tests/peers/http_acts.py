"""Ways to misbehave over HTTP: statuses, headers, bodies, encodings, connections. Each is an act for `Call`."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from tests.peers.http_peer import Act, Call, well
from tests.peers.messages import Spoil, dump
from tests.peers.protocol import RpcError, reply
from tests.peers.wire import CHUNK, JSON, chunk, hang, head, reset, response, send

DRIP: Final = 0.02
"""Seconds between the bytes of a drip: never silent, never done."""


def good_json(call: Call) -> bytes:
    """The good answer as the body that should have come; an empty object where none is due."""
    return dump(call.good.message or {})


def when(wanted: Callable[[Call], bool], act: Act) -> Act:
    """Misbehave at some requests of a step only."""

    async def chosen(call: Call) -> None:
        await (act if wanted(call) else well)(call)

    return chosen


def in_dead_session(call: Call) -> bool:
    """Whether the good answer would be that the session does not live."""
    return call.good.status == 404


async def obliging(call: Call) -> None:
    """Answer whatever the headers say."""
    message = reply(call.request.message, call.peer.script.era)
    await call.respond(200, {"Content-Type": JSON}, dump(message or {}))


async def empty_result(call: Call) -> None:
    """A result, whatever was asked."""
    message = {"jsonrpc": "2.0", "id": call.request.rpc_id, "result": {"resultType": "complete"}}
    await call.respond(200, {"Content-Type": JSON}, dump(message))


CALLER: Final = "X-Caller"


async def cached_for_all(call: Call) -> None:
    """Tools that depend on who asks, in a list that says that everybody may have it."""
    message = dict(call.good.message or {})
    if "tools" in message["result"]:
        tools = [] if CALLER.lower() in call.request.headers else message["result"]["tools"]
        message["result"] = {**message["result"], "tools": tools, "cacheScope": "public"}
    await call.respond(200, {"Content-Type": JSON}, dump(message))


def status(code: int, *, headers: Mapping[str, str] | None = None) -> Act:
    """An answer with this status and a line of text, as a proxy gives it."""

    async def act(call: Call) -> None:
        await call.respond(code, {"Content-Type": "text/plain", **(headers or {})}, b"something went wrong\n")

    return act


def status_with_error(code: int, error: RpcError) -> Act:
    """An answer with this status and a JSON-RPC error for this request."""

    async def act(call: Call) -> None:
        message = {"jsonrpc": "2.0", "id": call.request.rpc_id, "error": error.body}
        await call.respond(code, {"Content-Type": JSON}, dump(message))

    return act


def empty(code: int, *, content_type: str | None = None) -> Act:
    """An answer without a body."""

    async def act(call: Call) -> None:
        await call.respond(code, {"Content-Type": content_type} if content_type else {})

    return act


def redirect(code: int, *, to: str | None = None) -> Act:
    """A redirect to another path of this peer, or to another origin."""

    async def act(call: Call) -> None:
        own = urlsplit(call.peer.url)
        await call.respond(code, {"Location": to or f"{own.scheme}://{own.netloc}/elsewhere"})

    return act


def page(content_type: str | None) -> Act:
    """HTTP 200 and a web page."""

    async def act(call: Call) -> None:
        headers = {"Content-Type": content_type} if content_type else {}
        await call.respond(200, headers, b"<!doctype html><title>Welcome</title><p>Please log in.")

    return act


def typed(content_type: str) -> Act:
    """The good answer under this content type."""

    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": content_type}, good_json(call))

    return act


def spoilt(spoil: Spoil) -> Act:
    """A bad message as a JSON body."""

    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": JSON}, spoil(call.request.message, call.good.message or {}))

    return act


def raw(data: bytes) -> Act:
    """These bytes instead of an answer, then the end of the connection."""

    async def act(call: Call) -> None:
        await send(call.writer, data)
        call.close()

    return act


def encoded(encoding: str, body: bytes | None = None) -> Act:
    """The good answer, or `body`, under a content encoding."""

    async def act(call: Call) -> None:
        data = gzip.compress(good_json(call)) if body is None else body
        await call.respond(200, {"Content-Type": JSON, "Content-Encoding": encoding}, data)

    return act


async def silence(call: Call) -> None:
    """Take the request and never answer."""
    await hang(call.reader)


def slowly(seconds: float) -> Act:
    """The good answer, late."""

    async def act(call: Call) -> None:
        await asyncio.sleep(seconds)
        await well(call)

    return act


async def head_then_silence(call: Call) -> None:
    await send(call.writer, head(200, {"Content-Type": JSON, "Content-Length": "100"}))
    await hang(call.reader)


async def _drip(call: Call, data: bytes) -> None:
    for i in range(len(data)):
        await send(call.writer, data[i : i + 1])
        await asyncio.sleep(DRIP)


async def head_drip(call: Call) -> None:
    """A header that grows by a byte at a time and never ends."""
    await _drip(call, head(200, {"Content-Type": JSON, "X-Padding": "x" * 10_000}))


async def body_drip(call: Call) -> None:
    """A body that grows by a byte at a time: never silent, never done."""
    await send(call.writer, head(200, {"Content-Type": JSON, "Content-Length": "10000"}))
    await _drip(call, b" " * 10_000)


async def close(call: Call) -> None:
    """Take the request and close the connection."""
    call.close()


async def reset_at_once(call: Call) -> None:
    reset(call.writer)


async def reset_in_body(call: Call) -> None:
    await send(call.writer, head(200, {"Content-Type": JSON, "Content-Length": "100"}) + b'{"jsonrpc":')
    await asyncio.sleep(DRIP)  # the client shall see the beginning before the end
    reset(call.writer)


async def cut_off(call: Call) -> None:
    """A body that ends before its Content-Length."""
    await send(call.writer, response(200, {"Content-Type": JSON, "Content-Length": "10000"}, good_json(call)))
    call.close()


async def cut_off_in_chunk(call: Call) -> None:
    """A chunked body without its last chunk."""
    await call.start(JSON)
    await send(call.writer, chunk(good_json(call))[:-5])
    call.close()


async def cut_off_in_head(call: Call) -> None:
    await send(call.writer, b"HTTP/1.1 200 OK\r\nContent-Type: applica")
    call.close()


async def bad_chunk_size(call: Call) -> None:
    await call.start(JSON)
    await send(call.writer, b"many\r\n" + good_json(call))
    call.close()


async def cut_off_in_gzip(call: Call) -> None:
    """A compressed body that lacks its end, though HTTP knows nothing of it."""
    body = gzip.compress(good_json(call))[:-12]
    await call.respond(200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, body)


async def endless_body(call: Call) -> None:
    """White space for ever, as fast as it is read."""
    await call.start(JSON)
    while True:
        await call.say(b" " * len(CHUNK))


def large_body(size: int) -> Act:
    """A body of `size` bytes, its length told beforehand."""

    async def act(call: Call) -> None:
        await send(call.writer, head(200, {"Content-Type": JSON, "Content-Length": str(size)}))
        for _ in range(size // len(CHUNK)):
            await send(call.writer, CHUNK)
        await send(call.writer, bytes(size % len(CHUNK)))

    return act


async def gzip_bomb(call: Call) -> None:
    """About 100 kB that inflate to 100 MB."""
    await call.respond(200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, _bomb(100))


@cache
def _bomb(megabytes: int) -> bytes:
    """Gzip of so many megabytes of zeros, made without ever holding them: one flushed block, repeated."""
    megabyte = bytes(1024 * 1024)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflate.compress(megabyte) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(megabytes):
        checksum = zlib.crc32(megabyte, checksum)
    trailer = checksum.to_bytes(4, "little") + (megabytes * len(megabyte)).to_bytes(4, "little")
    return gzip.compress(b"", mtime=0)[:10] + block * megabytes + deflate.flush() + trailer
