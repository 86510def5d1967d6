"""Three server processes on one Redis: together as right as one, and all of them well again after it was away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from ..calling import Client, ToolRefused, crowd
from ..processes import ServerProcess, serving
from ..waiting import eventually, until
from .conftest import DURABLE
from .server import RedisServer, running

pytestmark = pytest.mark.external

CLIENTS = 32
STEPS = 100
OPEN = 'mcp_circuit_breaker_open{dependency="redis"} 1.0'
CLOSED = 'mcp_circuit_breaker_open{dependency="redis"} 0.0'


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Redis that the servers share; what it acknowledged outlives it."""
    with running(tmp_path_factory.mktemp("redis"), *DURABLE) as server:
        yield server


@pytest.fixture(scope="module")
def servers(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[ServerProcess]]:
    """Three of them. Their caches live long, so that only a message can have made them fresh."""
    options = ("--store", "redis", "--redis-url", redis.url, "--cache-ttl", "600")
    folder: Path = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        yield [stack.enter_context(serving(folder, *options, name=f"server-{number}")) for number in range(3)]


async def page_shows(client: Client, path: str, text: str) -> None:
    """Wait until it does."""

    async def shown() -> bool:
        return text in (await client.page(path))[1]

    await eventually(shown)


@pytest.mark.slow
async def test_of_3200_steps_through_three_servers_none_is_lost_or_counted_twice(
    servers: Sequence[ServerProcess],
) -> None:
    async with crowd(servers, CLIENTS) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        told: list[int] = []

        async def step(client: Client) -> None:
            for _ in range(STEPS):
                told.append((await client.call("run_step", session_id=handle, action="a"))["stepCount"])

        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(step(client))
        for client in clients[:3]:
            assert (await client.call("get_session", session_id=handle))["stepCount"] == CLIENTS * STEPS
        assert sorted(told) == list(range(1, CLIENTS * STEPS + 1))


async def test_exclusive_runs_through_three_servers_never_overlap(servers: Sequence[ServerProcess]) -> None:
    async with crowd(servers, 18) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        runs = await asyncio.gather(
            *(client.call("run_exclusive", session_id=handle, work_ms=5, wait_ms=30_000) for client in clients)
        )
        # Runs that overlapped would have read the same count, or been given the same token.
        assert sorted(run["runs"] for run in runs) == list(range(1, 19))
        assert sorted(run["fencingToken"] for run in runs) == list(range(1, 19))


async def test_a_configuration_changed_through_one_server_is_soon_fresh_on_the_others(
    servers: Sequence[ServerProcess],
) -> None:
    async with crowd(servers, 3) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        for value in range(3):
            for client in clients:
                await client.call("get_session_config", session_id=handle)
            await clients[value].call("update_session_config", session_id=handle, options={"value": value})
            for client in clients:
                await eventually(partial(reads, client, handle, {"value": value}))


async def reads(client: Client, handle: str, options: dict[str, int]) -> bool:
    """Whether the configuration is the given one."""
    shown: dict[str, int] = (await client.call("get_session_config", session_id=handle))["options"]
    return shown == options


async def test_redis_killed_under_three_servers_loses_nothing_and_they_come_back_by_themselves(
    redis: RedisServer, servers: Sequence[ServerProcess]
) -> None:
    async with crowd(servers, 12) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        acknowledged, maybe, texts = 0, 0, set[str]()
        ending = asyncio.Event()

        async def step(client: Client) -> None:
            nonlocal acknowledged, maybe
            while not ending.is_set():
                try:
                    await client.call("run_step", session_id=handle, action="a")
                    acknowledged += 1
                except ToolRefused as error:
                    texts.add(str(error))
                    maybe += "may or may not have happened" in str(error)
                    await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(step(client))
            await until(lambda: acknowledged > 100)
            redis.kill()
            for client in clients[:3]:
                await page_shows(client, "/metrics", OPEN)
                assert (await client.page("/readyz"))[0] == 503
                assert (await client.page("/healthz"))[0] == 200
            redis.start()
            for client in clients[:3]:
                await page_shows(client, "/metrics", CLOSED)
                await page_shows(client, "/readyz", "ready")
            ending.set()
        count = (await clients[0].call("get_session", session_id=handle))["stepCount"]
    assert 0 < acknowledged <= count <= acknowledged + maybe
    assert any("cut off by its circuit breaker" in text for text in texts)


@pytest.mark.slow
async def test_redis_frozen_under_a_server_is_told_by_its_tools_and_pages(
    redis: RedisServer, servers: Sequence[ServerProcess]
) -> None:
    async with crowd(servers[:1], 8) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        redis.freeze()
        try:
            steps = (client.call("run_step", session_id=handle, action="a") for client in clients)
            texts = [str(each) for each in await asyncio.gather(*steps, return_exceptions=True)]
            assert all("Redis did not answer in time" in text for text in texts)
            assert any("The write may or may not have happened" in text for text in texts)
            await page_shows(clients[0], "/metrics", OPEN)
            reads_of_all = (client.call("get_session", session_id=handle) for client in clients)
            texts = [str(each) for each in await asyncio.gather(*reads_of_all, return_exceptions=True)]
            # One of them may be the breaker's trial.
            assert sum("cut off by its circuit breaker" in text for text in texts) >= len(clients) - 1
        finally:
            redis.thaw()
        await page_shows(clients[0], "/readyz", "ready")
        await page_shows(clients[0], "/metrics", CLOSED)
        assert (await clients[0].call("get_session", session_id=handle))["stepCount"] <= 8
