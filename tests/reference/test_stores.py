"""What every store promises to one caller at a time, and between instances on the same state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mcp_state.errors import (
    LockHeldError,
    LockLostError,
    SessionExistsError,
    StaleTokenError,
    StoreError,
    UnknownSessionError,
    ValueConflictError,
    VersionConflictError,
)
from mcp_state.protocol import Store
from mcp_state.values import Config, Dequeued, EventHistory, Snapshot
from tests.waiting import BOUND

from .expiry import gone
from .opening import Connect


async def append(
    store: Store, handle: str, kind: str = "noted", *, payload: str = "{}", last: int | None = None
) -> int:
    event = await store.append(handle, kind=kind, payload=payload, agent_id="a", expected_last=last)
    return event.number


# Sessions


async def test_a_new_session_is_empty_and_found_again(store: Store) -> None:
    made = await store.create("s", lifetime=60)
    assert (made.step_count, made.last_tool, made.last_result) == (0, None, None)
    assert (made.value, made.value_version, made.last_event, made.guarded_value, made.fence) == ("null", 0, 0, 0, 0)
    assert made.expires_at == pytest.approx(made.updated_at + 60)
    assert await store.get("s") == made


async def test_a_session_without_lifetime_never_expires(store: Store) -> None:
    made = await store.create("s", lifetime=None)
    assert made.lifetime is None
    assert made.expires_at is None


async def test_a_live_handle_is_not_given_twice(store: Store) -> None:
    await store.create("s", lifetime=60)
    with pytest.raises(SessionExistsError):
        await store.create("s", lifetime=60)


TOUCHING: dict[str, Callable[[Store], Awaitable[object]]] = {
    "get": lambda s: s.get("nobody"),
    "delete": lambda s: s.delete("nobody"),
    "step": lambda s: s.step("nobody", tool="t", result="1"),
    "swap": lambda s: s.swap("nobody", expected_version=0, value="1"),
    "swap_value": lambda s: s.swap_value("nobody", expected="null", value="1"),
    "enqueue": lambda s: s.enqueue("nobody", item="1"),
    "dequeue": lambda s: s.dequeue("nobody"),
    "append": lambda s: s.append("nobody", kind="k", payload="{}", agent_id="a"),
    "append expecting": lambda s: s.append("nobody", kind="k", payload="{}", agent_id="a", expected_last=0),
    "events": lambda s: s.events("nobody", after=0, limit=10),
    "history": lambda s: s.history("nobody"),
    "put_snapshot": lambda s: s.put_snapshot("nobody", Snapshot(number=1, state="{}"), keep=()),
    "config": lambda s: s.config("nobody"),
    "update_config": lambda s: s.update_config("nobody", {"a": "1"}),
    "acquire": lambda s: s.acquire("nobody", owner="o", ttl=1),
    "release": lambda s: s.release("nobody", owner="o"),
    "write_guarded": lambda s: s.write_guarded("nobody", token=1, value=1),
}


@pytest.mark.parametrize("method", TOUCHING)
async def test_an_unknown_handle_is_said_to_be_unknown(store: Store, method: str) -> None:
    with pytest.raises(UnknownSessionError) as caught:
        await TOUCHING[method](store)
    assert caught.value.handle == "nobody"


@pytest.mark.parametrize("method", TOUCHING)
async def test_an_expired_handle_is_as_unknown_as_one_never_made(store: Store, method: str) -> None:
    await store.create("nobody", lifetime=0.05)
    await gone(store, "nobody")
    with pytest.raises(UnknownSessionError):
        await TOUCHING[method](store)


async def test_an_expired_handle_can_be_made_anew_and_starts_empty(store: Store) -> None:
    await store.create("s", lifetime=60)
    await append(store, "s")
    await store.put_snapshot("s", Snapshot(number=1, state="{}"), keep=())
    await store.update_config("s", {"a": "1"})
    await store.enqueue("s", item="1")
    await store.acquire("s", owner="o", ttl=60)
    await store.step("s", tool="t", result="1", lifetime=0.05)
    await gone(store, "s")
    assert (await store.create("s", lifetime=60)).step_count == 0
    assert await store.history("s") == EventHistory(snapshot=None, events=(), last_event=0)
    assert await store.config("s") == Config()
    assert await store.dequeue("s") == Dequeued(item=None, waiting=0)
    await store.acquire("s", owner="o", ttl=60)


async def test_every_write_renews_a_session(store: Store) -> None:
    writes: list[Callable[[], Awaitable[object]]] = [
        lambda: store.step("s", tool="t", result="1"),
        lambda: store.swap("s", expected_version=0, value="1"),
        lambda: store.swap_value("s", expected="1", value="2"),
        lambda: store.enqueue("s", item="1"),
        lambda: store.dequeue("s"),
        lambda: append(store, "s"),
        lambda: store.update_config("s", {"a": "1"}),
        lambda: store.acquire("s", owner="o", ttl=60),
        lambda: store.write_guarded("s", token=1, value=1),
        lambda: store.release("s", owner="o"),
    ]
    before = await store.create("s", lifetime=60)
    for write in writes:
        await asyncio.sleep(0.002)
        await write()
        after = await store.get("s")
        assert after.updated_at > before.updated_at
        assert after.expires_at == pytest.approx(after.updated_at + 60)
        before = after


async def test_reads_and_snapshots_do_not_renew_a_session(store: Store) -> None:
    await store.create("s", lifetime=60)
    await append(store, "s")
    before = await store.get("s")
    await asyncio.sleep(0.002)
    await store.put_snapshot("s", Snapshot(number=1, state="{}"), keep=())
    await store.history("s")
    await store.config("s")
    assert await store.get("s") == before


async def test_deleting_takes_everything_with_it(store: Store) -> None:
    await store.create("s", lifetime=60)
    await append(store, "s")
    await store.update_config("s", {"a": "1"})
    await store.enqueue("s", item="1")
    await store.acquire("s", owner="o", ttl=60)
    await store.delete("s")
    with pytest.raises(UnknownSessionError):
        await store.get("s")
    await store.create("s", lifetime=60)
    assert (await store.history("s")).events == ()
    assert (await store.config("s")).version == 0
    assert (await store.dequeue("s")).item is None
    await store.acquire("s", owner="o", ttl=60)


async def test_pages_walk_over_all_live_sessions_once_and_in_order(store: Store) -> None:
    handles = sorted(f"s{n:02}" for n in range(25))
    for handle in reversed(handles):
        await store.create(handle, lifetime=60)
    await store.create("expired", lifetime=0.01)
    await gone(store, "expired")
    seen: list[str] = []
    while page := await store.page(after=seen[-1] if seen else "", limit=10):
        assert len(page) <= 10
        seen += [session.handle for session in page]
    assert seen == handles
    assert await store.count() == 25


async def test_purging_leaves_the_living_alone(store: Store) -> None:
    await store.create("stays", lifetime=60)
    await store.create("for-ever", lifetime=None)
    await store.create("goes", lifetime=0.01)
    await gone(store, "goes")
    assert await store.purge() <= 1
    assert await store.purge() == 0
    assert [session.handle for session in await store.page(after="", limit=10)] == ["for-ever", "stays"]


# The record


async def test_a_step_counts_and_keeps_tool_and_result_together(store: Store) -> None:
    await store.create("s", lifetime=60)
    await store.step("s", tool="a", result='{"n":1}')
    session = await store.step("s", tool="b", result='{"n":2}')
    assert (session.step_count, session.last_tool, session.last_result) == (2, "b", '{"n":2}')
    assert await store.get("s") == session


async def test_a_step_can_change_the_lifetime(store: Store) -> None:
    await store.create("s", lifetime=60)
    session = await store.step("s", tool="t", result="1", lifetime=600)
    assert session.lifetime == 600
    assert session.expires_at == pytest.approx(session.updated_at + 600)
    assert (await store.step("s", tool="t", result="1")).lifetime == 600


async def test_a_step_can_give_a_lifetime_to_a_session_that_had_none(store: Store) -> None:
    await store.create("s", lifetime=None)
    assert (await store.step("s", tool="t", result="1")).expires_at is None
    assert (await store.step("s", tool="t", result="1", lifetime=60)).expires_at is not None


async def test_a_swap_needs_the_current_version(store: Store) -> None:
    await store.create("s", lifetime=60)
    session = await store.swap("s", expected_version=0, value='"one"')
    assert (session.value, session.value_version) == ('"one"', 1)
    with pytest.raises(VersionConflictError) as caught:
        await store.swap("s", expected_version=0, value='"two"')
    assert (caught.value.expected, caught.value.actual) == (0, 1)
    assert (await store.get("s")).value == '"one"'
    assert (await store.swap("s", expected_version=1, value='"two"')).value_version == 2


async def test_a_swap_by_value_needs_the_current_value_and_does_not_see_that_it_came_back(store: Store) -> None:
    await store.create("s", lifetime=60)
    session = await store.swap_value("s", expected="null", value='"one"')
    assert (session.value, session.value_version) == ('"one"', 1)
    with pytest.raises(ValueConflictError, match="does not hold the value"):
        await store.swap_value("s", expected="null", value='"two"')
    assert (await store.get("s")).value == '"one"'
    await store.swap("s", expected_version=1, value='"two"')
    await store.swap("s", expected_version=2, value='"one"')
    assert (await store.swap_value("s", expected='"one"', value='"three"')).value_version == 4


async def test_a_queue_gives_each_item_once_in_the_order_in_which_they_came(store: Store) -> None:
    await store.create("s", lifetime=60)
    await store.create("t", lifetime=60)
    assert await store.dequeue("s") == Dequeued(item=None, waiting=0)
    items = ['"a"', "null", '{"b": [1]}']
    assert [await store.enqueue("s", item=item) for item in items] == [1, 2, 3]
    await store.enqueue("t", item="0")
    assert [await store.dequeue("s") for _ in range(2)] == [
        Dequeued(item='"a"', waiting=2),
        Dequeued(item="null", waiting=1),
    ]
    assert await store.enqueue("s", item='"z"') == 2
    assert [(await store.dequeue("s")).item for _ in range(3)] == ['{"b": [1]}', '"z"', None]
    assert await store.dequeue("t") == Dequeued(item="0", waiting=0)


async def test_any_unicode_comes_back_as_it_was(store: Store) -> None:
    text = "Grüße, 世界 🛰️ \u202e \x00 \x7f \\ \" ' %s {0} \r\n"
    await store.create("s", lifetime=60)
    assert (await store.step("s", tool=text, result="[]")).last_tool == text
    assert (await store.get("s")).last_tool == text
    event = await store.append("s", kind=text, payload="[]", agent_id=text)
    assert (event.kind, event.agent_id) == (text, text)
    assert await store.events("s", after=0, limit=1) == (event,)
    assert (await store.update_config("s", {text: "1"})).options == {text: "1"}


async def test_json_text_is_kept_byte_for_byte(store: Store) -> None:
    texts = ["[]", "{}", "1e400", "12345678901234567890", '{"b":1,"a":1.0}', '"\\u0000"', "null", f'"{"x" * 200_000}"']
    await store.create("s", lifetime=60)
    for version, text in enumerate(texts):
        assert (await store.swap("s", expected_version=version, value=text)).value == text
        assert (await store.get("s")).value == text
        number = await append(store, "s", payload=text)
        assert (await store.events("s", after=number - 1, limit=1))[0].payload == text


# The log


async def test_events_are_numbered_from_one_without_gaps(store: Store) -> None:
    await store.create("s", lifetime=60)
    assert [await append(store, "s", f"k{n}") for n in range(5)] == [1, 2, 3, 4, 5]
    events = await store.events("s", after=0, limit=10)
    assert [(event.number, event.kind) for event in events] == [(n + 1, f"k{n}") for n in range(5)]
    assert (await store.get("s")).last_event == 5


async def test_each_session_has_its_own_numbers(store: Store) -> None:
    await store.create("s", lifetime=60)
    await store.create("t", lifetime=60)
    assert [await append(store, handle) for handle in "stst"] == [1, 1, 2, 2]


async def test_events_are_read_in_pages(store: Store) -> None:
    await store.create("s", lifetime=60)
    for _ in range(7):
        await append(store, "s")
    pages = [await store.events("s", after=after, limit=3) for after in (0, 3, 6, 7)]
    assert [[event.number for event in page] for page in pages] == [[1, 2, 3], [4, 5, 6], [7], []]


async def test_an_optimistic_append_needs_the_newest_number(store: Store) -> None:
    await store.create("s", lifetime=60)
    assert await append(store, "s", last=0) == 1
    with pytest.raises(VersionConflictError) as caught:
        await append(store, "s", last=0)
    assert (caught.value.expected, caught.value.actual) == (0, 1)
    assert await append(store, "s", last=1) == 2
    assert len(await store.events("s", after=0, limit=10)) == 2


async def test_history_is_the_newest_snapshot_and_what_came_after(store: Store) -> None:
    await store.create("s", lifetime=60)
    for _ in range(10):
        await append(store, "s")
    for number in (3, 6):
        await store.put_snapshot("s", Snapshot(number=number, state=f'"{number}"'), keep=(3,))

    async def seen(upto: int | None) -> tuple[int | None, list[int]]:
        history = await store.history("s", upto=upto)
        assert history.last_event == 10
        return history.snapshot.number if history.snapshot else None, [event.number for event in history.events]

    assert await seen(None) == (6, [7, 8, 9, 10])
    assert await seen(6) == (6, [])
    assert await seen(5) == (3, [4, 5])
    assert await seen(2) == (None, [1, 2])


async def test_of_the_older_snapshots_only_those_to_keep_stay(store: Store) -> None:
    await store.create("s", lifetime=60)
    for _ in range(9):
        await append(store, "s")

    async def left() -> list[int | None]:
        snapshots = [(await store.history("s", upto=upto)).snapshot for upto in (9, 8, 5, 2)]
        return [snapshot.number if snapshot else None for snapshot in snapshots]

    for number in (2, 6, 9):
        await store.put_snapshot("s", Snapshot(number=number, state="{}"), keep=(2, 6))
    assert await left() == [9, 6, 2, 2]
    await store.put_snapshot("s", Snapshot(number=3, state="{}"), keep=(2,))  # late: what is newer is not its to judge
    assert await left() == [9, 6, 3, 2]
    await store.put_snapshot("s", Snapshot(number=9, state="{}"), keep=(6,))
    assert await left() == [9, 6, None, None]


async def test_a_snapshot_beyond_the_newest_event_is_refused(safe_connect: Connect) -> None:
    store = await safe_connect()
    await store.create("s", lifetime=60)
    await append(store, "s")
    with pytest.raises(VersionConflictError):
        await store.put_snapshot("s", Snapshot(number=2, state="{}"), keep=())
    assert (await store.history("s", upto=2)).snapshot is None


async def test_number_and_time_name_the_newest_event(store: Store) -> None:
    made = await store.create("s", lifetime=60)
    assert (made.last_event, made.last_event_at) == (0, None)
    for number in (1, 2):
        event = await store.append("s", kind="k", payload="{}", agent_id="a")
        session = await store.step("s", tool="t", result="1")
        assert (session.last_event, session.last_event_at) == (number, event.occurred_at)
        assert await store.get("s") == session


# Configuration


async def test_configuration_starts_empty_at_version_zero(store: Store) -> None:
    await store.create("s", lifetime=60)
    assert await store.config("s") == Config(version=0, options={})


async def test_a_configuration_update_touches_only_what_it_names(store: Store) -> None:
    await store.create("s", lifetime=60)
    await store.update_config("s", {"a": "1", "b": "[2]"})
    config = await store.update_config("s", {"a": None, "c": '"3"'})
    assert config == Config(version=2, options={"b": "[2]", "c": '"3"'})
    assert await store.config("s") == config


# The lock


async def test_the_lock_has_one_holder_and_rising_tokens(store: Store) -> None:
    await store.create("s", lifetime=60)
    first = await store.acquire("s", owner="one", ttl=60)
    with pytest.raises(LockHeldError) as caught:
        await store.acquire("s", owner="two", ttl=60)
    assert 0 < caught.value.expires_in <= 60
    await store.release("s", owner="one")
    second = await store.acquire("s", owner="two", ttl=60)
    assert (first.token, second.token) == (1, 2)
    assert (await store.get("s")).fence == 2


async def test_the_lock_is_not_re_entrant(store: Store) -> None:
    await store.create("s", lifetime=60)
    await store.acquire("s", owner="one", ttl=60)
    with pytest.raises(LockHeldError):
        await store.acquire("s", owner="one", ttl=60)


async def test_only_the_holder_releases(store: Store) -> None:
    await store.create("s", lifetime=60)
    await store.acquire("s", owner="one", ttl=60)
    with pytest.raises(LockLostError):
        await store.release("s", owner="two")
    await store.release("s", owner="one")
    with pytest.raises(LockLostError):
        await store.release("s", owner="one")


async def test_an_expired_lock_is_free_and_lost(store: Store) -> None:
    await store.create("s", lifetime=60)
    await store.acquire("s", owner="one", ttl=0.05)
    async with asyncio.timeout(BOUND):
        while True:
            try:
                lock = await store.acquire("s", owner="two", ttl=60)
                break
            except LockHeldError:
                await asyncio.sleep(0.01)
    assert lock.token == 2
    with pytest.raises(LockLostError):
        await store.release("s", owner="one")


async def test_a_stale_token_writes_nothing(store: Store) -> None:
    await store.create("s", lifetime=60)
    old = await store.acquire("s", owner="one", ttl=60)
    assert (await store.write_guarded("s", token=old.token, value=7)).guarded_value == 7
    await store.release("s", owner="one")
    new = await store.acquire("s", owner="two", ttl=60)
    for token in (old.token, 0, new.token + 1):
        with pytest.raises(StaleTokenError) as caught:
            await store.write_guarded("s", token=token, value=8)
        assert caught.value.current == new.token
    assert (await store.get("s")).guarded_value == 7


# Life


async def test_closing_twice_is_fine_and_closes_no_other_instance(connect: Connect) -> None:
    one, two = await connect(), await connect()
    await one.create("s", lifetime=60)
    await one.check()
    await one.close()
    await one.close()
    await two.check()
    assert (await two.get("s")).handle == "s"


async def test_a_closed_store_refuses_in_its_own_words(safe_connect: Connect) -> None:
    store = await safe_connect()
    await store.create("s", lifetime=60)
    await store.close()
    for call in (store.get("s"), store.step("s", tool="t", result="1"), store.check()):
        with pytest.raises(StoreError):
            await call


# Between instances


async def test_an_acknowledged_write_is_seen_by_every_instance(connect: Connect) -> None:
    one, two = await connect(), await connect()
    await one.create("s", lifetime=60)
    for count in range(1, 20, 2):
        assert (await one.step("s", tool="t", result="1")).step_count == count
        assert (await two.step("s", tool="t", result="1")).step_count == count + 1
        assert (await one.get("s")).step_count == count + 1


async def test_state_outlives_the_instance_that_wrote_it(safe_connect: Connect) -> None:
    one = await safe_connect()
    await one.create("s", lifetime=None)
    written = await one.step("s", tool="t", result='{"kept":true}')
    await one.close()
    assert await (await safe_connect()).get("s") == written


async def test_instances_hear_of_configuration_changes_and_deletions_elsewhere(safe_connect: Connect) -> None:
    here, there = await safe_connect(), await safe_connect()
    for handle in "abc":
        await here.create(handle, lifetime=60)
    changes = here.changes()
    async with asyncio.timeout(BOUND):
        assert await anext(changes) is None
        await here.update_config("a", {"own": "1"})
        await there.update_config("b", {"x": "1"})
        await there.delete("c")
        heard = {await anext(changes), await anext(changes)}
    assert heard == {"b", "c"}
    await changes.aclose()
