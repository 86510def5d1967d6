"""Checks that drive a store from many callers at once and tell what went wrong; an empty list is a store that is right.

One set of checks for every store: the safe ones must pass each, the memory exhibit must fail each.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from mcp_state.errors import LockHeldError, LockLostError, StaleTokenError, ValueConflictError, VersionConflictError
from mcp_state.protocol import Store

CLIENTS: Final = 32
STEPS: Final = 100
ROUNDS: Final = 15
GRANTS: Final = 3
PATIENCE: Final = 2_000
"""Tries a client makes for its grants: enough for a crowd, and an end for a store that never lets go of a lock."""

Check = Callable[[Sequence[Store]], Awaitable[list[str]]]
"""Takes the instances that share one state; callers are spread over them."""


async def _crowd(stores: Sequence[Store], client: Callable[[Store, int], Awaitable[None]]) -> None:
    """Run one client per number, all at once."""
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(client(stores[number % len(stores)], number))  # type: ignore[arg-type]


async def counter(stores: Sequence[Store]) -> list[str]:
    """Every step counts once, and each caller is told a count of its own."""
    await stores[0].create("s", lifetime=60)
    told: list[int] = []

    async def client(store: Store, number: int) -> None:
        for _ in range(STEPS):
            told.append((await store.step("s", tool=f"t{number}", result="1")).step_count)

    await _crowd(stores, client)
    total = (await stores[-1].get("s")).step_count
    wrong = [] if total == CLIENTS * STEPS else [f"{CLIENTS * STEPS} steps were acknowledged, {total} are there"]
    twice = [count for count, times in Counter(told).items() if times > 1]
    return wrong + ([f"counts told more than once: {sorted(twice)[:5]}"] if twice else [])


async def compare_and_swap(stores: Sequence[Store]) -> list[str]:
    """Of all callers that expect the same version exactly one wins."""
    await stores[0].create("s", lifetime=60)
    winners: Counter[int] = Counter()

    async def client(store: Store, number: int) -> None:
        for _ in range(ROUNDS):
            version = (await store.get("s")).value_version
            try:
                await store.swap("s", expected_version=version, value=str(number))
            except VersionConflictError:
                continue
            winners[version] += 1

    await _crowd(stores, client)
    wrong = [f"version {version} was replaced {times} times" for version, times in winners.items() if times > 1]
    final = (await stores[-1].get("s")).value_version
    return wrong + ([] if final == winners.total() else [f"{winners.total()} swaps won, but the version is {final}"])


async def compare_and_swap_by_value(stores: Sequence[Store]) -> list[str]:
    """The same where the value says what was read: no value comes twice here."""
    await stores[0].create("s", lifetime=60)
    winners: Counter[str] = Counter()

    async def client(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            value = (await store.get("s")).value
            try:
                await store.swap_value("s", expected=value, value=f'"{number}-{round_}"')
            except ValueConflictError:
                continue
            winners[value] += 1

    await _crowd(stores, client)
    return [f"value {value} was replaced {times} times" for value, times in winners.items() if times > 1]


async def queue(stores: Sequence[Store]) -> list[str]:
    """Every item that was acknowledged is given to one caller, and to no other."""
    await stores[0].create("s", lifetime=60)
    queued: list[str] = []
    taken: list[str] = []

    async def client(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            if number % 2:
                got = (await store.dequeue("s")).item
                taken.extend(() if got is None else (got,))
            else:
                item = f'"{number}-{round_}"'
                await store.enqueue("s", item=item)
                queued.append(item)

    await _crowd(stores, client)
    while (left := (await stores[-1].dequeue("s")).item) is not None:
        taken.append(left)
    twice = [item for item, times in Counter(taken).items() if times > 1]
    wrong = [f"items given more than once: {sorted(twice)[:5]}"] if twice else []
    return wrong + ([f"items are lost: {sorted(lost)[:5]}"] if (lost := {*queued} - {*taken}) else [])


async def log(stores: Sequence[Store]) -> list[str]:
    """Every acknowledged event is there once, under the number its writer was told, in one order without gaps."""
    await stores[0].create("s", lifetime=60)
    acknowledged: dict[str, int] = {}

    async def client(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            name = f"{number}-{round_}"
            event = await store.append("s", kind=name, payload="{}", agent_id=str(number))
            acknowledged[name] = event.number

    await _crowd(stores, client)
    events = await stores[-1].events("s", after=0, limit=10_000)
    seen = {event.kind: event.number for event in events}
    wrong = [] if [event.number for event in events] == list(range(1, len(events) + 1)) else ["numbers are not 1 to n"]
    wrong += [f"event {name} is lost" for name in acknowledged if name not in seen]
    wrong += ["an event is there twice"] if len(seen) != len(events) else []
    wrong += [f"event {name} moved" for name, number in acknowledged.items() if seen.get(name, number) != number]
    for number in range(CLIENTS):
        order = [seen[name] for name in (f"{number}-{round_}" for round_ in range(ROUNDS)) if name in seen]
        wrong += [f"the events of client {number} are out of order"] if order != sorted(order) else []
    return wrong


async def optimistic_log(stores: Sequence[Store]) -> list[str]:
    """Of all appends that expect the same newest number exactly one wins."""
    await stores[0].create("s", lifetime=60)
    winners: Counter[int] = Counter()

    async def client(store: Store, number: int) -> None:
        for _ in range(ROUNDS):
            last = (await store.get("s")).last_event
            try:
                await store.append("s", kind="k", payload="{}", agent_id=str(number), expected_last=last)
            except VersionConflictError:
                continue
            winners[last] += 1

    await _crowd(stores, client)
    return [f"{times} events followed number {last}" for last, times in winners.items() if times > 1]


async def configuration(stores: Sequence[Store]) -> list[str]:
    """Callers that set different options do not undo each other."""
    await stores[0].create("s", lifetime=60)

    async def client(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            await store.update_config("s", {f"option-{number}": str(round_)})

    await _crowd(stores, client)
    config = await stores[-1].config("s")
    missing = [n for n in range(CLIENTS) if config.options.get(f"option-{n}") != str(ROUNDS - 1)]
    wrong = [f"the last value of options {missing[:5]} is lost"] if missing else []
    return wrong + (
        [] if config.version == CLIENTS * ROUNDS else [f"version {config.version} after {CLIENTS * ROUNDS}"]
    )


async def lock(stores: Sequence[Store]) -> list[str]:
    """At no time two holders; tokens rise; a guarded write under the lock loses nothing."""
    await stores[0].create("s", lifetime=60)
    holders: set[int] = set()
    tokens: list[int] = []
    wrong: list[str] = []
    done = 0

    async def hold(store: Store, number: int, owner: str) -> None:
        nonlocal done
        grant = await store.acquire("s", owner=owner, ttl=30)
        tokens.append(grant.token)
        if holders:
            wrong.append(f"{number} and {holders} hold the lock at once")
        holders.add(number)
        try:
            value = (await store.get("s")).guarded_value
            await asyncio.sleep(0)
            await store.write_guarded("s", token=grant.token, value=value + 1)
            done += 1
        finally:
            holders.discard(number)
            await store.release("s", owner=owner)

    async def client(store: Store, number: int) -> None:
        granted = 0
        for attempt in range(PATIENCE):
            try:
                await hold(store, number, f"{number}-{attempt}")
            except LockHeldError:
                await asyncio.sleep(0.005)
            except (StaleTokenError, LockLostError) as error:
                wrong.append(str(error))
                return
            else:
                granted += 1
            if granted == GRANTS:
                return

    await _crowd(stores, client)
    if tokens != sorted(set(tokens)):
        wrong.append("fencing tokens do not rise")
    if (value := (await stores[-1].get("s")).guarded_value) != done:
        wrong.append(f"{done} guarded writes, but the value is {value}")
    return wrong if done == CLIENTS * GRANTS else [*wrong, f"only {done} of {CLIENTS * GRANTS} got the lock"]


async def record(stores: Sequence[Store]) -> list[str]:
    """Fields written together are read together."""
    await stores[0].create("s", lifetime=60)
    await stores[0].step("s", tool="same", result='"same"')
    torn: list[str] = []

    async def client(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            if number % 2:
                await store.step("s", tool=f"{number}-{round_}", result=f'"{number}-{round_}"')
            else:
                seen = await store.get("s")
                if seen.last_result != f'"{seen.last_tool}"':
                    torn.append(f"{seen.last_tool} beside {seen.last_result}")

    await _crowd(stores, client)
    return torn


CHECKS: Final[Mapping[str, Check]] = {
    "counter": counter,
    "compare and swap": compare_and_swap,
    "compare and swap by value": compare_and_swap_by_value,
    "queue": queue,
    "log": log,
    "optimistic log": optimistic_log,
    "configuration": configuration,
    "lock": lock,
    "record": record,
}

MEMORY_PASSES: Final = frozenset({"record"})
"""The exhibit replaces whole records, so that its reads are never torn, only outdated."""
