"""How sessions lie in Redis: what goes when they expire, what is kept exactly, what shares a cluster's slot."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mcp_state.errors import LockHeldError, StaleTokenError, StateLostError, UnknownSessionError
from mcp_state.redis import RedisStore
from mcp_state.values import Config, Snapshot
from tests.real.process import free_port
from tests.waiting import until

from ..expiry import gone
from .conftest import OpenStore
from .server import BOUND, RedisServer, running

pytestmark = pytest.mark.external

BRIEF = 0.003
"""Seconds. A session of one millisecond is deleted in that millisecond, and counted until the millisecond is over."""


async def fill(store: RedisStore, handle: str, *, lifetime: float | None) -> None:
    """A session with everything a session can have."""
    await store.create(handle, lifetime=lifetime)
    await store.append(handle, kind="k", payload="{}", agent_id="a")
    await store.put_snapshot(handle, Snapshot(number=1, state="{}"), keep=())
    await store.update_config(handle, {"option": "1"})
    await store.enqueue(handle, item="1")
    await store.acquire(handle, owner="o", ttl=60)
    await store.step(handle, tool="t", result="1", lifetime=lifetime)


async def test_an_expired_session_leaves_nothing_behind_after_a_purge(
    server: RedisServer, open_store: OpenStore
) -> None:
    store = await open_store()
    await fill(store, "s", lifetime=60)
    await store.release("s", owner="o")  # a lock lives as long as it was asked for; it is the one key that may outlast
    await store.step("s", tool="t", result="1", lifetime=0.05)
    await gone(store, "s")
    assert await store.count() == 0
    assert await store.purge() == 1
    await until(lambda: server.ask("DBSIZE") == b":0\r\n")  # Redis frees what expired ten times a second


async def test_a_deleted_session_leaves_nothing_behind(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    await fill(store, "s", lifetime=None)
    await store.delete("s")
    assert server.ask("DBSIZE") == b":0\r\n"


async def test_every_key_of_a_session_expires_with_it(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store(namespace="n")
    await fill(store, "s", lifetime=60)
    record = "{n}:session:s"
    expiries = {
        server.ask("PEXPIRETIME", record + part) for part in ("", ":events", ":snapshots", ":options", ":queue")
    }
    assert len(expiries) == 1
    assert int(expiries.pop().strip()[1:]) == int((await store.get("s")).expires_at * 1000) - 1  # type: ignore[operator]


async def test_counting_and_purging_two_thousand_sessions_is_exact(open_store: OpenStore) -> None:
    store = await open_store()

    async def make(kind: str, lifetime: float | None) -> None:
        for number in range(250):
            await store.create(f"{kind}-{number:04}", lifetime=lifetime)

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(make(f"lives-{number}", 600 if number % 2 else None))
            group.create_task(make(f"dies-{number}", BRIEF))
    for number in range(4):
        await gone(store, f"dies-{number}-0249")
    assert await store.count() == 1_000
    assert await store.purge() == 1_000
    assert await store.purge() == 0
    assert len(await store.page(after="", limit=2_000)) == 1_000


async def test_a_page_reaches_past_any_number_of_expired_sessions(open_store: OpenStore) -> None:
    store = await open_store()
    for number in range(50):
        await store.create(f"a{number:02}", lifetime=BRIEF)
    await store.create("z", lifetime=60)
    await gone(store, "a49")
    assert [session.handle for session in await store.page(after="", limit=3)] == ["z"]


async def test_numbers_beyond_what_a_float_holds_are_kept(open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=60)
    token = (await store.acquire("s", owner="o", ttl=60)).token
    for value in (2**53 + 1, -(2**63), 2**63 - 1):
        assert (await store.write_guarded("s", token=token, value=value)).guarded_value == value
    with pytest.raises(StaleTokenError):
        await store.write_guarded("s", token=2**70, value=1)


async def test_half_a_surrogate_pair_is_kept_like_any_text(open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=60)
    assert (await store.step("s", tool="\ud800", result="1")).last_tool == "\ud800"


async def test_numbers_of_events_that_cannot_be_are_answered_with_no_events(open_store: OpenStore) -> None:
    store = await open_store()
    await fill(store, "s", lifetime=60)
    assert await store.events("s", after=10**30, limit=5) == ()
    assert len(await store.events("s", after=-(10**30), limit=5)) == 1
    assert (await store.history("s", upto=-5)).events == ()
    assert (await store.history("s", upto=10**30)).last_event == 1


async def test_tokens_go_on_rising_when_a_lock_was_never_released(open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=60)
    tokens: list[int] = []
    async with asyncio.timeout(BOUND):
        while len(tokens) < 4:
            try:
                tokens.append((await store.acquire("s", owner="o", ttl=0.005)).token)
            except LockHeldError as held:
                await asyncio.sleep(held.expires_in)
    assert tokens == [1, 2, 3, 4]


async def test_scripts_are_sent_again_when_redis_forgot_them(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=60)
    for count in range(1, 4):
        assert (await store.step("s", tool="t", result="1")).step_count == count
        server.ask("SCRIPT", "FLUSH")


async def test_namespaces_know_nothing_of_each_other(open_store: OpenStore) -> None:
    one, other = await open_store(namespace="one"), await open_store(namespace="other")
    await one.create("s", lifetime=60)
    assert await other.count() == 0
    with pytest.raises(UnknownSessionError):
        await other.get("s")


async def test_a_unix_socket_will_do(tmp_path: Path, open_store: OpenStore) -> None:
    socket = tmp_path / "redis.sock"
    with running(tmp_path / "unix", "--unixsocket", str(socket)):
        store = await open_store(url=f"unix://{socket}")
        await store.create("s", lifetime=60)
        assert (await store.step("s", tool="t", result="1")).step_count == 1


async def test_options_in_the_url_do_not_undo_what_the_store_relies_on(
    server: RedisServer, open_store: OpenStore
) -> None:
    store = await open_store(url=f"{server.url}?protocol=3&decode_responses=no&socket_timeout=0.001")
    await store.create("s", lifetime=60)
    assert (await store.step("s", tool="ü", result="1")).last_tool == "ü"


async def test_every_method_keeps_to_one_slot_of_a_cluster(tmp_path: Path, open_store: OpenStore) -> None:
    with running(tmp_path / "cluster", "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as node:
        node.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        await until(lambda: b"cluster_state:ok" in node.ask("CLUSTER", "INFO"))
        store = await open_store(url=node.url)
        await fill(store, "s", lifetime=60)
        await store.swap("s", expected_version=0, value="1")
        await store.write_guarded("s", token=1, value=1)
        await store.release("s", owner="o")
        assert len(await store.events("s", after=0, limit=5)) == 1
        assert (await store.history("s")).last_event == 1
        assert (await store.config("s")).version == 1
        await store.create("t", lifetime=BRIEF)
        await gone(store, "t")
        assert [session.handle for session in await store.page(after="", limit=5)] == ["s"]
        assert await store.count() == 1
        assert await store.purge() == 1
        await store.delete("s")


async def test_evicted_options_are_an_error_and_not_an_empty_configuration(
    server: RedisServer, open_store: OpenStore
) -> None:
    store = await open_store()
    await store.create("s", lifetime=None)
    await store.update_config("s", {"a": "1", "b": "2"})
    await store.update_config("s", {"a": None})
    server.ask("DEL", "{mcp}:session:s:options")
    for broken in (store.config("s"), store.update_config("s", {"c": "3"})):
        with pytest.raises(StateLostError, match="some of the 1 options of session 's'"):
            await broken


async def test_an_evicted_queue_is_an_error_and_not_an_empty_one(server: RedisServer, open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=None)
    for item in "123":
        await store.enqueue("s", item=item)
    await store.dequeue("s")
    server.ask("DEL", "{mcp}:session:s:queue")
    for broken in (store.dequeue("s"), store.enqueue("s", item="4")):
        with pytest.raises(StateLostError, match="some of the 2 queued items of session 's'"):
            await broken


async def test_a_configuration_whose_last_option_was_removed_is_empty_and_whole(open_store: OpenStore) -> None:
    store = await open_store()
    await store.create("s", lifetime=None)
    await store.update_config("s", {"a": "1"})
    await store.update_config("s", {"a": None})
    assert await store.config("s") == Config(version=2, options={})
