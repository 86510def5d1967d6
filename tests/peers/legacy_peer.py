"""An HTTP+SSE peer (the transport of 2024-11-05): GET `/sse` opens the stream, messages are POSTed to `/messages`.

The step `connect` is the GET; the other steps are the messages. An act at `connect` has the GET for its `Call` and
keeps the stream to itself; an act at another step has the POST for its `Call`, and may speak in the stream through
`LegacyPeer.stream`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tests.peers.listener import listening
from tests.peers.messages import dump
from tests.peers.protocol import Message, Step, reply
from tests.peers.wire import EVENTS, Request, chunk, event, hang, head, read_request, response, send

ENDPOINT: Final = "/messages?session_id=1"


@dataclass(frozen=True, kw_only=True)
class LegacyCall:
    """One request that waits for its answer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: Request
    peer: LegacyPeer

    @property
    def good(self) -> Message | None:
        return reply(self.request.message, "handshake")

    async def respond(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        await send(self.writer, response(status, headers, body))

    async def open_stream(self) -> None:
        """The head of the event stream, in answer to the GET."""
        await send(self.writer, head(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"}))

    async def say(self, data: bytes) -> None:
        """Bytes into the event stream, from whichever request; no data ends it."""
        stream = self.writer if self.request.method == "GET" else self.peer.stream
        assert stream is not None, "no stream is open"
        await send(stream, chunk(data))


Act = Callable[[LegacyCall], Awaitable[None]]


class LegacyPeer:
    """What a running peer has seen. `url` is where its stream opens."""

    def __init__(self, faults: Mapping[Step, Act] | None = None):
        self.url = ""
        self.requests: list[Request] = []
        self.connections = 0
        self.stream: asyncio.StreamWriter | None = None
        self._faults = faults or {}

    @property
    def rpc_methods(self) -> list[str]:
        """The JSON-RPC methods in the order they came."""
        return [request.rpc_method for request in self.requests if request.rpc_method]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it."""
        self.connections += 1
        ordinal = self.connections
        while not writer.is_closing() and (request := await read_request(reader, connection=ordinal)):
            self.requests.append(request)
            step = request.step
            if request.method == "GET" and request.path == "/sse":
                step, self.stream = "connect", writer
            act = self._faults.get(step, well) if step else well
            await act(LegacyCall(reader=reader, writer=writer, request=request, peer=self))


async def well(call: LegacyCall) -> None:
    """Behave well."""
    if call.request.method == "GET" and call.request.path == "/sse":
        await call.open_stream()
        await call.say(event(ENDPOINT.encode(), kind="endpoint"))
        await hang(call.reader)
    elif call.request.method == "POST" and call.request.target == ENDPOINT:
        await call.respond(202, body=b"Accepted")
        if call.good is not None:
            await call.say(event(dump(call.good)))
    else:
        await call.respond(405, {"Allow": "POST"})


@asynccontextmanager
async def legacy_peer(faults: Mapping[Step, Act] | None = None) -> AsyncIterator[LegacyPeer]:
    """A peer on a free port of 127.0.0.1, for as long as the block lasts."""
    peer = LegacyPeer(faults)
    async with listening(peer.serve) as port:
        peer.url = f"http://127.0.0.1:{port}/sse"
        yield peer
