"""Somebody sets the clock, summer begins, a machine sleeps: each probe runs on, once, at its own times."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from prober.config.fields.cron import cron_trigger
from prober.schedule.interval_trigger import IntervalTrigger
from prober.schedule.timer import Timer, Trigger

NOON: Final = datetime(2026, 6, 1, 12, 10, 30, tzinfo=UTC).timestamp()
PROBES: Final = 300
HOURLY, QUARTERS, EITHER = "0 * * * *", "*/15 * * * *", "30 12 1 * mon"


class World:
    """A timer whose clocks go on as told. `called` are names and due times."""

    def __init__(self, triggers: dict[str, Trigger], *, at: float = NOON) -> None:
        self.now, self.steady = at, 0.0
        self.called: list[tuple[str, datetime]] = []
        self.timer = Timer(
            lambda name, due: self.called.append((name, due)), clock=lambda: self.now, steady=lambda: self.steady
        )
        self.timer.apply(triggers)
        self.timer.start()
        self._settle()

    def _settle(self) -> None:
        """Changes are made in slices, of which the loop would do one at each turn."""
        while len(self.timer._known) < len(self.timer._triggers):
            self.timer._change()

    def set(self, seconds: float) -> list[tuple[str, datetime]]:
        """The system's clock is set; what is called at the next look, to the last of it."""
        before = len(self.called)
        self.now += seconds
        self.timer._wake()
        self._settle()
        while self.timer._heap[0][0] <= datetime.fromtimestamp(self.now, UTC):
            self.timer._wake()
        return self.called[before:]

    def stand_still(self, seconds: float) -> list[tuple[str, datetime]]:
        """Nothing is looked at for so long, as if the process were stopped."""
        self.steady += seconds
        return self.set(seconds)

    def pass_by(self, seconds: int) -> list[tuple[str, datetime]]:
        """What is called in so many seconds of which each is seen."""
        return [each for _ in range(seconds) for each in self.stand_still(1)]

    def due(self, name: str) -> datetime:
        due = self.timer.next(name)
        assert due is not None
        return due


def fleet(*, interval: float = 60) -> dict[str, Trigger]:
    """Probes with an interval, spread over it, and three with a cron expression."""
    probes: dict[str, Trigger] = {f"p{n}": IntervalTrigger.of(f"t{n}", f"p{n}", interval) for n in range(PROBES)}
    return probes | {cron: cron_trigger(cron) for cron in (HOURLY, QUARTERS, EITHER)}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World(fleet())
    yield made
    made.timer.stop()


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-01T{text}+00:00")


async def test_a_clock_that_is_set_an_hour_ahead_runs_each_probe_once_and_then_at_its_times(world: World) -> None:
    world.pass_by(60)
    at_once = world.set(3600)
    # The whole minute has passed for each; of the cron expressions, what was missed, the latest of it.
    assert Counter(name for name, _ in at_once) == Counter(
        [*(f"p{n}" for n in range(PROBES)), HOURLY, QUARTERS, EITHER]
    )
    now = datetime.fromtimestamp(world.now, UTC)
    assert all(now - due < timedelta(seconds=60) for name, due in at_once if name.startswith("p")), "the latest counts"
    assert dict(at_once)[HOURLY] == at("13:00")
    assert dict(at_once)[QUARTERS] == at("13:00")
    after = Counter(name for name, _ in world.pass_by(60))
    assert max(after.values()) == 1
    assert len([name for name in after if name.startswith("p")]) == PROBES
    assert world.due(HOURLY) == at("14:00")
    assert world.due(QUARTERS) == at("13:15")
    assert world.due(EITHER) == at("12:30") + timedelta(days=7)


async def test_a_clock_that_is_set_back_by_an_hour_runs_nothing_at_once_and_each_probe_within_its_interval(
    world: World,
) -> None:
    world.pass_by(60)
    assert world.set(-3600) == []
    after = Counter(name for name, _ in world.pass_by(60))
    assert max(after.values()) == 1
    assert len([name for name in after if name.startswith("p")]) == PROBES
    # By the time of day these are to come, as they are for crontab.
    assert world.due(HOURLY) == at("12:00")
    assert world.due(QUARTERS) == at("11:15")
    assert world.due(EITHER) == at("12:30")


async def test_a_process_that_was_stopped_for_ten_minutes_runs_each_probe_once(world: World) -> None:
    world.pass_by(5)
    at_once = Counter(name for name, _ in world.stand_still(600))
    assert max(at_once.values()) == 1
    assert len(at_once) == PROBES + 1  # and the quarter
    assert max(Counter(name for name, _ in world.pass_by(60)).values()) == 1


@pytest.mark.parametrize("steps", [(3600, -3600), (-3600, 3600), (3600, 3600, -7200), (-1800, -1800, 3600)])
async def test_a_clock_that_goes_to_and_fro_makes_no_storm(world: World, steps: tuple[float, ...]) -> None:
    called: Counter[str] = Counter()
    for step in steps:
        called += Counter(name for name, _ in world.set(step))
        called += Counter(name for name, _ in world.pass_by(30))
    most = len(steps) + 1
    assert max(called.values()) <= most, "once for each step, and once for the time between"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"], ids=["summer begins", "summer ends"])
async def test_when_summer_begins_or_ends_nothing_is_left_out_and_nothing_comes_twice(day: str) -> None:
    """Two o'clock does not exist in Berlin, or twice. The clock that counts is UTC, which is in the documentation."""
    midnight = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    assert time.localtime(midnight.timestamp()).tm_isdst != time.localtime(midnight.timestamp() + 86400).tm_isdst
    world = World(fleet(interval=3600) | {"2:30": cron_trigger("30 2 * * *")}, at=midnight.timestamp() - 1)
    called: list[tuple[str, datetime]] = []
    for _ in range(24 * 60):
        called += world.stand_still(60)
    world.timer.stop()
    counts = Counter(name for name, _ in called)
    assert {counts[f"p{n}"] for n in range(PROBES)} == {24}
    assert (counts["2:30"], counts[HOURLY], counts[QUARTERS]) == (1, 24, 96)
    assert dict(called)["2:30"] == midnight + timedelta(hours=2, minutes=30)
