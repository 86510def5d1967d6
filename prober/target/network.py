"""Connections of one session: names resolved, sockets connected and TLS spoken with the time of each phase known.

A backend for httpcore on plain asyncio. It exists because neither httpx nor httpcore tells DNS from connect, and
because their default backend resolves names in the loop's shared thread pool, where twenty dead names hold up every
healthy target.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Final

import httpcore

from prober.config.model import Tls
from prober.outcome import Failure, Phase, Reason
from prober.target.exchange import Draft

HEAD_START: Final = 0.25
"""Seconds one address has before the next is tried beside it (RFC 8305 section 5)."""

_RESOLVERS: Final = ThreadPoolExecutor(max_workers=64, thread_name_prefix="prober-dns")

_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


class Backend(httpcore.AsyncNetworkBackend):
    """Opens the connections of one session and books their phases on the exchange that is going on."""

    def __init__(self) -> None:
        self.draft = Draft("unused")
        self.certificate: dict[str, Any] | None = None
        """The server's certificate as `ssl.SSLSocket.getpeercert` gives it, once TLS was spoken."""
        self._streams: list[Stream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        self.draft.enter(Phase.DNS)
        addresses = await _resolve(host, port)
        self.draft.enter(Phase.CONNECT)
        connected = await _connect(addresses)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.create_connection(lambda: protocol, sock=connected)
        stream = Stream(self, reader, asyncio.StreamWriter(transport, protocol, reader, loop))
        self._streams.append(stream)
        self.draft.enter(Phase.SEND)
        return stream

    def abort(self) -> None:
        """Drop every connection at once."""
        for stream in self._streams:
            stream.abort()


class Stream(httpcore.AsyncNetworkStream):
    """One connection. Reads and writes move the exchange from phase to phase."""

    def __init__(self, backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._backend = backend
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        draft = self._backend.draft
        if draft.phase is Phase.SEND:
            draft.enter(Phase.WAIT)
        data = await self._reader.read(max_bytes)
        if draft.phase is Phase.WAIT:
            draft.enter(Phase.RECEIVE)
            draft.head = data[:16]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        draft = self._backend.draft
        if draft.phase is not Phase.SEND:
            draft.enter(Phase.SEND)
        draft.bytes_sent += len(buffer)
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            # httpcore reads on after a WriteError: a server may refuse a request that it has not read to the end
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self.abort()

    def abort(self) -> None:
        # Not close(): that waits for the peer in TLS, and a peer that is being probed may never answer.
        self._writer.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        draft = self._backend.draft
        draft.enter(Phase.TLS)
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except ConnectionError as error:
            raise Failure(Reason.TLS_FAILED, f"the server broke off the TLS handshake: {error}") from error
        self._backend.certificate = self._writer.get_extra_info("peercert")
        draft.enter(Phase.SEND)
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # httpcore asks whether an idle connection was closed under it
            return self._reader.at_eof() or self._writer.transport.is_closing()
        return self._writer.get_extra_info({"ssl_object": "ssl_object", "server_addr": "peername"}.get(info, info))


async def _resolve(host: str, port: int) -> Sequence[_Address]:
    loop = asyncio.get_running_loop()
    host = host.strip("[]")
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name, not an address
    return await loop.run_in_executor(
        _RESOLVERS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    )


async def _connect(addresses: Sequence[_Address]) -> socket.socket:
    """The first socket to connect, each address starting `HEAD_START` after the one before it or when that failed."""
    if len(addresses) == 1:
        return await _connect_one(addresses[0])
    waiting: set[asyncio.Task[socket.socket]] = set()
    first_error: Exception | None = None
    try:
        for i, address in enumerate(addresses):
            waiting.add(asyncio.ensure_future(_connect_one(address)))
            last = i + 1 == len(addresses)
            while waiting:
                done, waiting = await asyncio.wait(
                    waiting, timeout=None if last else HEAD_START, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    if task.exception() is None:
                        return task.result()
                    first_error = first_error or _as_exception(task.exception())
                if not last:
                    break
        raise first_error or OSError("no address to connect to")
    finally:
        await _drop(waiting)


def _as_exception(error: BaseException | None) -> Exception | None:
    return error if isinstance(error, Exception) else None


async def _drop(tasks: set[asyncio.Task[socket.socket]]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


async def _connect_one(address: _Address) -> socket.socket:
    family, kind, proto, _, destination = address
    sock = socket.socket(family, kind, proto)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, destination)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror, f"{destination[0]} port {destination[1]}") from error
    except BaseException:
        sock.close()
        raise
    return sock


@lru_cache(maxsize=256)
def tls_context(tls: Tls) -> ssl.SSLContext:
    """The one SSL context of a TLS profile: building one costs 20 ms and a megabyte, so it is shared for good.

    Raises OSError or ssl.SSLError for files that cannot be used.
    """
    context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    if tls.client_certificate:
        context.load_cert_chain(tls.client_certificate, tls.client_key)
    return context
