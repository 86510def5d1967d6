"""Connections of one session: sockets connected and TLS spoken, with the time of each phase known.

A backend for httpcore on plain asyncio. It exists because neither httpx nor httpcore tells DNS from connect, because
their own backend loses an answer that a reset follows, and because a connection has to end at once when a run does.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, cast

import httpcore

from prober.client.addresses import connect
from prober.client.exchange import ExchangeRecorder
from prober.client.resolver import resolve
from prober.outcome import Failure, Phase, Reason

_ENOUGH: Final = 64 * 1024
"""Bytes that wait to be read at which the peer is made to wait."""

_AT_ONCE: Final = 4 * 1024
"""Bytes handed to the HTTP parser at a time. Between two reads the event loop has its turn, and there may be a hundred
answers of a kind in so many bytes."""

_TOGETHER: Final = 64 * 1024
"""Bytes of a request up to which its parts are sent in one piece."""

_NEVER: Final = 24 * 3600.0
"""Seconds. The run has one deadline; asyncio's own of a minute would end a TLS handshake under another name."""


class Backend(httpcore.AsyncNetworkBackend):
    """Opens the connections of one session and books their phases on the exchange that is going on."""

    def __init__(self) -> None:
        self.recorder = ExchangeRecorder("unused")
        self.certificates: dict[str, dict[str, Any]] = {}
        """By host: certificates as `ssl.SSLSocket.getpeercert` gives them."""
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
        self.recorder.enter(Phase.CONNECT)
        connected = await connect(addresses)
        loop = asyncio.get_running_loop()
        _, flow = await loop.create_connection(_Flow, sock=connected)
        stream = Stream(self, flow)
        self._streams.append(stream)
        self.recorder.enter(Phase.SEND)
        return stream

    def abort(self) -> None:
        """Drop every connection at once."""
        for stream in self._streams:
            stream.abort()


class Stream(httpcore.AsyncNetworkStream):
    """One connection. Reads and writes move the exchange from phase to phase."""

    def __init__(self, backend: Backend, flow: _Flow):
        self._backend = backend
        self._flow = flow
        self._asked = False
        self._unsent = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        recorder = self._backend.recorder
        with suppress(OSError):  # a server may refuse a request that it has not read to the end: read what it says
            await self._flush()
        if recorder.phase is Phase.SEND:
            recorder.enter(Phase.WAIT)
        recorder.awaits()
        data = await self._flow.read(min(max_bytes, _AT_ONCE))
        if recorder.phase is Phase.WAIT:
            recorder.enter(Phase.RECEIVE, at=self._flow.first_came)
        recorder.has(arrived=self._flow.last_came)
        if self._asked:
            self._asked = False
            recorder.head = data[:16]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        recorder = self._backend.recorder
        if recorder.phase is not Phase.SEND:
            recorder.enter(Phase.SEND)
        recorder.bytes_sent += len(buffer)
        self._asked = True
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
            await self._flow.write(data)

    async def aclose(self) -> None:
        self.abort()

    def abort(self) -> None:
        # Not close(): that waits for the peer in TLS, and a peer that is being probed may never answer.
        self._flow.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        recorder = self._backend.recorder
        recorder.rebook(Phase.CONNECT)  # what was said until now was said to a proxy
        recorder.enter(Phase.TLS)
        try:
            await self._flow.start_tls(ssl_context, server_hostname)
        except ConnectionError as error:
            raise Failure(Reason.TLS_FAILED, f"the server broke off the TLS handshake: {error}") from error
        self._backend.certificates[server_hostname or ""] = self._flow.transport.get_extra_info("peercert")
        recorder.enter(Phase.SEND)
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # httpcore asks whether an idle connection was closed under it
            return self._flow.has_news()
        return self._flow.transport.get_extra_info({"server_addr": "peername"}.get(info, info))


class _Flow(asyncio.Protocol):
    """What has come in and is not read yet, and whether more may go out.

    asyncio's StreamReader raises the error of a lost connection before it hands out what came before the loss: there
    an answer like 413, upon which the server resets the connection, would never be seen.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._waiting = bytearray()
        self.first_came = self.last_came = time.monotonic()
        """When the first and the last came of what was read last, taken before the loop has turned to others."""
        self._ended = False
        self._error: Exception | None = None
        self._paused = False
        self._came = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()

    async def read(self, most: int) -> bytes:
        """Some bytes; none at the end. Raises OSError when all that came before a loss has been read."""
        if self._waiting:
            await asyncio.sleep(0)  # whoever sends faster than we read must not keep the loop from its other work
        while not self._waiting:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            self._came.clear()
            await self._came.wait()
        data = bytes(self._waiting[:most])
        del self._waiting[:most]
        if self._paused and len(self._waiting) < _ENOUGH // 2:
            self._paused = False
            self.transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Return when the peer keeps up. Raises OSError when the connection is lost."""
        self.transport.write(data)
        await self._may_write.wait()
        if self.transport.is_closing():
            raise self._error or ConnectionResetError("the connection is lost")

    async def start_tls(self, context: ssl.SSLContext, server_hostname: str | None) -> None:
        transport = await asyncio.get_running_loop().start_tls(
            self.transport, self, context, server_hostname=server_hostname, ssl_handshake_timeout=_NEVER
        )
        self.transport = cast("asyncio.Transport", transport)

    def has_news(self) -> bool:
        """Whether something came since the last read, the end of the connection as well, and be it unseen so far."""
        if self._waiting or self._ended or self.transport.is_closing():
            return True
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket"), select.POLLIN)
        return bool(poll.poll(0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.last_came = time.monotonic()
        if not self._waiting:
            self.first_came = self.last_came
        self._waiting += data
        if len(self._waiting) > _ENOUGH and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._came.set()

    def eof_received(self) -> bool:
        self._ended = True
        self._came.set()
        return self.transport.get_extra_info("ssl_object") is None  # a plain connection may still be written to

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = exc
        self._came.set()
        self._may_write.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()
