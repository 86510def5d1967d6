"""Stands before a server and misbehaves as a proxy, a network or a crash would: a fake peer, for nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Final
from urllib.parse import urlsplit

from tests.alerts.pages.probes import SLOW_SECONDS

_ANSWERS: Final = {
    "401": "401 Unauthorized",
    "502": "502 Bad Gateway",
    "503": "503 Service Unavailable",
}


class Front:
    """Relays to `upstream` in the mode `pass`. Other modes: `refuse`, `hang`, `slow`, and the codes of `_ANSWERS`.

    Several modes separated by `+` take turns, a request each.
    """

    def __init__(self, host: str, upstream: str) -> None:
        self._host = host
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "", parts.port or 0)
        self._mode = "pass"
        self._turns = cycle(["pass"])
        self._port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The MCP endpoint as clients see it."""
        return f"http://{self._host}:{self._port}/mcp"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Front]:
        """Listen on a port of its own while the block runs."""
        await self._listen()
        try:
            yield self
        finally:
            await self._close()

    async def switch(self, mode: str) -> None:
        """Go on in another mode. Open connections break, as they do where a process is replaced."""
        self._mode, self._turns = mode, cycle(mode.split("+"))
        if mode == "refuse":
            await self._close()
        else:
            self._abort()
            if self._server is None:
                await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._abort()
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _abort(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            # Cancelled by `_close`, which awaits it: nothing else would report it.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._answer(reader, writer)
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mode = next(self._turns)
        if mode in ("pass", "slow"):
            await self._relay(reader, writer, delay=SLOW_SECONDS * (mode == "slow"))
            return
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        await reader.readexactly(length)
        if mode == "hang":
            await reader.read()
            return
        body = mode.encode()
        writer.write(
            f"HTTP/1.1 {_ANSWERS[mode]}\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\n"
            f"connection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, delay: float) -> None:
        to_reader, to_writer = await asyncio.open_connection(*self._upstream)
        self._open.add(to_writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, to_writer, delay))
                both.create_task(_copy(to_reader, writer, 0.0))
        except* OSError:
            pass
        finally:
            self._open.discard(to_writer)
            to_writer.transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float) -> None:
    while chunk := await source.read(65_536):
        await asyncio.sleep(delay)
        sink.write(chunk)
        await sink.drain()
    sink.close()
