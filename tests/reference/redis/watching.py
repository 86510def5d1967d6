"""An observer that remembers what its store told, and can be waited for."""

from __future__ import annotations

import asyncio

from tests.waiting import BOUND


class Watcher:
    """What a store told."""

    def __init__(self) -> None:
        self.breaker: list[bool] = []
        """Each change: True for opened."""
        self.waits: list[float] = []
        self.pool: list[tuple[int, int]] = []
        """Connections in use and idle."""
        self._told = asyncio.Event()

    def batch_committed(self, *, size: int, seconds: float) -> None:
        """Redis knows no batches."""
        raise AssertionError("not a word of this store")

    def write_lock_waited(self, *, seconds: float) -> None:
        """Redis has no such lock."""
        raise AssertionError("not a word of this store")

    def pool_changed(self, *, in_use: int, idle: int) -> None:
        """The connections, now."""
        self.pool.append((in_use, idle))

    def pool_waited(self, *, seconds: float) -> None:
        """A call waited."""
        self.waits.append(seconds)

    def breaker_changed(self, *, is_open: bool) -> None:
        """The breaker opened or closed."""
        self.breaker.append(is_open)
        self._told.set()

    async def breaker_is(self, *, is_open: bool) -> None:
        """Wait until the breaker is as told."""
        async with asyncio.timeout(BOUND):
            while not self.breaker or self.breaker[-1] is not is_open:
                self._told.clear()
                await self._told.wait()
