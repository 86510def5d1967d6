"""A read-through cache: a value is fetched once, kept for a while, and dropped when it is known to have changed.

* Never staler than the time to live, counted from before the fetch began.
* Single flight: callers that miss at once share one fetch.
* A fetch that was under way when its key was invalidated is not kept: it may have read the value from before.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

T = TypeVar("T")

Found = Literal["hit", "miss", "stale"]
"""Where a read's value came from: the cache; the store, nothing being cached; the store, what was cached being old."""

_CAPACITY: Final = 10_000
"""Values kept at most; the one used longest ago makes room."""


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    fetched_at: float


class ReadThroughCache(Generic[T]):
    """Caches what `fetch` returns by key, for `ttl` seconds."""

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[T]],
        *,
        ttl: float,
        capacity: int = _CAPACITY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._ttl = ttl
        self._capacity = capacity
        self._clock = clock
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._flights: dict[str, asyncio.Future[T]] = {}

    async def get(self, key: str) -> tuple[T, Found]:
        """The value and where it came from. What `fetch` raises is raised to every caller that waits for it."""
        found: Found = "miss"
        while True:
            entry = self._entries.get(key)
            if entry is not None:
                if self._clock() - entry.fetched_at < self._ttl:
                    self._entries.move_to_end(key)
                    return entry.value, "hit"
                found = "stale"
            flight = self._flights.get(key)
            if flight is None:
                return await self._fly(key), found
            try:
                # Shielded: a caller that is cancelled must not cancel what the others wait for.
                return await asyncio.shield(flight), found
            except asyncio.CancelledError:
                if not flight.cancelled() or _is_cancelled():
                    raise
                # The caller that fetched was cancelled: somebody who waits takes over.

    def invalidate(self, key: str) -> None:
        """Drop a value; the next read fetches it anew."""
        self._entries.pop(key, None)
        self._flights.pop(key, None)

    def invalidate_all(self) -> None:
        """Drop everything."""
        self._entries.clear()
        self._flights.clear()

    async def _fly(self, key: str) -> T:
        """Fetch for oneself and for all who come meanwhile."""
        flight: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._flights[key] = flight
        began = self._clock()
        try:
            value = await self._fetch(key)
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # looked at here, or a fetch nobody else waited for would be reported as never retrieved
            raise
        else:
            flight.set_result(value)
            if self._flights.get(key) is flight:  # else it was invalidated meanwhile
                self._keep(key, _Entry(value, began))
            return value
        finally:
            flight.cancel()  # does nothing to one that has its result
            if self._flights.get(key) is flight:
                del self._flights[key]

    def _keep(self, key: str, entry: _Entry[T]) -> None:
        self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _is_cancelled() -> bool:
    """Whether it is the running task that somebody cancelled, not just a future it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
