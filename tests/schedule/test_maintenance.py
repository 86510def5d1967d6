"""Maintenance windows open at the times of a cron expression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from prober.config.fields.cron import cron_trigger
from prober.config.model import Window
from prober.schedule import maintenance as module
from prober.schedule.maintenance import MaintenanceWindows

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3600.0


def at(text: str) -> datetime:
    """`day hour:minute`, in a month that begins with a Sunday."""
    day, _, clock = text.partition(" ")
    hour, minute = clock.split(":")
    return SUNDAY + timedelta(days=int(day) - 1, hours=int(hour), minutes=int(minute))


@pytest.mark.parametrize(
    ("cron", "hours", "time", "is_open"),
    [
        ("0 2 * * 0", 2, "1 01:59", False),
        ("0 2 * * 0", 2, "1 02:00", True),
        ("0 2 * * 0", 2, "1 03:59", True),
        ("0 2 * * 0", 2, "1 04:00", False),
        ("0 2 * * 0", 2, "2 03:00", False),
        ("0 2 * * 0", 2, "8 03:00", True),
        ("0 23 * * 7", 4, "2 02:59", True),  # over midnight, and into Monday
        ("0 23 * * 7", 4, "2 03:00", False),
        ("0 * * * *", 2, "1 00:30", True),  # each one opens before the last has closed
        ("0 * * * *", 2, "5 17:59", True),
        ("0 0 1 * *", 48, "2 23:59", True),
        ("0 0 1 * *", 48, "3 00:00", False),
    ],
)
def test_a_window_is_open_from_its_time_until_its_duration_is_over(
    cron: str, hours: float, time: str, *, is_open: bool
) -> None:
    assert MaintenanceWindows([Window(cron=cron, duration=hours * HOUR)]).open_at(at(time)) is is_open


def test_of_several_windows_one_is_enough_and_of_none_none() -> None:
    both = MaintenanceWindows([Window(cron="0 2 * * *", duration=HOUR), Window(cron="0 12 * * *", duration=HOUR)])
    assert [both.open_at(at(f"4 {hour:02}:30")) for hour in (1, 2, 3, 11, 12, 13)] == [False, True, False] * 2
    assert not MaintenanceWindows([]).open_at(at("1 00:00"))


def test_a_window_is_open_to_the_last_microsecond_and_not_at_its_end() -> None:
    window = MaintenanceWindows([Window(cron="0 2 * * *", duration=2 * HOUR)])
    assert window.open_at(at("1 04:00") - timedelta(microseconds=1))
    assert not window.open_at(at("1 04:00"))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """From when on a cron expression was searched for its next time, search by search."""
    searched: list[datetime] = []

    class Watched:
        def __init__(self, cron: str) -> None:
            self.trigger = cron_trigger(cron)

        def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
            searched.append(now)
            found: datetime | None = self.trigger.get_next_fire_time(previous, now)
            return found

    monkeypatch.setattr(module, "cron_trigger", Watched)
    return searched


def test_a_cron_expression_is_searched_once_for_as_long_as_the_answer_holds(looks: list[datetime]) -> None:
    window = MaintenanceWindows([Window(cron="0 2 * * *", duration=2 * HOUR)])
    assert [window.open_at(at(f"1 {clock}")) for clock in ("01:00", "01:00", "01:59")] == [False] * 3
    assert len(looks) == 1
    assert [window.open_at(at(f"1 {clock}")) for clock in ("02:00", "03:59", "02:00")] == [True] * 3
    assert len(looks) == 2


def test_after_its_last_time_in_the_calendar_a_window_is_never_open(looks: list[datetime]) -> None:
    window = MaintenanceWindows([Window(cron="0 2 * * *", duration=HOUR)])
    last = datetime(9999, 12, 31, tzinfo=UTC)
    assert [window.open_at(last + timedelta(hours=hour)) for hour in (12, 12, 23)] == [False] * 3
    assert len(looks) == 1


def test_what_is_remembered_is_right_in_any_order_of_asking() -> None:
    window = Window(cron="*/20 3-5 * * *", duration=900.0)
    dice, asked_again = Random(7), MaintenanceWindows([window])
    for _ in range(300):
        time = SUNDAY + timedelta(seconds=dice.uniform(0, 3 * 86400))
        within = 3 <= time.hour <= 5 and (time.minute % 20) < 15
        assert asked_again.open_at(time) is within, time
