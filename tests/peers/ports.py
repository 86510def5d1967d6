"""Ports on which no HTTP server listens, each in its own way. All on 127.0.0.1 (but for `UNREACHABLE`)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from tests.peers.http_peer import HttpPeer, Script
from tests.peers.listener import Connections, listening
from tests.peers.wire import hang, read_request, reset, send

UNREACHABLE: Final = "127.255.255.255"
"""The loopback's broadcast address: TCP gets ENETUNREACH from the kernel and no packet leaves."""

UNKNOWN_HOST: Final = "nonexistent.invalid"
"""A name that never resolves (RFC 6761 section 6.4)."""


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses connections. It stays ours: bound, but nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@asynccontextmanager
async def blackhole() -> AsyncIterator[int]:
    """A port that drops every attempt to connect: its backlog is full, so the kernel ignores the SYN."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # one is accepted by the kernel, one waits for its place, one to be sure
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        await _until_full(listener)
        yield listener.getsockname()[1]


async def _until_full(listener: socket.socket) -> None:
    """Wait until a new connection no longer succeeds at once."""
    for _ in range(20):
        with socket.socket() as attempt:
            attempt.setblocking(False)
            try:
                async with asyncio.timeout(0.05):
                    await asyncio.get_running_loop().sock_connect(attempt, listener.getsockname())
            except TimeoutError:
                return
    raise AssertionError("the backlog does not fill up")


@asynccontextmanager
async def mute() -> AsyncIterator[int]:
    """A port that accepts and reads, and never says a word: to a TLS client, a handshake that never ends."""
    async with listening(lambda reader, writer: hang(reader)) as port:
        yield port


@asynccontextmanager
async def hanging_up() -> AsyncIterator[int]:
    """A port that resets every connection on its first bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reset(writer)

    async with listening(serve) as port:
        yield port


@asynccontextmanager
async def slow_to_accept(script: Script, *, seconds: float) -> AsyncIterator[HttpPeer]:
    """A well-behaved peer that takes the first connections out of its backlog only after a while."""
    peer = HttpPeer(script)
    connections = Connections(peer.serve)

    async def accept_later(sock: socket.socket) -> None:
        await asyncio.sleep(seconds)
        async with await asyncio.start_server(connections.handle, sock=sock) as server:
            await server.serve_forever()

    with socket.create_server(("127.0.0.1", 0)) as sock:
        peer.url = f"http://127.0.0.1:{sock.getsockname()[1]}/mcp"
        task = asyncio.create_task(accept_later(sock))
        try:
            yield peer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await connections.end()


@asynccontextmanager
async def refusing_handshake(context: ssl.SSLContext) -> AsyncIterator[int]:
    """A port that does not like what the client shows in the TLS handshake, and tells it so by an alert.

    Spoken by hand: asyncio's own TLS drops the connection without sending the alert.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await send(writer, outgoing.read())
                incoming.write(await reader.read(65536))
            except ssl.SSLError:
                await send(writer, outgoing.read())
                return await hang(reader)  # closing now could cost the client the alert
            else:
                raise AssertionError("the handshake was to fail")

    async with listening(serve) as port:
        yield port


@asynccontextmanager
async def refusing_proxy(status: int) -> AsyncIterator[int]:
    """A proxy that answers every CONNECT with this status."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, connection=0)
        await send(writer, b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)

    async with listening(serve) as port:
        yield port


@asynccontextmanager
async def tunnelling_proxy() -> AsyncIterator[int]:
    """A proxy that does what CONNECT asks for, and forwards no plain request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader, connection=0)
        if request is None or request.method != "CONNECT":
            await send(writer, b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = request.target.partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        try:
            await send(writer, b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, far_writer))
                group.create_task(_pump(far_reader, writer))
        finally:
            far_writer.transport.abort()

    async with listening(serve) as port:
        yield port


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            await send(writer, data)
        writer.write_eof()
