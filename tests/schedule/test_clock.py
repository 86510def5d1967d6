"""The real clock calls names when they are due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from prober.config.cron import cron_trigger
from prober.schedule.clock import Clock
from prober.schedule.triggers import IntervalTrigger

BOUND = 10.0


class Calls:
    """What a clock has called."""

    def __init__(self) -> None:
        self.all: list[tuple[str, datetime]] = []
        self._news = asyncio.Event()

    def begin(self, name: str, due: datetime) -> None:
        self.all.append((name, due))
        self._news.set()

    async def count(self, name: str, wanted: int) -> list[datetime]:
        async with asyncio.timeout(BOUND):
            while len(self.of(name)) < wanted:
                self._news.clear()
                await self._news.wait()
        return self.of(name)

    def of(self, name: str) -> list[datetime]:
        return [due for called, due in self.all if called == name]


async def settled(clock: Clock) -> int:
    """Wait until the clock goes by its timetable; how many turns others had meanwhile."""
    turns = 0
    async with asyncio.timeout(BOUND):
        while clock._kept != clock._wanted:
            turns += 1
            await asyncio.sleep(0)
    return turns


async def test_a_name_is_called_at_each_of_its_times_and_told_which() -> None:
    calls = Calls()
    clock = Clock(calls.begin)
    clock.keep({"fast": IntervalTrigger(50_000, 7), "never": IntervalTrigger(10**15, 10**15 - 1)})
    clock.start()
    dues = await calls.count("fast", 4)
    await clock.stop()
    assert all(due.microsecond % 50_000 == 7 for due in dues)
    assert dues == sorted(set(dues))
    assert calls.of("never") == []


async def test_a_timetable_that_changes_moves_nothing_else() -> None:
    calls = Calls()
    clock = Clock(calls.begin)
    same, other = IntervalTrigger(3_600_000_000, 5), IntervalTrigger(60_000_000, 5)
    clock.keep({"same": same, "gone": other, "changed": other})
    clock.start()
    before = clock.next("same")
    clock.keep(
        {
            "same": IntervalTrigger(3_600_000_000, 5),
            "changed": IntervalTrigger(50_000, 0),
            "new": IntervalTrigger(50_000, 1),
        }
    )
    await calls.count("changed", 2)
    await calls.count("new", 2)
    assert before is not None
    assert clock.next("same") == before
    assert clock.next("gone") is None
    await clock.stop()


async def test_many_changes_leave_the_loop_to_others() -> None:
    calls = Calls()
    clock = Clock(calls.begin)
    clock.start()
    clock.keep({f"n{number}": IntervalTrigger(3_600_000_000, number) for number in range(3000)})
    assert await settled(clock) > 3
    due = clock.next("n2999")
    assert due is not None
    assert due - datetime.now(UTC) <= timedelta(hours=1)
    await clock.stop()


async def test_when_the_systems_clock_was_set_back_due_times_are_counted_anew() -> None:
    calls = Calls()
    clock = Clock(calls.begin)
    clock.keep({"minute": IntervalTrigger(60_000_000, 1), "cron": cron_trigger("* * * * *")})
    clock.start()
    await settled(clock)
    an_hour_on = datetime.now(UTC) + timedelta(hours=1)
    for name in ("minute", "cron"):
        clock._scheduler.modify_job(name, next_run_time=an_hour_on)  # as it was before the clock went back
    clock._ahead += 3600
    clock._look_at_the_system()
    await settled(clock)
    for name in ("minute", "cron"):
        due = clock.next(name)
        assert due is not None
        assert due <= datetime.now(UTC) + timedelta(minutes=1)
    await clock.stop()


async def test_a_clock_that_was_stopped_calls_nobody() -> None:
    calls = Calls()
    clock = Clock(calls.begin)
    clock.keep({"fast": IntervalTrigger(20_000, 0)})
    clock.start()
    await calls.count("fast", 1)
    await clock.stop()
    count = len(calls.all)
    await asyncio.sleep(0.1)  # five times of it
    assert len(calls.all) == count
