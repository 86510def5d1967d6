"""A listening socket whose connections and tasks all end with it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_GONE = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError)
"""What a client that goes away looks like from here."""


@asynccontextmanager
async def listening(serve: Serve, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve every connection to a free port of 127.0.0.1, which is yielded, until the end of the block.

    A client that goes away ends its connection quietly; any other exception of `serve` is raised at the end.
    """
    connections = Connections(serve)
    server = await asyncio.start_server(connections.handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await connections.end()
    if connections.failures:
        raise ExceptionGroup("a peer failed", connections.failures)


class Connections:
    """The connections of one server: each has a task, and all end together."""

    def __init__(self, serve: Serve):
        self.failures: list[Exception] = []
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not self._ended:
                await self._serve(reader, writer)
                writer.close()
                await writer.wait_closed()
        except (*_GONE, asyncio.CancelledError):
            pass  # only end() cancels
        except Exception as error:
            self.failures.append(error)
        finally:
            writer.transport.abort()
            with contextlib.suppress(*_GONE):
                await writer.wait_closed()
            self._tasks.discard(task)

    async def end(self) -> None:
        """Break off every connection and wait for its task."""
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
