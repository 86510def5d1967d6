"""A read-through cache: a value is fetched once, kept for its time to live, and dropped when it is invalidated.

* A value is never older than its time to live, counted from before its fetch began, nor kept for longer than what it
  belongs to exists.
* Single flight: callers that miss at the same time share one fetch.
* A fetch that was under way when its key was invalidated is not cached: it may have read the old value.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from mcp_state.protocol import CacheResult, Recorder

T = TypeVar("T")

_CAPACITY: Final = 10_000
"""Values kept at most; the least recently used one is evicted."""


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    fetched_at: float
    ends_at: float
    """When what the value belongs to ends."""


class ReadThroughCache(Generic[T]):
    """Caches the values of `fetch` by key, for `ttl` seconds at most."""

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[T]],
        *,
        ttl: float,
        lives: Callable[[T], float | None] = lambda _: None,
        capacity: int = _CAPACITY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lives` says how many seconds a value has left when it is fetched, None for no end."""
        self._fetch = fetch
        self._ttl = ttl
        self._lives = lives
        self._capacity = capacity
        self._clock = clock
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._fetches: dict[str, asyncio.Future[T]] = {}

    async def get(self, key: str, *, ttl: float | None = None) -> tuple[T, CacheResult]:
        """The value and where it came from. An exception of `fetch` is raised to every caller that waits for it.

        `ttl` is how old the value may be for this call, in seconds, where that is not the time to live of all.
        """
        max_age = self._ttl if ttl is None else ttl
        found: CacheResult = "miss"
        while True:
            entry = self._entries.get(key)
            if entry is not None:
                now = self._clock()
                if now - entry.fetched_at < max_age and now < entry.ends_at:
                    self._entries.move_to_end(key)
                    return entry.value, "hit"
                found = "stale"
            fetch = self._fetches.get(key)
            if fetch is None:
                return await self._fetch_shared(key), found
            try:
                # Shielded: a cancelled caller must not cancel the fetch that others wait for.
                return await asyncio.shield(fetch), found
            except asyncio.CancelledError:
                if not fetch.cancelled() or _is_cancelled():
                    raise
                # The caller that fetched was cancelled: one of the waiting callers fetches now.

    async def read(self, key: str, *, recorder: Recorder, tool: str, ttl: float | None = None) -> T:
        """As `get`, and report where the value came from."""
        value, found = await self.get(key, ttl=ttl)
        recorder.cache_read(tool=tool, result=found)
        return value

    async def follow(
        self,
        changes: AsyncIterator[str | None],
        *,
        recorder: Recorder,
        missed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Drop what other instances change, as long as `Store.changes` yields; run it beside the server.

        `missed` is called whenever changes may have been missed: everything was dropped then.
        """
        async for key in changes:
            if key is None:
                self.invalidate_all()
                if missed is not None:
                    await missed()
            else:
                self.invalidate(key)
            recorder.cache_invalidated(origin="remote")

    def invalidate(self, key: str) -> None:
        """Drop a value; the next read fetches it again."""
        self._entries.pop(key, None)
        self._fetches.pop(key, None)

    def invalidate_all(self) -> None:
        """Drop everything."""
        self._entries.clear()
        self._fetches.clear()

    async def _fetch_shared(self, key: str) -> T:
        """Fetch for this caller and for all that ask meanwhile."""
        fetch: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._fetches[key] = fetch
        began = self._clock()
        try:
            value = await self._fetch(key)
        except Exception as error:
            fetch.set_exception(error)
            fetch.exception()  # retrieved here, or asyncio reports a fetch that nobody else waited for
            raise
        else:
            fetch.set_result(value)
            if self._fetches.get(key) is fetch:  # else the key was invalidated meanwhile
                left = self._lives(value)
                self._store(key, _Entry(value, began, math.inf if left is None else began + left))
            return value
        finally:
            fetch.cancel()  # does nothing if the fetch has its result
            if self._fetches.get(key) is fetch:
                del self._fetches[key]

    def _store(self, key: str, entry: _Entry[T]) -> None:
        self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _is_cancelled() -> bool:
    """Whether the running task was cancelled, not just the future that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
