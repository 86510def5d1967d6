"""Whose turn it is."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from prober.schedule import turns as module
from prober.schedule.turns import Turns

BOUND = 10.0


@dataclass
class Spot:
    """A target as the turns see it."""

    slow: bool = False
    starts_process: bool = False
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(100))


async def taken(held: AsyncExitStack, turns: Turns, spot: Spot, count: int) -> None:
    """So many turns, kept until the end of the block."""
    async with asyncio.timeout(BOUND):
        for _ in range(count):
            await held.enter_async_context(turns.turn(spot))


async def has_to_wait(turns: Turns, spot: Spot) -> bool:
    """Whether there is no turn at once."""
    async with AsyncExitStack() as held:
        try:
            async with asyncio.timeout(0.05):
                await held.enter_async_context(turns.turn(spot))
        except TimeoutError:
            return True
    return False


async def test_there_are_as_many_turns_as_it_is_told() -> None:
    turns = Turns(3)
    async with AsyncExitStack() as held:
        await taken(held, turns, Spot(), 3)
        assert (turns.running, turns.waiting) == (3, 0)
        assert await has_to_wait(turns, Spot())
    assert not await has_to_wait(turns, Spot())
    assert (turns.running, turns.waiting) == (0, 0)


async def test_those_who_wait_for_their_target_take_nobody_elses_turn() -> None:
    turns, full = Turns(3), Spot(turns=asyncio.Semaphore(2))
    async with AsyncExitStack() as held, asyncio.TaskGroup() as tasks:
        await taken(held, turns, full, 2)
        waiting = [tasks.create_task(has_to_wait(turns, full)) for _ in range(10)]
        await asyncio.sleep(0)
        assert turns.waiting == 10
        assert not await has_to_wait(turns, Spot())
    assert all(task.result() for task in waiting)


async def test_turns_come_in_the_order_of_asking() -> None:
    turns, order = Turns(1), list[int]()

    async def one(number: int) -> None:
        async with turns.turn(Spot()):
            order.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(one(number))
    assert order == list(range(20))


async def test_however_many_are_slow_a_quarter_of_the_turns_is_kept_for_the_quick() -> None:
    turns = Turns(8)
    async with AsyncExitStack() as held:
        await taken(held, turns, Spot(slow=True), 6)
        assert await has_to_wait(turns, Spot(slow=True))
        await taken(held, turns, Spot(), 2)
        assert await has_to_wait(turns, Spot())


async def test_of_two_turns_one_is_kept_for_the_quick() -> None:
    turns = Turns(2)
    async with AsyncExitStack() as held:
        await taken(held, turns, Spot(slow=True), 1)
        assert await has_to_wait(turns, Spot(slow=True))
        assert not await has_to_wait(turns, Spot())


async def test_processes_start_as_many_at_once_as_there_are_processors() -> None:
    turns = Turns(8, processors=2)
    async with AsyncExitStack() as held:
        await taken(held, turns, Spot(starts_process=True), 2)
        assert await has_to_wait(turns, Spot(starts_process=True))
        assert not await has_to_wait(turns, Spot())
        assert not await has_to_wait(turns, Spot(starts_process=True, slow=True))  # a line of their own
    assert not await has_to_wait(turns, Spot(starts_process=True))


async def test_a_process_that_hangs_gives_its_processor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOAN", 0.1)
    turns = Turns(8, processors=1)
    async with AsyncExitStack() as held:
        await taken(held, turns, Spot(starts_process=True), 1)
        await taken(held, turns, Spot(starts_process=True), 1)  # after the loan of the first
        assert turns.running == 2
    async with AsyncExitStack() as held:  # given back once, though the runs ended as well
        await taken(held, turns, Spot(starts_process=True), 1)
        assert await has_to_wait(turns, Spot(starts_process=True))


async def test_who_gives_up_waiting_leaves_nothing_taken() -> None:
    turns, spot = Turns(2, processors=1), Spot(slow=True, starts_process=True)
    async with AsyncExitStack() as held:
        await taken(held, turns, spot, 1)
        for _ in range(5):
            assert await has_to_wait(turns, spot)
    for _ in range(3):
        assert not await has_to_wait(turns, spot)
    assert (turns.running, turns.waiting) == (0, 0)
