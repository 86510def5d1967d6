"""Maintenance windows open at the times of a cron expression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from prober.config.model import Window
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


def test_what_is_remembered_is_right_in_any_order_of_asking() -> None:
    window = Window(cron="*/20 3-5 * * *", duration=900.0)
    dice, asked_again = Random(7), MaintenanceWindows([window])
    for _ in range(300):
        time = SUNDAY + timedelta(seconds=dice.uniform(0, 3 * 86400))
        within = 3 <= time.hour <= 5 and (time.minute % 20) < 15
        assert asked_again.open_at(time) is within, time
