"""A cached value that one caller fetches for all.

Callers that come during the fetch wait for it and share its result or its failure: ten probes of a dead server do not
ask ten times for the same fact. A failure is shared with the waiting callers, and is not cached.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from prober.outcome import Failure

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """`value` is None until it is fetched."""

    def __init__(self) -> None:
        self.value: T | None = None
        self._flight: asyncio.Future[T | None] | None = None

    async def get(self, fetch: Callable[[], Awaitable[T]]) -> T:
        """The value, which the first caller fetches. Raises the Failure of the fetch to every waiting caller."""
        while self.value is None:
            if self._flight is None:
                return await self._fetch(fetch)
            # None: the fetching caller ran out of its own time, which says nothing about ours
            if (value := await asyncio.shield(self._flight)) is not None:
                return value
        return self.value

    def forget(self, value: T | None = None) -> None:
        """Make the next caller fetch again; with a `value`, unless another has been fetched meanwhile."""
        if value is None or value is self.value:
            self.value = None

    async def _fetch(self, fetch: Callable[[], Awaitable[T]]) -> T:
        flight = self._flight = asyncio.get_running_loop().create_future()
        try:
            self.value = await fetch()
        except Failure as failure:
            flight.set_exception(failure)
            flight.exception()  # without a waiting caller, asyncio would log an exception that was never retrieved
            raise
        finally:
            self._flight = None
            if not flight.done():
                flight.set_result(self.value)
        return self.value
