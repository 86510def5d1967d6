"""How many runs go on at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from prober.schedule.concurrency import ConcurrencyLimits
from tests.kinds.offering import document
from tests.peers.http_peer import Script, http_peer
from tests.peers.sse_acts import listened
from tests.schedule.ledger import Ledger, loaded, scheduling

BOUND = 10.0


@dataclass
class Spot:
    """A target as the limits see it."""

    slow: bool = False
    starts_process: bool = False
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(100))


async def taken(held: AsyncExitStack, limits: ConcurrencyLimits, spot: Spot, count: int) -> None:
    """So many limits, kept until the end of the block."""
    async with asyncio.timeout(BOUND):
        for _ in range(count):
            await held.enter_async_context(limits.slot(spot, starts_process=lambda: spot.starts_process))


async def has_to_wait(limits: ConcurrencyLimits, spot: Spot) -> bool:
    """Whether there is no turn at once."""
    async with AsyncExitStack() as held:
        try:
            async with asyncio.timeout(0.05):
                await held.enter_async_context(limits.slot(spot, starts_process=lambda: spot.starts_process))
        except TimeoutError:
            return True
    return False


async def test_there_are_as_many_turns_as_it_is_told() -> None:
    limits = ConcurrencyLimits(3)
    async with AsyncExitStack() as held:
        await taken(held, limits, Spot(), 3)
        assert (limits.running, limits.waiting) == (3, 0)
        assert await has_to_wait(limits, Spot())
    assert not await has_to_wait(limits, Spot())
    assert (limits.running, limits.waiting) == (0, 0)


async def test_those_who_wait_for_their_target_take_nobody_elses_turn() -> None:
    limits, full = ConcurrencyLimits(3), Spot(slots=asyncio.Semaphore(2))
    async with AsyncExitStack() as held, asyncio.TaskGroup() as tasks:
        await taken(held, limits, full, 2)
        waiting = [tasks.create_task(has_to_wait(limits, full)) for _ in range(10)]
        await asyncio.sleep(0)
        assert limits.waiting == 10
        assert not await has_to_wait(limits, Spot())
    assert all(task.result() for task in waiting)


async def test_turns_come_in_the_order_of_asking() -> None:
    limits, order = ConcurrencyLimits(1), list[int]()

    async def one(number: int) -> None:
        async with limits.slot(Spot()):
            order.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(one(number))
    assert order == list(range(20))


async def test_however_many_are_slow_a_quarter_of_the_turns_is_kept_for_the_quick() -> None:
    limits = ConcurrencyLimits(8)
    async with AsyncExitStack() as held:
        await taken(held, limits, Spot(slow=True), 6)
        assert await has_to_wait(limits, Spot(slow=True))
        await taken(held, limits, Spot(), 2)
        assert await has_to_wait(limits, Spot())


async def test_of_two_turns_one_is_kept_for_the_quick() -> None:
    limits = ConcurrencyLimits(2)
    async with AsyncExitStack() as held:
        await taken(held, limits, Spot(slow=True), 1)
        assert await has_to_wait(limits, Spot(slow=True))
        assert not await has_to_wait(limits, Spot())


async def test_processes_start_as_many_at_once_as_there_are_processors() -> None:
    limits = ConcurrencyLimits(8, processors=2)
    async with AsyncExitStack() as held:
        await taken(held, limits, Spot(starts_process=True), 2)
        assert await has_to_wait(limits, Spot(starts_process=True))
        assert not await has_to_wait(limits, Spot())
        assert not await has_to_wait(limits, Spot(starts_process=True, slow=True))  # a line of their own
    assert not await has_to_wait(limits, Spot(starts_process=True))


async def test_a_process_that_has_answered_gives_its_processor_back() -> None:
    limits = ConcurrencyLimits(8, processors=1)
    async with AsyncExitStack() as held:
        give_back = await held.enter_async_context(limits.slot(Spot(), starts_process=lambda: True))
        assert await has_to_wait(limits, Spot(starts_process=True))
        give_back()
        await taken(held, limits, Spot(starts_process=True), 1)
        assert limits.running == 2
    async with AsyncExitStack() as held:  # given back once, though the runs ended as well
        await taken(held, limits, Spot(starts_process=True), 1)
        assert await has_to_wait(limits, Spot(starts_process=True))


async def test_who_gives_up_waiting_leaves_nothing_taken() -> None:
    limits, spot = ConcurrencyLimits(2, processors=1), Spot(slow=True, starts_process=True)
    async with AsyncExitStack() as held:
        await taken(held, limits, spot, 1)
        for _ in range(5):
            assert await has_to_wait(limits, spot)
    for _ in range(3):
        assert not await has_to_wait(limits, spot)
    assert (limits.running, limits.waiting) == (0, 0)


async def test_a_run_that_only_waits_takes_no_slot_of_its_target_and_does_not_make_it_slow(tmp_path: Path) -> None:
    ledger = Ledger()
    stream = {"kind": "stream", "hold": "3s", "timeout": "8s", "interval": "8s"}
    call = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "interval": "1s", "timeout": "1s"}
    async with http_peer(Script(faults={"listen": listened(ends=False)})) as peer:
        config = loaded(document(peer, stream, stream, call, concurrency=1), tmp_path)
        async with scheduling(config, ledger, concurrency=1) as scheduler:
            await peer.wait_for(lambda request: request.rpc_method == "subscriptions/listen")
            [held] = await ledger.runs("p0", 1)
            meanwhile = [
                run for run in ledger.of("p2") if held.outcome.started_at < run.outcome.started_at < held.ended
            ]
            assert [run.outcome.reason for run in meanwhile] == [None] * len(meanwhile) != []
            assert not scheduler._states["peer"].slow
