"""Opens the connections of one session, and times each phase.

A backend for httpcore on plain asyncio. It exists for three reasons: httpx and httpcore do not separate DNS from
connect; their own backend loses a response that a reset follows; and a connection has to end at once with its run.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final, cast

import httpcore

from prober.client.exchange import ExchangeRecorder
from prober.client.http.addresses import connect
from prober.client.http.resolver import Address, resolve
from prober.outcome import Failure, Phase, Reason

_HIGH_WATER: Final = 64 * 1024
"""Unread bytes at which reading from the socket pauses."""

_READ_SIZE: Final = 4 * 1024
"""Bytes handed to the HTTP parser at a time, because the event loop runs other tasks only between two reads. So few
bytes may already hold a hundred interim responses."""

_INTERIM: Final = (b"HTTP/1.1 1", b"HTTP/1.0 1")
_MOST_INTERIM: Final = 100
"""Interim responses (status 1xx) before the response to a request. A server may send one every few seconds while it
works; thousands cost the parser as much as an answer each, and no other limit counts them."""

_TOGETHER: Final = 64 * 1024
"""Bytes of a request up to which its parts are sent in one piece."""

_NEVER: Final = 24 * 3600.0
"""Seconds. The run has one deadline; the timeout of asyncio, a minute, would report a TLS handshake differently."""


class Backend(httpcore.AsyncNetworkBackend):
    """Opens the connections of one session, and records their phases in the current exchange."""

    def __init__(self, *, public_only: bool = False, only: str | None = None) -> None:
        """`public_only` refuses addresses that are not public, whatever name leads there; `only` leaves one of them."""
        self._public_only, self._only = public_only, only
        self.recorder = ExchangeRecorder("unused")
        self.certificates: dict[str, dict[str, Any]] = {}
        """Certificates by host, as `ssl.SSLSocket.getpeercert` returns them."""
        self._streams: list[Stream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        self.recorder.enter(Phase.DNS)
        addresses = await resolve(host, port, on_starved=self.recorder.starve)
        if self._public_only:
            _refuse_private(addresses)
        if self._only is not None:
            addresses = [each for each in addresses if each[4][0] == self._only]
            if not addresses:
                raise Failure(Reason.UNDECIDED, f"the name no longer leads to {self._only}")
        self.recorder.enter(Phase.CONNECT)
        connected = await connect(addresses)
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(_StreamProtocol, sock=connected)
        stream = Stream(self, protocol)
        self._streams.append(stream)
        self.recorder.enter(Phase.SEND)
        return stream

    def abort(self) -> None:
        """Drop every connection at once."""
        for stream in self._streams:
            stream.abort()


def _refuse_private(addresses: Iterable[Address]) -> None:
    """A name that a stranger wrote may lead into the operator's own network. Raises Failure with `not_run`."""
    for _, _, _, _, destination in addresses:
        if not ip_address(str(destination[0]).partition("%")[0]).is_global:
            raise Failure(Reason.NOT_RUN, f"its name leads to {destination[0]}, which is no public address")


