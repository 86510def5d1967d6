"""The timer calls names when they are due."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from prober.config.fields.cron import cron_trigger
from prober.schedule import timer as module
from prober.schedule.interval_trigger import IntervalTrigger
from prober.schedule.timer import Timer
from tests.schedule.ledger import until

BOUND = 10.0


class Calls:
    """What a timer has called."""

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


async def settled(timer: Timer, names: list[str]) -> int:
    """Wait until the timer goes by its triggers; how many turns others had meanwhile."""
    turns = 0
    async with asyncio.timeout(BOUND):
        while not all(name in timer._known for name in names):
            turns += 1
            await asyncio.sleep(0)
    return turns


async def test_a_new_name_is_called_for_the_latest_time_that_it_missed_and_only_a_new_one() -> None:
    calls, hour = Calls(), 3_600_000_000
    now = datetime.now(UTC)
    timer = Timer(calls.begin)
    timer.apply({"known": IntervalTrigger(hour, 7)})
    timer.start()
    await settled(timer, ["known"])
    missed = now - timedelta(hours=3)
    triggers = {name: IntervalTrigger(hour, 7) for name in ("known", "missed", "nothing-missed", "of-no-account")}
    since = {"known": missed, "missed": missed, "nothing-missed": now}
    timer.apply(triggers | {"cron": cron_trigger("0 * * * *")}, since=since | {"cron": missed})
    [due] = await calls.count("missed", 1)
    [by_cron] = await calls.count("cron", 1)
    await settled(timer, [*triggers])
    timer.stop()
    assert now - timedelta(hours=1) < due <= now
    assert (by_cron.minute, now - timedelta(hours=1) < by_cron <= now) == (0, True)
    assert {name for name, _ in calls.all} == {"missed", "cron"}


async def test_a_name_is_called_at_each_of_its_times_and_told_which() -> None:
    calls = Calls()
    timer = Timer(calls.begin)
    timer.apply({"fast": IntervalTrigger(50_000, 7), "never": IntervalTrigger(10**15, 10**15 - 1)})
    timer.start()
    dues = await calls.count("fast", 4)
    timer.stop()
    assert all(due.microsecond % 50_000 == 7 for due in dues)
    assert dues == sorted(set(dues))
    assert calls.of("never") == []


async def test_a_timetable_that_changes_moves_nothing_else() -> None:
    calls = Calls()
    timer = Timer(calls.begin)
    same, other = IntervalTrigger(3_600_000_000, 5), IntervalTrigger(60_000_000, 5)
    timer.apply({"same": same, "gone": other, "changed": other})
    timer.start()
    before = timer.next("same")
    timer.apply(
        {
            "same": IntervalTrigger(3_600_000_000, 5),
            "changed": IntervalTrigger(50_000, 0),
            "new": IntervalTrigger(50_000, 1),
        }
    )
    await calls.count("changed", 2)
    await calls.count("new", 2)
    assert before is not None
    assert timer.next("same") == before
    assert timer.next("gone") is None
    timer.stop()


async def test_many_changes_leave_the_loop_to_others() -> None:
    calls = Calls()
    timer = Timer(calls.begin)
    timer.start()
    timer.apply({f"n{number}": IntervalTrigger(3_600_000_000, number) for number in range(20_000)})
    assert await settled(timer, [f"n{number}" for number in range(20_000)]) > 3
    due = timer.next("n19999")
    assert due is not None
    assert due - datetime.now(UTC) <= timedelta(hours=1)
    timer.stop()


async def test_when_the_systems_clock_was_set_back_due_times_are_counted_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.05)
    ahead = 3600.0
    timer = Timer(Calls().begin, clock=lambda: time.time() + ahead)
    timer.apply({"minute": IntervalTrigger(60_000_000, 1), "cron": cron_trigger("* * * * *")})
    timer.start()
    hour = timedelta(hours=1)
    assert all(due_in(timer, name) > hour - timedelta(minutes=1) for name in ("minute", "cron"))
    ahead = 0.0
    await until(lambda: all(due_in(timer, name) <= timedelta(minutes=1) for name in ("minute", "cron")))
    assert "the system's clock was set back by 3600.0 s" in caplog.text
    timer.stop()


def due_in(timer: Timer, name: str) -> timedelta:
    due = timer.next(name)
    assert due is not None
    return due - datetime.now(UTC)


async def test_of_several_times_that_were_missed_the_latest_is_called_once() -> None:
    calls, now = Calls(), 1_000_000.0
    timer = Timer(calls.begin, clock=lambda: now, steady=lambda: now)
    timer.apply({"interval": IntervalTrigger(60_000_000, 0), "cron": cron_trigger("* * * * *")})
    timer.start()
    now += 8 * 3600 + 30  # a night of sleep
    timer._wake()
    await calls.count("cron", 1)
    await calls.count("interval", 1)
    latest = datetime.fromtimestamp(now - now % 60, UTC)
    assert sorted(calls.all) == [("cron", latest), ("interval", latest)]
    assert timer.next("interval") == timer.next("cron") == latest + timedelta(minutes=1)
    timer.stop()


async def test_ten_thousand_that_are_due_at_once_leave_the_loop_to_others() -> None:
    calls, now = Calls(), 1_000_000.0
    timer = Timer(calls.begin, clock=lambda: now, steady=lambda: now)
    names = [f"n{number}" for number in range(10_000)]
    timer.apply({name: IntervalTrigger(60_000_000, 0) for name in names})
    timer.start()
    await settled(timer, names)
    now += 60
    timer._wake()
    turns = 0
    async with asyncio.timeout(BOUND):
        while len(calls.all) < len(names):
            turns += 1
            await asyncio.sleep(0)
    assert turns > 3
    assert sorted(name for name, _ in calls.all) == sorted(names)
    timer.stop()


async def test_what_is_out_of_date_is_not_kept_for_ever() -> None:
    timer = Timer(Calls().begin)
    timer.start()
    for hour in range(1, 50):
        timer.apply({"n": IntervalTrigger(hour * 3_600_000_000, 0)})
    assert len(timer._heap) <= 2
    timer.stop()


async def test_a_timer_that_was_stopped_calls_nobody() -> None:
    calls = Calls()
    timer = Timer(calls.begin)
    timer.apply({"fast": IntervalTrigger(20_000, 0)})
    timer.start()
    await calls.count("fast", 1)
    timer.stop()
    count = len(calls.all)
    await asyncio.sleep(0.1)  # five times of it
    assert len(calls.all) == count
