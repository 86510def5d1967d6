"""A Redis that evicts what it holds cannot keep state, and is refused; one that holds all of it is not."""

from __future__ import annotations

import logging

import pytest

from mcp_state.errors import StoreUnavailableError

from .conftest import OpenStore
from .server import RedisServer

pytestmark = pytest.mark.external

EVICTING = (
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
)


@pytest.mark.parametrize("policy", EVICTING)
async def test_a_redis_that_evicts_is_refused_at_start_and_told_by_name(
    server: RedisServer, open_store: OpenStore, policy: str
) -> None:
    server.ask("CONFIG", "SET", "maxmemory", "100mb")
    server.ask("CONFIG", "SET", "maxmemory-policy", policy)
    with pytest.raises(StoreUnavailableError) as caught:
        await open_store()
    assert str(caught.value) == (
        f"this Redis evicts keys (maxmemory-policy {policy}), so state would disappear; "
        "set maxmemory-policy noeviction, or use a Redis that is no cache"
    )


async def test_a_redis_that_begins_to_evict_is_not_ready_any_more(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    await store.check()
    server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    await store.check()  # without a limit nothing is evicted
    server.ask("CONFIG", "SET", "maxmemory", "100mb")
    with pytest.raises(StoreUnavailableError, match="evicts keys"):
        await store.check()
    server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    await store.check()


async def test_a_redis_that_does_not_say_how_it_makes_room_is_used_with_a_warning(
    server: RedisServer, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "mcp_state")
    server.ask("ACL", "SETUSER", "app", "on", ">sesame", "~*", "&*", "+@all", "-info")
    store = await open_store(url=server.url.replace("redis://", "redis://app:sesame@"))
    await store.create("s", lifetime=None)
    await store.check()
    assert [record.getMessage() for record in caplog.records] == ["eviction_unknown"]
