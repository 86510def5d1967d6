"""A crowd of MCP servers in one cheap process, for load: the path says how the one that is asked behaves.

    /ok/20      answers well after 20 ms
    /wrong      answers what no schema allows        /html   a web page with status 200
    /error      HTTP 500                             /reset  hangs up
    /hang       never answers

`python -m tests.daemon.crowd` prints its port on a line and serves until its standard input ends; then it prints how
late it was itself, in seconds: p50, p95 and p99. Modern era only.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.peers.beside import beside, until_input_ends
from tests.peers.protocol import reply

LATENESS: deque[float] = deque(maxlen=100_000)
"""By how much answers left later than they should have."""
PATHS = ("ok", "wrong", "html", "error", "reset", "hang")


class Member(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        if len(body) < int(headers.get("content-length", "0")):
            return
        self._data = b""
        self._answer(lines[0].split(" ")[1], body)

    def _answer(self, path: str, body: bytes) -> None:
        asked = time.monotonic()
        _, behaviour, *rest = path.split("/")
        if behaviour == "hang":
            return
        if behaviour == "reset":
            if self._transport is not None:
                self._transport.abort()
        elif behaviour == "html":
            self._say("200 OK", "text/html", b"<html><title>Welcome</title></html>")
        elif behaviour == "error":
            self._say("500 Internal Server Error", "text/plain", b"out of order")
        else:
            message = reply(json.loads(body), "modern") or {}
            if behaviour == "wrong":
                _spoil(message)
            delay = float(rest[0]) / 1000 if rest else 0.0
            answer = json.dumps(message).encode()
            asyncio.get_running_loop().call_later(delay, self._say_late, asked + delay, answer)

    def _say_late(self, due: float, answer: bytes) -> None:
        LATENESS.append(time.monotonic() - due)
        self._say("200 OK", "application/json", answer)

    def _say(self, status: str, content_type: str, body: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


def _spoil(message: dict[str, Any]) -> None:
    if "structuredContent" in message.get("result", {}):
        message["result"]["structuredContent"]["length"] = None


@contextmanager
def crowd(lateness: list[float] | None = None) -> Iterator[int]:
    """The port of a crowd in a process of its own, for as long as the block lasts; then `lateness` is filled."""
    said: list[str] = []
    try:
        with beside("tests.daemon.crowd", last_words=said) as port:
            yield port
    finally:
        if lateness is not None:
            lateness += map(float, " ".join(said).split())


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Member, "127.0.0.1", 0, backlog=4096)
    await until_input_ends(server.sockets[0].getsockname()[1])
    server.close()
    late = sorted(LATENESS) or [0.0]
    print(*(late[min(len(late) - 1, int(len(late) * share))] for share in (0.5, 0.95, 0.99)), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
