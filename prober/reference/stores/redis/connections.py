"""One call to Redis: a connection of a bounded pool, one deadline, a circuit breaker, and an honest word on failure.

Nothing is sent twice. Making a connection is retried with backoff, for nothing was sent yet; a call whose answer was
lost is not, for it may have happened: a write then fails with `maybe_written`. The one exception is a script that
Redis does not know by its digest: it said so instead of running it, and is given the text.

The pool is a semaphore and a list, not redis-py's BlockingConnectionPool: that raises one and the same error for a
busy pool and for a dead server, and cannot tell the time spent waiting from the time spent connecting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from redis.exceptions import NoScriptError, RedisError, ResponseError

from prober.reference.breaker import Breaker, BreakerOpenError, BreakerPolicy, Call
from prober.reference.stores.errors import StoreBusyError, StoreUnavailableError
from prober.reference.stores.protocol import StoreObserver
from prober.reference.stores.redis.connection_factory import ConnectionFactory, PooledConnection
from prober.reference.stores.redis.error_mapping import FOREIGN, says_well, store_error
from prober.reference.stores.redis.replies import Reply
from prober.reference.stores.redis.scripts import Script

Command: TypeAlias = tuple[str | int, ...]
"""The words of a command."""


class Connections:
    """The connections of one store to its Redis. Made and used on one event loop."""

    def __init__(
        self,
        *,
        maker: ConnectionFactory,
        size: int,
        max_wait: float,
        patience: float,
        policy: BreakerPolicy,
        observer: StoreObserver,
    ) -> None:
        """Connects on first use. Waits `max_wait` s for one of `size` connections, then `patience` s for the answer."""
        self._maker = maker
        self._size = size
        self._max_wait = max_wait
        self._patience = patience
        self._observer = observer
        self._breaker = Breaker(policy, changed=lambda is_open: observer.breaker_changed(is_open=is_open))
        self._free = asyncio.Semaphore(size)
        self._idle: list[PooledConnection] = []
        self._in_use = 0
        self._accepts = True
        self._tell_pool()

    async def run(self, script: Script, keys: Sequence[str], *arguments: str | int) -> Reply:
        """Run a script by its digest, or by its text where Redis has not seen it since it started.

        Raises:
            StoreBusyError: no connection became free in time; nothing was sent.
            StoreUnavailableError: Redis failed, refused, is cut off by the breaker, or the store is closed.
        """
        rest = (len(keys), *keys, *arguments)
        by_digest = ("EVALSHA", script.digest, *rest)
        by_text = ("EVAL", script.text, *rest)
        return await self._perform(by_digest, by_text, writes=script.writes)

    async def ping(self) -> None:
        """The cheapest call. Raises as `run` does."""
        await self._perform(("PING",), (), writes=False)

    async def fields(self, key: str, *names: str) -> list[str | None]:
        """These fields of a hash, None for each that is not there. Raises as `run` does."""
        reply: list[str | None] = await self._perform(("HMGET", key, *names), (), writes=False)
        return reply

    async def close(self) -> None:
        """Let the calls that were accepted end, each within its bounds; then close all connections."""
        self._accepts = False
        try:
            for _ in range(self._size):
                await self._free.acquire()
        finally:
            while self._idle:
                await self._idle.pop().disconnect(nowait=True)
            self._tell_pool()

    async def _perform(self, command: Command, by_text: Command, *, writes: bool) -> Reply:
        """Wait for a connection, ask the breaker, exchange."""
        if not self._accepts:
            raise StoreUnavailableError("the store is closed")
        try:
            async with self._slot():
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
            async with asyncio.timeout(self._patience), self._wire() as wire:
                sent = True
                try:
                    reply = await _ask(wire, command)
                except NoScriptError:
                    reply = await _ask(wire, by_text)
        except asyncio.CancelledError:
            call.given_up(seconds=elapsed())
            raise
        except (RedisError, *FOREIGN) as error:
            if says_well(error):
                call.answered(seconds=elapsed())
            else:
                call.failed()
            raise store_error(error, sent_write=sent and writes) from error
        call.answered(seconds=elapsed())
        return reply

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[None, None]:
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
            self._observer.pool_waited(seconds=time.perf_counter() - began)
        else:
            await self._free.acquire()
            self._observer.pool_waited(seconds=0.0)
        self._in_use += 1
        try:
            yield
        finally:
            self._in_use -= 1
            self._free.release()
            self._tell_pool()

    @asynccontextmanager
    async def _wire(self) -> AsyncGenerator[PooledConnection, None]:
        """A connection that lives, as far as one can know. Only one whose last answer was read whole is kept."""
        wire = self._idle.pop() if self._idle else self._maker.make()
        self._tell_pool()
        try:
            await self._maker.ready(wire)
            yield wire
        except ResponseError as error:
            if says_well(error):
                self._idle.append(wire)
            else:  # after a failover, say: the next connection may lead to the server that can be used
                await wire.disconnect(nowait=True)
            raise
        except BaseException:
            await wire.disconnect(nowait=True)
            raise
        self._idle.append(wire)

    def _tell_pool(self) -> None:
        self._observer.pool_changed(in_use=self._in_use, idle=len(self._idle))


async def _ask(wire: PooledConnection, command: Command) -> Reply:
    await wire.send_command(*command, check_health=False)
    return await wire.read_response()
