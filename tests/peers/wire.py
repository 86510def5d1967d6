"""HTTP/1.1 on bare streams: just enough to behave well, and nothing that keeps one from behaving badly."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any, Final
from urllib.parse import urlsplit

from tests.peers.protocol import STEP_OF, Message, Step

MAX_HEAD: Final = 64 * 1024
CHUNK: Final = bytes(64 * 1024)
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
_STEP_OF_VERB: Final[Mapping[str, Step]] = {"DELETE": "close", "OPTIONS": "preflight"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request as it came. Header names are in lower case."""

    method: str
    target: str
    """The request target as sent: a path, an absolute URL (to a proxy) or an authority (CONNECT)."""
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Which connection of the peer it came over, counted from 1."""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def message(self) -> Message:
        """The JSON-RPC message in the body; empty where there is none."""
        try:
            value: Any = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def rpc_method(self) -> str | None:
        method = self.message.get("method")
        return method if isinstance(method, str) else None

    @property
    def rpc_id(self) -> Any:
        return self.message.get("id")

    @property
    def step(self) -> Step | None:
        """The step of an MCP conversation this is; None for answers to our own requests and for strangers."""
        if self.method == "GET":
            return "listen" if EVENTS in self.headers.get("accept", "") else None
        if self.method in _STEP_OF_VERB:
            return _STEP_OF_VERB[self.method]
        if self.method != "POST" or self.rpc_method is None:
            return None
        return STEP_OF.get(self.rpc_method, "unknown")


class NotHttpError(Exception):
    """A client that speaks something else, such as TLS."""


async def read_request(reader: asyncio.StreamReader, *, connection: int) -> Request | None:
    """The next request of a connection; None when the client has closed it. Knows bodies with a length only."""
    try:
        begin = await reader.readexactly(1)
        if not begin.isalpha():
            raise NotHttpError
        head = begin + await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, target=target, headers=headers, body=body, connection=connection)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """The status line and the header of an answer, with the blank line."""
    phrase = responses.get(status, "Unknown")
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def response(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A whole answer, its length told unless `headers` tell another."""
    told = {} if status == 204 else {"Content-Length": str(len(body))}
    return head(status, told | dict(headers or {})) + body


def chunk(data: bytes) -> bytes:
    """`data` in chunked transfer coding; no data is the last chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(data: bytes, *, kind: str = "message") -> bytes:
    """One Server-Sent Event of one line of data."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), data)


async def send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def hang(reader: asyncio.StreamReader) -> None:
    """Say nothing until the client has gone."""
    while await reader.read(65536):
        pass


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