class Stream(httpcore.AsyncNetworkStream):
    """One connection. Reads and writes move the exchange to the next phase."""

    def __init__(self, backend: Backend, protocol: _StreamProtocol):
        self._backend = backend
        self._protocol = protocol
        self._wrote = False
        self._unsent = b""
        self._interim = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        recorder = self._backend.recorder
        with suppress(OSError):  # a server may refuse a request that it has not read to the end: read what it says
            await self._flush()
        if recorder.phase is Phase.SEND:
            recorder.enter(Phase.WAIT)
        recorder.expect_bytes()
        data = await self._protocol.read(min(max_bytes, _READ_SIZE))
        if recorder.phase is Phase.WAIT:
            recorder.enter(Phase.RECEIVE, at=self._protocol.first_arrival)
        recorder.note_arrival(self._protocol.last_arrival)
        if self._wrote:
            self._wrote = False
            self._interim = 0
            recorder.head = data[:16]
        if recorder.http_status is None:
            self._count_interim(data)
        return data

    def _count_interim(self, data: bytes) -> None:
        """Raises Failure with `too_large`."""
        if data.startswith(_INTERIM) or self._interim:
            self._interim += sum(map(data.count, _INTERIM))
        if self._interim > _MOST_INTERIM:
            raise Failure(
                Reason.TOO_LARGE, f"more than {_MOST_INTERIM} interim responses (1xx) came before the response"
            )

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        recorder = self._backend.recorder
        if recorder.phase is not Phase.SEND:
            recorder.enter(Phase.SEND)
        recorder.bytes_sent += len(buffer)
        self._wrote = True
        self._unsent += buffer
        if len(self._unsent) < _TOGETHER:
            return  # head and body leave together, as soon as the answer is wanted: one packet, one system call
        try:
            await self._flush()
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error  # httpcore reads on after that, see read()

    async def _flush(self) -> None:
        if self._unsent:
            data, self._unsent = self._unsent, b""
            await self._protocol.write(data)

    async def aclose(self) -> None:
        self.abort()

    def abort(self) -> None:
        # Not close(): in TLS it waits for the server, which may never answer.
        self._protocol.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        recorder = self._backend.recorder
        recorder.merge_into(Phase.CONNECT)  # bytes before TLS went to a proxy
        recorder.enter(Phase.TLS)
        try:
            await self._protocol.start_tls(ssl_context, server_hostname)
        except ConnectionError as error:
            how = f": {error}" if str(error) else ""
            raise Failure(Reason.TLS_FAILED, f"the server broke off the TLS handshake{how}") from error
        self._backend.certificates[server_hostname or ""] = self._protocol.transport.get_extra_info("peercert")
        recorder.enter(Phase.SEND)
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # httpcore asks whether the server has closed an idle connection
            return self._protocol.is_readable()
        return self._protocol.transport.get_extra_info({"server_addr": "peername"}.get(info, info))


class _StreamProtocol(asyncio.Protocol):
    """Buffers received bytes until they are read, and holds writes back while the server does not keep up.

    StreamReader of asyncio raises the error of a lost connection before it returns the bytes that came first. A
    response such as 413, after which the server resets the connection, would be lost.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.first_arrival = self.last_arrival = time.monotonic()
        """When the first and the last of the buffered bytes came, taken in the callback, before other tasks run."""
        self._ended = False
        self._error: Exception | None = None
        self._paused = False
        self._received = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()

    async def read(self, most: int) -> bytes:
        """Some bytes; none at the end. Raises OSError for a lost connection, after all bytes before the loss."""
        if self._buffer:
            await asyncio.sleep(0)  # a fast sender must not keep the loop from other tasks
        while not self._buffer:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            self._received.clear()
            await self._received.wait()
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        if self._paused and len(self._buffer) < _HIGH_WATER // 2:
            self._paused = False
            self.transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Write, and wait while the server does not keep up. Raises OSError when the connection is lost."""
        self.transport.write(data)
        await self._may_write.wait()
        if self.transport.is_closing():
            raise self._error or ConnectionResetError("the connection is lost")

    async def start_tls(self, context: ssl.SSLContext, server_hostname: str | None) -> None:
        transport = await asyncio.get_running_loop().start_tls(
            self.transport, self, context, server_hostname=server_hostname, ssl_handshake_timeout=_NEVER
        )
        self.transport = cast("asyncio.Transport", transport)

    def is_readable(self) -> bool:
        """Whether bytes or the end of the connection came since the last read, even if only the kernel knows yet."""
        if self._buffer or self._ended or self.transport.is_closing():
            return True
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket"), select.POLLIN)
        return bool(poll.poll(0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.last_arrival = time.monotonic()
        if not self._buffer:
            self.first_arrival = self.last_arrival
        self._buffer += data
        if len(self._buffer) > _HIGH_WATER and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._received.set()

    def eof_received(self) -> bool:
        self._ended = True
        self._received.set()
        return self.transport.get_extra_info("ssl_object") is None  # a plain connection may still be written to

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = exc
        self._received.set()
        self._may_write.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()
