"""Three server processes on one store are together as right as one, whatever is killed or frozen below them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import until

from .calling import Client, ToolRefused, crowd
from .processes import ServerProcess, serving
from .redis.conftest import DURABLE
from .redis.server import RedisServer, running

CLIENTS = 32
STEPS = 100
OPEN = 'mcp_circuit_breaker_open{dependency="redis"} 1.0'
CLOSED = 'mcp_circuit_breaker_open{dependency="redis"} 0.0'


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Redis that servers share; what it acknowledged outlives it."""
    with running(tmp_path_factory.mktemp("redis"), *DURABLE) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", pytest.param("redis", marks=pytest.mark.external)])
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sequence[ServerProcess]]:
    """Three of them on one store. Their caches live long, so that only a notice can have made them fresh."""
    store: tuple[str, ...] = ("--db", "state.db")
    if request.param == "redis":
        store = ("--store", "redis", "--redis-url", request.getfixturevalue("redis").url)
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        yield [stack.enter_context(serving(folder, *store, "--cache-ttl", "600", name=f"server-{n}")) for n in range(3)]


on_redis = pytest.mark.parametrize("servers", ["redis"], indirect=True)


async def page_shows(client: Client, path: str, text: str) -> None:
    """Wait until it does."""

    async def shown() -> bool:
        return text in (await client.page(path))[1]

    await until(shown, f"{path} shows {text!r}")


@pytest.mark.slow
@pytest.mark.slow
async def test_of_3200_steps_through_three_processes_none_is_lost_or_counted_twice(
    servers: Sequence[ServerProcess],
) -> None:
    async with crowd(servers, CLIENTS) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        told: list[int] = []

        async def work(client: Client) -> None:
            for _ in range(STEPS):
                told.append((await client.call("run_step", session_id=handle, action="a"))["stepCount"])

        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(work(client))
        for client in clients[:3]:
            assert (await client.call("get_session", session_id=handle))["stepCount"] == CLIENTS * STEPS
        assert sorted(told) == list(range(1, CLIENTS * STEPS + 1))


async def test_events_through_three_processes_are_in_one_log_once_and_in_order(
    servers: Sequence[ServerProcess],
) -> None:
    async with crowd(servers, 12) as clients:
        handle = (await clients[0].call("create_session"))["handle"]

        async def work(number: int, client: Client) -> list[str]:
            steps = [f"{number}-{step}" for step in range(20)]
            for step in steps:
                await client.call("complete_step", session_id=handle, step_id=step, agent_id=str(number))
            return steps

        written = await asyncio.gather(*(work(number, client) for number, client in enumerate(clients)))
        events = (await clients[0].call("get_events", session_id=handle, limit=1000))["events"]
        assert [event["number"] for event in events] == list(range(1, 241))
        for number, steps in enumerate(written):
            assert [event["payload"]["step"] for event in events if event["agentId"] == str(number)] == steps
        states = [await client.call("get_workflow_state", session_id=handle) for client in clients[:3]]
        assert all(state["completedSteps"] == [event["payload"]["step"] for event in events] for state in states)


async def test_exclusive_runs_through_three_processes_never_overlap(servers: Sequence[ServerProcess]) -> None:
    async with crowd(servers, 18) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        runs = await asyncio.gather(
            *(client.call("run_exclusive", session_id=handle, work_ms=5, wait_ms=30_000) for client in clients)
        )
        # Runs that overlapped would have read the same count, or been given the same token.
        assert sorted(run["runs"] for run in runs) == list(range(1, 19))
        assert sorted(run["fencingToken"] for run in runs) == list(range(1, 19))


async def test_a_configuration_changed_through_one_process_is_soon_fresh_on_the_others(
    servers: Sequence[ServerProcess],
) -> None:
    async with crowd(servers, 3) as clients:
        handle = (await clients[0].call("create_session"))["handle"]
        for value in range(3):
            for client in clients:
                await client.call("get_session_config", session_id=handle)
            await clients[value].call("update_session_config", session_id=handle, options={"value": value})
            for client in clients:
                await until(partial(reads, client, handle, {"value": value}))


async def reads(client: Client, handle: str, options: dict[str, int]) -> bool:
    """Whether the configuration is the given one."""
    shown: dict[str, int] = (await client.call("get_session_config", session_id=handle))["options"]
    return shown == options


@pytest.mark.slow
@pytest.mark.slow
async def test_after_a_kill_in_the_middle_of_1000_writes_every_acknowledged_one_is_there(tmp_path: Path) -> None:
    options = ("--db", "state.db", "--session", "s")
    acknowledged: list[str] = []
    steps: list[int] = []
    enough = asyncio.Event()

    async def write(client: Client, number: int) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # how a call ends whose server is killed
            for turn in range(20):
                await client.call("complete_step", session_id="s", step_id=f"{number}-{turn}", agent_id="a")
                acknowledged.append(f"{number}-{turn}")
                steps.append((await client.call("run_step", session_id="s", action="a"))["stepCount"])
                if len(acknowledged) >= 300:
                    enough.set()

    with serving(tmp_path, *options, name="first") as server:
        async with crowd([server], 50) as clients, asyncio.timeout(60):
            writing = [asyncio.create_task(write(client, number)) for number, client in enumerate(clients)]
            await enough.wait()
            await asyncio.to_thread(server.kill)
            await asyncio.gather(*writing)
    assert 300 <= len(acknowledged) < 1000
    with serving(tmp_path, *options, name="second") as server:
        async with crowd([server], 1) as (client,):
            state = await client.call("get_workflow_state", session_id="s")
            record = await client.call("get_session", session_id="s")
            await client.call("complete_step", session_id="s", step_id="after", agent_id="a")
    assert set(acknowledged) <= set(state["completedSteps"])
    assert len(state["completedSteps"]) == len(set(state["completedSteps"])) == state["version"]
    assert record["stepCount"] >= max(steps)


@on_redis
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


@on_redis
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
