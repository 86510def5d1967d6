"""One call to Redis: a connection of a bounded pool, one deadline, a circuit breaker.

Nothing is sent twice. Connecting is retried with backoff, because nothing was sent yet. A call whose reply was lost is
not retried, because it may have been executed: a write then fails with `maybe_written`. The one exception is a script
whose digest Redis does not know: Redis has not executed it, so its text is sent.

The pool is a semaphore and a list, not redis-py's BlockingConnectionPool, which raises the same error for a busy pool
and for a dead server, and does not separate the time of waiting from the time of connecting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from redis.exceptions import NoScriptError, RedisError, ResponseError

from mcp_state.breaker import Breaker, BreakerOpenError, BreakerPolicy, Call
from mcp_state.errors import StoreBusyError, StoreUnavailableError
from mcp_state.protocol import StoreObserver
from mcp_state.redis.connection_factory import ConnectionFactory, PooledConnection
from mcp_state.redis.error_mapping import OTHER_ERRORS, is_healthy_reply, store_error
from mcp_state.redis.replies import Reply
from mcp_state.redis.scripts import Script

Command: TypeAlias = tuple[str | int, ...]
"""The words of a command."""


class Connections:
    """The connections of one store to its Redis. Made and used on one event loop."""

    def __init__(
        self,
        *,
        factory: ConnectionFactory,
        size: int,
        max_wait: float,
        patience: float,
        policy: BreakerPolicy,
        observer: StoreObserver,
    ) -> None:
        """Connects on first use. Waits `max_wait` s for one of `size` connections, then `patience` s for the answer."""
        self._factory = factory
        self._size = size
        self._max_wait = max_wait
        self._patience = patience
        self._observer = observer
        self._breaker = Breaker(policy, changed=lambda is_open: observer.breaker_changed(is_open=is_open))
        self._free = asyncio.Semaphore(size)
        self._idle: list[PooledConnection] = []
        self._in_use = 0
        self._is_open = True
        self._report_pool()

    async def run(self, script: Script, keys: Sequence[str], *arguments: str | int, of_caller: bool = True) -> Reply:
        """Run a script by its digest, or by its text if Redis does not know the digest.

        `of_caller` is false for what the server asks by itself.

        Raises:
            StoreBusyError: no connection became free in time; nothing was sent.
            StoreUnavailableError: Redis failed, refused, is cut off by the breaker, or the store is closed.
        """
        rest = (len(keys), *keys, *arguments)
        by_digest = ("EVALSHA", script.digest, *rest)
        by_text = ("EVAL", script.text, *rest)
        return await self._perform(by_digest, by_text, writes=script.writes, of_caller=of_caller)

    async def memory(self) -> dict[str, str]:
        """What Redis says of its memory, and how it makes room. Raises as `run` does."""
        reply: str = await self._perform(("INFO", "memory"), (), writes=False, of_caller=False)
        lines = (line.partition(":") for line in reply.splitlines())
        return {name: value for name, _, value in lines}

    async def ping(self) -> None:
        """The cheapest call. Raises as `run` does."""
        await self._perform(("PING",), (), writes=False, of_caller=False)

    async def fields(self, key: str, *names: str) -> list[str | None]:
        """These fields of a hash, None for each missing one. Raises as `run` does."""
        reply: list[str | None] = await self._perform(("HMGET", key, *names), (), writes=False)
        return reply

    async def close(self) -> None:
        """Wait for accepted calls, each within its bounds; then close all connections."""
        self._is_open = False
        try:
            for _ in range(self._size):
                await self._free.acquire()
        finally:
            while self._idle:
                await self._idle.pop().disconnect(nowait=True)
            self._report_pool()

    async def _perform(self, command: Command, by_text: Command, *, writes: bool, of_caller: bool = True) -> Reply:
        """Wait for a connection, check the breaker, send the command."""
        if not self._is_open:
            raise StoreUnavailableError("the store is closed")
        try:
            async with self._slot(of_caller=of_caller):
                with self._breaker.admit() as call:
                    return await self._exchange(command, by_text, call, writes=writes)
        except BreakerOpenError as error:
            raise StoreUnavailableError(f"Redis is {error}") from None

    async def _exchange(self, command: Command, by_text: Command, call: Call, *, writes: bool) -> Reply:
        sent = False
        began = time.perf_counter()

        def elapsed() -> float:
            return time.perf_counter() - began

        try:
            async with asyncio.timeout(self._patience), self._connection() as connection:
                sent = True
                try:
                    reply = await _round_trip(connection, command)
                except NoScriptError:
                    reply = await _round_trip(connection, by_text)
        except asyncio.CancelledError:
            call.given_up(seconds=elapsed())
            raise
        except (RedisError, *OTHER_ERRORS) as error:
            if is_healthy_reply(error):
                call.answered(seconds=elapsed())
            else:
                call.failed()
            raise store_error(error, sent_write=sent and writes) from error
        call.answered(seconds=elapsed())
        return reply

    @asynccontextmanager
    async def _slot(self, *, of_caller: bool) -> AsyncGenerator[None, None]:
        """The right to use one connection."""
        began = time.perf_counter()
        if self._free.locked():
            try:
                async with asyncio.timeout(self._max_wait):
                    await self._free.acquire()
            except TimeoutError:
                raise StoreBusyError(
                    f"all {self._size} connections to Redis stayed busy for {self._max_wait} s"
                ) from None
            waited = time.perf_counter() - began
        else:
            await self._free.acquire()
            waited = 0.0
        if of_caller:
            self._observer.pool_waited(seconds=waited)
        self._in_use += 1
        try:
            yield
        finally:
            self._in_use -= 1
            self._free.release()
            self._report_pool()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[PooledConnection, None]:
        """A checked connection. It goes back to the pool only if its last reply was read completely."""
        connection = self._idle.pop() if self._idle else self._factory.make()
        self._report_pool()
        try:
            await self._factory.ready(connection)
            yield connection
        except ResponseError as error:
            if is_healthy_reply(error):
                self._idle.append(connection)
            else:  # for example after a failover: a new connection may lead to the new primary
                await connection.disconnect(nowait=True)
            raise
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        self._idle.append(connection)

    def _report_pool(self) -> None:
        self._observer.pool_changed(in_use=self._in_use, idle=len(self._idle))


async def _round_trip(connection: PooledConnection, command: Command) -> Reply:
    await connection.send_command(*command, check_health=False)
    return await connection.read_response()
