"""A value that many want and one fetches.

Those who come while it is being fetched wait for it and share it, a failure as well: ten probes of a dead server do not
knock ten times for the same fact. A failure is shared with those who waited, and then forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from prober.outcome import Failure

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """`value` is None until it is known."""

    def __init__(self) -> None:
        self.value: T | None = None
        self._flight: asyncio.Future[T | None] | None = None

    async def get(self, fetch: Callable[[], Awaitable[T]]) -> T:
        """The value, fetched by the first who asks. Raises the Failure of the fetch, to all who waited for it."""
        while self.value is None:
            if self._flight is None:
                return await self._fetch(fetch)
            # None: whoever fetched ran out of its own time, which says nothing about ours
            if (value := await asyncio.shield(self._flight)) is not None:
                return value
        return self.value

    def forget(self) -> None:
        """The next who asks fetches anew."""
        self.value = None

    async def _fetch(self, fetch: Callable[[], Awaitable[T]]) -> T:
        flight = self._flight = asyncio.get_running_loop().create_future()
        try:
            self.value = await fetch()
        except Failure as failure:
            flight.set_exception(failure)
            flight.exception()  # nobody may be waiting; asyncio would complain of an exception never looked at
            raise
        finally:
            self._flight = None
            if not flight.done():
                flight.set_result(self.value)
        return self.value
