"""Redis dies, freezes, starves, is demoted, talks nonsense: what callers are told, what is kept, and how it ends.

In each case the same store works again afterwards, and every acknowledged write is there.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mcp_state.breaker import BreakerPolicy
from mcp_state.errors import StoreError, StoreUnavailableError
from mcp_state.redis import RedisStore
from tests.waiting import until

from ..inside import inside
from .conftest import OpenStore
from .relay import relaying
from .server import BOUND, RedisServer
from .watching import Watcher
from .writing import writing

pytestmark = pytest.mark.external

IMPATIENT = BreakerPolicy(reset_timeout=0.05, max_reset_timeout=0.2)
"""Soon looks again, so that tests of recovery are short."""

LAX = BreakerPolicy(bad_calls=1_000, of_last=1_000)
"""Never opens: for tests of the call itself."""


async def refusal(store: RedisStore, handle: str = "s") -> StoreUnavailableError:
    """The error of a write that must fail."""
    with pytest.raises(StoreUnavailableError) as caught:
        await store.step(handle, tool="t", result="1")
    return caught.value


async def test_killed_and_started_again_it_lost_no_acknowledged_write(
    durable_server: RedisServer, open_store: OpenStore
) -> None:
    watcher = Watcher()
    stores = [
        await open_store(url=durable_server.url, breaker=IMPATIENT, observer=watcher),
        await open_store(url=durable_server.url, breaker=IMPATIENT),
    ]
    await stores[0].create("s", lifetime=None)
    async with writing(stores, "s") as books:
        for _ in range(2):
            await books.acknowledge(300)
            durable_server.kill()
            await watcher.breaker_is(is_open=True)
            durable_server.start()
            await watcher.breaker_is(is_open=False)
        await books.acknowledge(300)
    await books.add_up(stores[1], "s")
    assert books.refused > 0
    assert all("Redis" in message for message in books.messages)


async def test_frozen_it_is_cut_off_and_callers_are_told_at_once(server: RedisServer, open_store: OpenStore) -> None:
    watcher = Watcher()
    store = await open_store(
        patience=0.3, breaker=BreakerPolicy(reset_timeout=0.5, max_reset_timeout=0.5), observer=watcher
    )
    await store.create("s", lifetime=None)
    told = []
    async with writing([store], "s") as books:
        await books.acknowledge(100)
        server.freeze()
        await watcher.breaker_is(is_open=True)
        for _ in range(20):
            with pytest.raises(StoreError) as caught:
                await store.get("s")
            told.append(str(caught.value))
        server.thaw()
        await watcher.breaker_is(is_open=False)
        await books.acknowledge(100)
    # One or two of the twenty may have been the trial that waits for an answer; the others must not have waited.
    assert sum("cut off by its circuit breaker" in each for each in told) > 10, told
    # A call that had no connection yet, and waited for one in vain, has sent nothing: that it did not write is known.
    assert 0 < books.maybe <= books.messages["Redis did not answer in time"]
    assert any("cut off by its circuit breaker; the next try is in" in message for message in books.messages)
    await until(lambda: server.ask("CLIENT", "LIST").count(b"name=mcp-state") <= 32)
    await books.add_up(store, "s")


async def test_a_write_whose_answer_is_lost_is_done_once_and_told_as_maybe_done(
    server: RedisServer, open_store: OpenStore
) -> None:
    direct = await open_store()
    await direct.create("s", lifetime=None)
    await direct.step("s", tool="t", result="1")  # from now on Redis knows the script
    async with relaying(server.port) as relay:
        store = await open_store(url=relay.url, patience=0.3, breaker=LAX)
        for count in range(2, 5):
            relay.swallow()
            assert (await refusal(store)).maybe_written
            assert (await direct.get("s")).step_count == count
            await store.check()
        relay.swallow()
        with pytest.raises(StoreUnavailableError) as caught:
            await store.get("s")
        assert not caught.value.maybe_written
        await store.close()


async def test_a_write_cut_off_in_the_middle_is_told_as_maybe_done(server: RedisServer, open_store: OpenStore) -> None:
    direct = await open_store()
    await direct.create("s", lifetime=None)
    await direct.step("s", tool="t", result="1")  # from now on Redis knows the script
    async with relaying(server.port) as relay:
        store = await open_store(url=relay.url, breaker=LAX)
        relay.swallow()
        async with asyncio.TaskGroup() as group:
            failing = group.create_task(refusal(store))
            async with asyncio.timeout(BOUND):
                await relay.swallowed.wait()
            relay.cut()
        assert failing.result().maybe_written
        assert (await direct.get("s")).step_count == 2
        await store.close()


async def test_a_write_that_could_not_be_sent_is_told_as_not_done(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store(breaker=LAX)
    await store.create("s", lifetime=None)
    await asyncio.to_thread(server.stop)
    error = await refusal(store)
    assert not error.maybe_written
    assert "Redis cannot be reached" in str(error)
    server.start()
    await store.create("s", lifetime=None)


async def test_a_restart_that_is_quick_enough_is_not_noticed(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=None)
    await asyncio.to_thread(server.kill)
    async with asyncio.TaskGroup() as group:
        made = group.create_task(store.create("s", lifetime=None))
        await asyncio.sleep(0)  # the first try to connect is refused
        await asyncio.to_thread(server.start)
    assert made.result().handle == "s"


async def test_out_of_memory_it_refuses_writes_clearly_and_reads_go_on(
    server: RedisServer, open_store: OpenStore
) -> None:
    watcher = Watcher()
    store = await open_store(breaker=IMPATIENT, observer=watcher)
    await store.create("s", lifetime=None)
    await store.acquire("s", owner="o", ttl=60)
    server.ask("CONFIG", "SET", "maxmemory", "1mb")
    for _ in range(20):
        error = await refusal(store)
        assert (str(error), error.maybe_written) == ("Redis is out of memory and takes no writes", False)
    with pytest.raises(StoreUnavailableError, match="out of memory"):
        await store.create("t", lifetime=None)
    with pytest.raises(StoreUnavailableError, match="out of memory"):
        await store.append("s", kind="k", payload="{}", agent_id="a")
    assert (await store.get("s")).step_count == 0
    assert await store.events("s", after=0, limit=1) == ()
    assert await store.count() == 1
    await store.release("s", owner="o")  # frees memory, so it is let through
    server.ask("CONFIG", "SET", "maxmemory", "0")
    assert (await store.step("s", tool="t", result="1")).step_count == 1
    assert watcher.breaker == []  # Redis answers; there is nothing to cut off


async def test_when_the_breaker_opens_is_a_setting(server: RedisServer, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"store": "redis", "redis_url": server.url, "breaker_bad_calls": 2, "breaker_window": 2}
    for slow, is_cut_off in ((1e-9, True), (60.0, False)):
        async with inside(tmp_path, **settings, breaker_slow=slow) as one:
            await one.http.get("/readyz")
            result = await one.result("create_session")
            assert ("cut off by its circuit breaker" in result["content"][0]["text"]) is is_cut_off


async def test_slow_answers_open_the_breaker_though_they_are_right(server: RedisServer, open_store: OpenStore) -> None:
    watcher = Watcher()
    policy = BreakerPolicy(slow_after=0.1, reset_timeout=0.05, max_reset_timeout=0.2)
    store = await open_store(breaker=policy, patience=5.0, observer=watcher)
    await store.create("s", lifetime=None)
    server.ask("CLIENT", "PAUSE", "300", "ALL")
    steps = await asyncio.gather(*(store.step("s", tool="t", result="1") for _ in range(8)))
    assert sorted(each.step_count for each in steps) == list(range(1, 9))
    assert watcher.breaker == [True]
    await recovered(store)
    assert watcher.breaker == [True, False]


async def test_callers_with_less_patience_than_the_store_open_the_breaker_too(
    server: RedisServer, open_store: OpenStore
) -> None:
    watcher = Watcher()
    store = await open_store(breaker=BreakerPolicy(slow_after=0.05), patience=30.0, observer=watcher)
    server.freeze()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await store.check()
    assert watcher.breaker == [True]


async def recovered(store: RedisStore) -> None:
    """Ask until the breaker lets a check through."""

    async def checked() -> bool:
        try:
            await store.check()
        except StoreUnavailableError:
            return False
        return True

    await until(checked, "the breaker lets a check through", seconds=BOUND)


async def test_demoted_to_a_replica_it_is_cut_off_until_it_is_promoted(
    server: RedisServer, open_store: OpenStore
) -> None:
    watcher = Watcher()
    store = await open_store(breaker=IMPATIENT, observer=watcher)
    await store.create("s", lifetime=None)
    server.ask("REPLICAOF", "127.0.0.1", "1")
    error = await refusal(store)
    assert (str(error), error.maybe_written) == ("this Redis is a read-only replica", False)
    async with writing([store], "s") as books:
        await watcher.breaker_is(is_open=True)
        server.ask("REPLICAOF", "NO", "ONE")
        await watcher.breaker_is(is_open=False)
        await books.acknowledge(10)
    assert books.maybe == 0
    await books.add_up(store, "s")


async def test_busy_with_a_script_it_refuses_clearly(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=None)
    server.ask("CONFIG", "SET", "busy-reply-threshold", "1")
    endless = asyncio.create_task(asyncio.to_thread(server.ask, "EVAL", "while true do end", "0"))
    error: StoreUnavailableError | None = None
    async with asyncio.timeout(BOUND):
        while error is None:
            try:
                await store.step("s", tool="t", result="1")
            except StoreUnavailableError as caught:
                error = caught
    assert "BUSY" in str(error)
    assert not error.maybe_written
    server.ask("SCRIPT", "KILL")
    await endless
    await store.step("s", tool="t", result="1")


async def test_an_error_in_the_middle_of_a_write_is_told_as_maybe_done(
    server: RedisServer, open_store: OpenStore
) -> None:
    store = await open_store()
    await store.create("s", lifetime=None)
    server.ask("SET", "{mcp}:session:s:options", "not ours")
    with pytest.raises(StoreUnavailableError, match="WRONGTYPE") as caught:
        await store.update_config("s", {"a": "1"})
    assert caught.value.maybe_written
    assert server.ask("HGET", "{mcp}:session:s", "config_version") == b"$1\r\n1\r\n"


async def test_wrong_credentials_are_told_without_repeating_them(server: RedisServer, open_store: OpenStore) -> None:
    server.ask("CONFIG", "SET", "requirepass", "right")
    with pytest.raises(StoreUnavailableError, match="refuses the credentials") as caught:
        await open_store(url=server.url.replace("redis://", "redis://:sesame@"))
    assert "sesame" not in str(caught.value)
    with pytest.raises(StoreUnavailableError, match="refuses the credentials"):
        await open_store()
    store = await open_store(url=server.url.replace("redis://", "redis://:right@"))
    await store.check()


@pytest.mark.parametrize(
    "url",
    [
        "http://:sesame@127.0.0.1/",
        "redis://:ses:ame@127.0.0.1:port/0",
        "redis://:sesame@127.0.0.1/0?no_such_option=1",
        "nonsense",
    ],
)
def test_an_unusable_url_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="must be redis://, rediss:// or unix://") as caught:
        RedisStore(url=url)
    assert "ame" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\r\n", b":many\r\n", b"$-7\r\n", b"+\xff\xfe\r\n", b""],
    ids=["http", "nothing", "number", "length", "no utf-8", "hangs up"],
)
async def test_whoever_answers_but_is_no_redis_is_unavailable(open_store: OpenStore, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(StoreUnavailableError):
            await open_store(url=f"redis://127.0.0.1:{port}/0", patience=1.0)


async def test_a_store_that_found_no_redis_can_be_opened_later(server: RedisServer, open_store: OpenStore) -> None:
    server.stop()
    store = RedisStore(url=server.url)
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        await store.open()
    server.start()
    await store.open()
    await store.check()
    await store.close()
