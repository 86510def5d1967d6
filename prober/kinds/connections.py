"""Sessions of several clients: one for each client over HTTP, one for each process on stdio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from prober.client.error_mapping import timed_out
from prober.client.exchange import ExchangeLog
from prober.client.jsonrpc import Message
from prober.client.session import Session
from prober.kinds.context import ProbeContext
from prober.outcome import Failure


class Connection:
    """One session at a time. A failed call may leave the session unusable: the next call then opens a new one."""

    def __init__(self, context: ProbeContext, *, process: int, log: ExchangeLog):
        self._context, self._log, self.process = context, log, process
        self._stack = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._session: Session | None = None
        self.received = ""
        """What came in answer to the latest call, as far as it is kept."""

    @property
    def session(self) -> Session:
        """The open session. Raises AssertionError if none is open."""
        assert self._session is not None
        return self._session

    async def open(self) -> None:
        self._session = await self._stack.enter_async_context(self._context.session(log=self._log))

    async def close(self) -> None:
        """Close the session."""
        self._session = None
        await self._stack.aclose()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn: a session has one call at a time."""
        async with self._turn:
            if self._session is None:
                await self.open()
            yield

    async def call(self, tool: str, arguments: Mapping[str, Any], *, timeout: float) -> dict[str, Any]:
        """The result of one tool call within `timeout` seconds. To be used inside `turn`."""
        session = self.session
        listing = await self._context.tool(session, tool)
        parameters = {"name": tool, "arguments": dict(arguments)}
        mark = len(self._log.finished)
        own_spans, self._log.own_spans = self._log.own_spans, False
        try:
            async with asyncio.timeout(timeout) as clock:
                return await session.request("tools/call", parameters, input_schema=listing.input_schema)
        except TimeoutError:
            if not clock.expired():
                raise
            failure = timed_out(self._log.last, limit=f"the {timeout:.3g} s for one call")
            await self._drop(failure)
            raise failure from None
        except Failure as failure:
            await self._drop(failure)
            raise
        finally:
            self.received = self._log.finished[-1].received if self._log.finished[mark:] else ""
            del self._log.finished[mark:]  # thousands of excerpts; the trace already records the race
            self._log.own_spans = own_spans

    async def _drop(self, failure: Failure) -> None:
        """Abort the session."""
        self._session = None
        await self._stack.__aexit__(type(failure), failure, failure.__traceback__)


async def connect(
    context: ProbeContext,
    stack: AsyncExitStack,
    *,
    count: int,
    on_stray: Callable[[int, Message], None] | None = None,
) -> list[Connection]:
    """Open `count` connections; the stack closes them. The first connection learns era and tools for all.

    The run's own log has the exchanges of the first connection outside of the calls. `on_stray` is called with the
    number of a connection and an answer on its stream that is for none of its requests; without it, that is a
    failure.
    """
    redact, span = context.target_cache.redact, context.log.span
    logs = [context.log, *(ExchangeLog(redact, span=span, own_spans=False) for _ in range(count - 1))]
    if on_stray is not None:
        for number, log in enumerate(logs):
            log.on_stray = partial(on_stray, number)
    several = context.target.transport == "stdio"  # over HTTP it is unknown which process answers
    connections = [Connection(context, process=number if several else 0, log=log) for number, log in enumerate(logs)]
    for connection in connections:
        stack.push_async_callback(connection.close)
    await connections[0].open()
    try:
        async with asyncio.TaskGroup() as together:
            for connection in connections[1:]:
                together.create_task(connection.open())
    except* Failure as failures:
        raise _first(failures) from None
    return connections


def _first(group: BaseExceptionGroup[Failure]) -> Failure:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
