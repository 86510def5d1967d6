"""Servers that do their worst, all in one process of their own: the path says in which way.

`python -m tests.daemon.ruffians` prints its port on a line and serves until its standard input ends. Modern era; what
is long is written out once, so that it costs the machine little.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from tests.peers.beside import beside, until_input_ends
from tests.peers.listener import listening
from tests.peers.messages import dump
from tests.peers.protocol import ECHO, Message, reply
from tests.peers.wire import EVENTS, JSON, Request, chunk, head, read_request, response

LARGE: Final = 1_900_000
"""Bytes: hardly less than a target's limit."""


@dataclass(frozen=True, kw_only=True)
class Pour:
    """What is said first, and then again and again for as long as somebody reads it."""

    first: bytes = b""
    again: bytes


_CHUNKED: Final = {"Transfer-Encoding": "chunked"}
POURS: Final[Mapping[str, Pour]] = {
    "interim": Pour(again=head(100, {}) * 2000),
    "tail": Pour(
        first=head(200, {"Content-Type": JSON, "Content-Encoding": "gzip", **_CHUNKED}) + chunk(gzip.compress(b"{}")),
        again=chunk(bytes(16)) * 2000,
    ),
    "crumbs": Pour(first=head(200, {"Content-Type": JSON, **_CHUNKED}), again=chunk(b" ") * 10_000),
    "events": Pour(first=head(200, {"Content-Type": EVENTS, **_CHUNKED}), again=chunk(b":\n" * 32_768)),
    "token": Pour(first=head(200, {"Content-Type": JSON, **_CHUNKED}) + chunk(b"["), again=chunk(b"[]," * 10_000)),
}

_SLOW_PATTERN: Final[Message] = {**ECHO, "outputSchema": {"properties": {"message": {"pattern": "^(a+)+$"}}}}
_WELL: Final = {"resultType": "complete"}
_CACHED: Final = {**_WELL, "ttlMs": 0, "cacheScope": "private"}
RESULTS: Final[Mapping[tuple[str, str], Message]] = {
    ("list", "tools/list"): {
        **_CACHED,
        "tools": [ECHO, *({**ECHO, "name": f"t{n}", "description": "x" * 250} for n in range(3_000))],
    },
    ("schema", "tools/list"): {
        **_CACHED,
        "tools": [{**ECHO, "outputSchema": {"properties": {f"p{n}": {"title": "x" * 80} for n in range(9_000)}}}],
    },
    ("pattern", "tools/list"): {**_CACHED, "tools": [_SLOW_PATTERN]},
    ("pattern", "tools/call"): {**_WELL, "content": [], "structuredContent": {"message": "a" * 40 + "!"}},
    ("large", "tools/call"): {
        **_WELL,
        "content": [{"type": "text", "text": "x" * LARGE}],
        "structuredContent": {"message": "x", "length": 1},
    },
    ("json", "tools/call"): {
        **_WELL,
        "content": [{"type": "text", "text": json.dumps({f"m{n}": n for n in range(60_000)})}],
        "structuredContent": {"message": "x", "length": 1},
    },
}
ERRORS: Final[Mapping[tuple[str, str], Message]] = {
    ("error", "tools/call"): {"code": -32000, "message": "no", "data": [[] for _ in range(300_000)]},
    ("deep", "tools/call"): {"code": -32000, "message": "no", "data": [json.loads("[" * 900 + "]" * 900)] * 900},
}


class Ruffians:
    """All of them, on one port."""

    def __init__(self) -> None:
        self._results = {key: dump(result) for key, result in RESULTS.items()}
        self._errors = {key: dump(error) for key, error in ERRORS.items()}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_request(reader, connection=0):
            way = request.path.strip("/")
            if pour := POURS.get(way):
                writer.write(pour.first)
                while True:
                    writer.write(pour.again)
                    await writer.drain()
            writer.write(response(200, {"Content-Type": JSON}, self._answer(way, request)))
            with suppress(ConnectionError):
                await writer.drain()

    def _answer(self, way: str, request: Request) -> bytes:
        key = way, request.rpc_method or ""
        begin = b'{"jsonrpc":"2.0","id":%s,' % json.dumps(request.rpc_id).encode()
        if found := self._results.get(key):
            return begin + b'"result":' + found + b"}"
        if found := self._errors.get(key):
            return begin + b'"error":' + found + b"}"
        return dump(reply(request.message, "modern") or {})


@contextmanager
def ruffians() -> Iterator[int]:
    """The port of such a process, for as long as the block lasts."""
    with beside("tests.daemon.ruffians") as port:
        yield port


async def _serve() -> None:
    async with listening(Ruffians().serve) as port:
        await until_input_ends(port)


if __name__ == "__main__":
    asyncio.run(_serve())
