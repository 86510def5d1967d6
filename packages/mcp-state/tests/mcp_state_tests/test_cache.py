"""What the read-through cache promises."""

from __future__ import annotations

import asyncio

import pytest

from mcp_state.cache import ReadThroughCache


class Source:
    """Something slow to read from: holds each fetch until told, and counts them."""

    def __init__(self) -> None:
        self.value = 1
        self.fetches = 0
        self.held = asyncio.Event()
        self.held.set()
        self.error: Exception | None = None

    async def fetch(self, key: str) -> str:
        """The value as it is when the fetch begins, handed out when it may end."""
        self.fetches += 1
        value = f"{key}{self.value}"
        await self.held.wait()
        if self.error:
            raise self.error
        return value


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    """Of the cache."""
    return Source()


@pytest.fixture
def clock() -> Clock:
    """Of the cache."""
    return Clock()


@pytest.fixture
def cache(source: Source, clock: Clock) -> ReadThroughCache[str]:
    """Keeps three values for ten seconds."""
    return ReadThroughCache(source.fetch, ttl=10, capacity=3, clock=clock)


async def test_a_value_is_fetched_once_and_then_found(cache: ReadThroughCache[str], source: Source) -> None:
    assert [await cache.get("k"), await cache.get("k")] == [("k1", "miss"), ("k1", "hit")]
    assert source.fetches == 1


async def test_a_value_is_never_older_than_its_time_to_live(
    cache: ReadThroughCache[str], source: Source, clock: Clock
) -> None:
    await cache.get("k")
    source.value = 2
    clock.now += 9.999
    assert await cache.get("k") == ("k1", "hit")
    clock.now += 0.001
    assert await cache.get("k") == ("k2", "stale")
    assert await cache.get("k") == ("k2", "hit")


async def test_a_call_may_ask_for_a_fresher_value_than_others(
    cache: ReadThroughCache[str], source: Source, clock: Clock
) -> None:
    await cache.get("k")
    source.value = 2
    clock.now += 3
    assert await cache.get("k", ttl=4) == ("k1", "hit")
    assert await cache.get("k", ttl=3) == ("k2", "stale")
    assert await cache.get("k", ttl=0) == ("k2", "stale")
    clock.now += 9
    assert await cache.get("k") == ("k2", "hit")


async def test_a_value_is_not_kept_beyond_the_end_of_what_it_belongs_to(source: Source, clock: Clock) -> None:
    lives: dict[str, float | None] = {"k1": 4.0, "k2": None}
    cache = ReadThroughCache(source.fetch, ttl=10, lives=lambda value: lives[value], clock=clock)
    await cache.get("k")
    source.value = 2
    clock.now += 3.999
    assert await cache.get("k") == ("k1", "hit")
    clock.now += 0.001
    assert await cache.get("k") == ("k2", "stale")
    clock.now += 9.999
    assert await cache.get("k") == ("k2", "hit")


async def test_age_counts_from_before_the_fetch(cache: ReadThroughCache[str], source: Source, clock: Clock) -> None:
    source.held.clear()
    reading = asyncio.create_task(cache.get("k"))
    await asyncio.sleep(0)
    clock.now += 10
    source.held.set()
    assert await reading == ("k1", "miss")
    assert (await cache.get("k"))[1] == "stale"


async def test_an_invalidated_value_is_fetched_anew(cache: ReadThroughCache[str], source: Source) -> None:
    for key in "ab":
        await cache.get(key)
    source.value = 2
    cache.invalidate("a")
    assert [await cache.get("a"), await cache.get("b")] == [("a2", "miss"), ("b1", "hit")]
    cache.invalidate_all()
    assert await cache.get("b") == ("b2", "miss")


async def test_callers_that_miss_together_share_one_fetch(cache: ReadThroughCache[str], source: Source) -> None:
    source.held.clear()
    reading = [asyncio.create_task(cache.get("k")) for _ in range(20)]
    await asyncio.sleep(0)
    source.held.set()
    assert set(await asyncio.gather(*reading)) == {("k1", "miss")}
    assert source.fetches == 1


async def test_a_fetch_overtaken_by_an_invalidation_is_not_kept(cache: ReadThroughCache[str], source: Source) -> None:
    source.held.clear()
    before = asyncio.create_task(cache.get("k"))
    await asyncio.sleep(0)
    source.value = 2
    cache.invalidate("k")
    after = asyncio.create_task(cache.get("k"))
    await asyncio.sleep(0)
    source.held.set()
    assert [await before, await after] == [("k1", "miss"), ("k2", "miss")]
    assert await cache.get("k") == ("k2", "hit")


async def test_what_a_fetch_raises_is_raised_to_all_who_wait_and_not_kept(
    cache: ReadThroughCache[str], source: Source
) -> None:
    source.held.clear()
    source.error = LookupError("gone")
    reading = [asyncio.create_task(cache.get("k")) for _ in range(3)]
    await asyncio.sleep(0)
    source.held.set()
    assert [str(error) for error in await asyncio.gather(*reading, return_exceptions=True)] == ["gone"] * 3
    source.error = None
    assert await cache.get("k") == ("k1", "miss")


async def test_when_the_caller_that_fetches_is_cancelled_another_takes_over(
    cache: ReadThroughCache[str], source: Source
) -> None:
    source.held.clear()
    fetching, waiting = (asyncio.create_task(cache.get("k")) for _ in range(2))
    await asyncio.sleep(0)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    source.held.set()
    assert await waiting == ("k1", "miss")
    assert source.fetches == 2


async def test_a_caller_that_only_waits_can_be_cancelled_alone(cache: ReadThroughCache[str], source: Source) -> None:
    source.held.clear()
    fetching, waiting = (asyncio.create_task(cache.get("k")) for _ in range(2))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    source.held.set()
    assert await fetching == ("k1", "miss")


async def test_the_value_used_longest_ago_makes_room(cache: ReadThroughCache[str], source: Source) -> None:
    for key in ("a", "b", "c", "a", "d"):
        await cache.get(key)
    assert [(await cache.get(key))[1] for key in "acd"] == ["hit", "hit", "hit"]
    assert (await cache.get("b"))[1] == "miss"
