"""The bounded pool: how long a call waits, which connections are used again, and what is told of it."""

from __future__ import annotations

import asyncio

import pytest

from mcp_state.errors import StoreBusyError, StoreUnavailableError

from .conftest import OpenStore
from .relay import relaying
from .server import RedisServer
from .watching import Watcher

pytestmark = pytest.mark.external


def clients(server: RedisServer) -> int:
    """Connections of stores, as Redis sees them."""
    return server.ask("CLIENT", "LIST").count(b"name=mcp-state")


async def test_a_crowd_shares_the_connections_of_the_pool(server: RedisServer, open_store: OpenStore) -> None:
    watcher = Watcher()
    store = await open_store(pool_size=4, max_wait=10, observer=watcher)
    await store.create("s", lifetime=60)
    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(store.step("s", tool="t", result="1"))
    assert (await store.get("s")).step_count == 100
    assert clients(server) <= 4
    assert max(in_use for in_use, _ in watcher.pool) == 4
    assert watcher.pool[-1] == (0, clients(server))
    assert sum(waited > 0 for waited in watcher.waits) >= 90


async def test_a_lone_caller_never_waits_and_needs_one_connection(server: RedisServer, open_store: OpenStore) -> None:
    watcher = Watcher()
    store = await open_store(observer=watcher)
    await store.create("s", lifetime=60)
    for _ in range(20):
        await store.get("s")
    assert set(watcher.waits) == {0.0}
    assert clients(server) == 1


async def test_a_call_that_gets_no_connection_in_time_is_told_that_the_store_is_busy(
    server: RedisServer, open_store: OpenStore
) -> None:
    store = await open_store(pool_size=2, max_wait=0.1, patience=30.0)
    server.freeze()
    async with asyncio.TaskGroup() as group:
        held = [group.create_task(store.check()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(StoreBusyError, match=r"all 2 connections to Redis stayed busy for 0\.1 s"):
            await store.check()
        assert not any(each.done() for each in held)
        server.thaw()
    await store.check()


async def test_the_answer_to_a_cancelled_call_is_never_taken_for_that_of_another(
    server: RedisServer, open_store: OpenStore
) -> None:
    store = await open_store(pool_size=1, max_wait=10)
    for handle in ("one", "two"):
        await store.create(handle, lifetime=60)
    for _ in range(5):
        server.ask("CLIENT", "PAUSE", "30", "ALL")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):
                await store.get("one")
        assert (await store.get("two")).handle == "two"


async def test_connections_that_redis_closed_while_idle_are_replaced_unnoticed(
    server: RedisServer, open_store: OpenStore
) -> None:
    store = await open_store()
    await asyncio.gather(*(store.check() for _ in range(8)))
    assert clients(server) > 0
    server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await asyncio.sleep(0.05)
    assert clients(server) == 0
    await store.create("s", lifetime=60)
    for _ in range(8):
        await store.step("s", tool="t", result="1")


async def test_connections_that_died_silently_while_idle_are_found_out_and_replaced(
    server: RedisServer, open_store: OpenStore
) -> None:
    async with relaying(server.port) as relay:
        store = await open_store(url=relay.url, idle_trust=0.01, patience=2.0)
        await store.create("s", lifetime=60)
        relay.swallow()
        await asyncio.sleep(0.02)
        assert (await store.step("s", tool="t", result="1")).step_count == 1
        assert relay.connections == 2
        await store.close()


async def test_closing_lets_calls_end_that_were_accepted(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store(pool_size=2, max_wait=10)
    await store.create("s", lifetime=60)
    server.ask("CLIENT", "PAUSE", "100", "ALL")
    async with asyncio.TaskGroup() as group:
        steps = [group.create_task(store.step("s", tool="t", result="1")) for _ in range(6)]
        await asyncio.sleep(0)
        await store.close()
    assert sorted(each.result().step_count for each in steps) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.check()


async def test_a_closed_store_can_be_opened_again(open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=60)
    await store.close()
    await store.open()
    assert (await store.get("s")).handle == "s"
