"""Hearing of other instances' changes: at once, and where a message may have been lost, that it may have been."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from mcp_state.cache import ReadThroughCache
from mcp_state.redis import RedisStore
from tests.waiting import until

from .conftest import OpenStore
from .relay import relaying
from .server import BOUND, RedisServer

pytestmark = pytest.mark.external


class Listener:
    """What one store hears, heard by a task that the test owns."""

    def __init__(self, store: RedisStore, group: asyncio.TaskGroup) -> None:
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = group.create_task(self._listen(store))

    async def next(self) -> str | None:
        """The next it hears."""
        async with asyncio.timeout(BOUND):
            return await self._heard.get()

    def stop(self) -> None:
        """Stop listening."""
        self._task.cancel()

    async def ended(self) -> None:
        """Wait until there is nothing more to hear."""
        async with asyncio.timeout(BOUND):
            await self._task

    async def _listen(self, store: RedisStore) -> None:
        async with aclosing(store.changes()) as changes:
            async for change in changes:
                self._heard.put_nowait(change)


def subscribers(server: RedisServer) -> int:
    return server.ask("CLIENT", "LIST", "TYPE", "pubsub").count(b"name=mcp-state")


async def test_every_instance_hears_of_a_change_but_the_one_that_made_it(open_store: OpenStore) -> None:
    stores = [await open_store() for _ in range(3)]
    await stores[0].create("s", lifetime=60)
    async with asyncio.TaskGroup() as group:
        listeners = [Listener(store, group) for store in stores]
        assert [await listener.next() for listener in listeners] == [None, None, None]
        await stores[0].update_config("s", {"a": "1"})
        await stores[1].delete("s")
        assert [await listeners[0].next()] == ["s"]
        assert [await listeners[1].next()] == ["s"]
        assert [await listeners[2].next(), await listeners[2].next()] == ["s", "s"]
        for listener in listeners:
            listener.stop()


async def test_what_another_instance_acknowledged_is_read_from_a_cache_that_lives_for_ever(
    open_store: OpenStore,
) -> None:
    here, there = await open_store(), await open_store()
    await here.create("s", lifetime=60)
    cache = ReadThroughCache(there.config, ttl=1e9)
    async with asyncio.TaskGroup() as group:
        listener = Listener(there, group)
        assert await listener.next() is None
        for value in range(10):
            await cache.get("s")
            await here.update_config("s", {"a": str(value)})
            handle = await listener.next()
            assert handle == "s"
            cache.invalidate(handle)
            assert (await cache.get("s"))[0].options == {"a": str(value)}
        listener.stop()


async def test_an_interruption_is_told_and_hearing_goes_on(server: RedisServer, open_store: OpenStore) -> None:
    here, there = await open_store(), await open_store()
    await here.create("s", lifetime=60)
    async with asyncio.TaskGroup() as group:
        listener = Listener(there, group)
        assert await listener.next() is None
        for _ in range(3):
            server.ask("CLIENT", "KILL", "TYPE", "pubsub")
            await here.update_config("s", {"lost": "1"})  # while nobody listens
            assert await listener.next() is None
            await here.update_config("s", {"heard": "1"})
            assert await listener.next() == "s"
        listener.stop()


async def test_a_connection_that_fell_silent_is_given_up(server: RedisServer, open_store: OpenStore) -> None:
    here = await open_store()
    await here.create("s", lifetime=60)
    async with relaying(server.port) as relay:
        there = await open_store(url=relay.url, patience=0.2)
        async with asyncio.TaskGroup() as group:
            listener = Listener(there, group)
            assert await listener.next() is None
            relay.swallow()
            await here.update_config("s", {"lost": "1"})
            assert await listener.next() is None
            await here.update_config("s", {"heard": "1"})
            assert await listener.next() == "s"
            listener.stop()
        await there.close()


async def test_silence_alone_is_no_interruption(open_store: OpenStore) -> None:
    here, there = await open_store(), await open_store(patience=0.05)
    await here.create("s", lifetime=60)
    async with asyncio.TaskGroup() as group:
        listener = Listener(there, group)
        assert await listener.next() is None
        await asyncio.sleep(0.5)  # ten beats: PING and PONG go to and fro
        await here.update_config("s", {"heard": "1"})
        assert await listener.next() == "s"
        listener.stop()


async def test_hearing_survives_the_death_of_redis(server: RedisServer, open_store: OpenStore) -> None:
    here, there = await open_store(), await open_store()
    async with asyncio.TaskGroup() as group:
        listener = Listener(there, group)
        assert await listener.next() is None
        server.kill()
        server.start()
        assert await listener.next() is None
        await here.create("s", lifetime=60)
        await here.update_config("s", {"heard": "1"})
        assert await listener.next() == "s"
        listener.stop()


async def test_listening_ends_when_the_store_closes(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    async with asyncio.TaskGroup() as group:
        listener = Listener(store, group)
        assert await listener.next() is None
        await store.close()
        await listener.ended()


async def test_whoever_stops_listening_leaves_no_connection_behind(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    async with asyncio.TaskGroup() as group:
        listener = Listener(store, group)
        assert await listener.next() is None
        assert subscribers(server) == 1
        listener.stop()
    await until(lambda: not subscribers(server))
