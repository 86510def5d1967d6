"""Cron expressions mean what crontab(5) says, whatever APScheduler makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from prober.config.fields.cron import cron_complaint, cron_trigger

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)
"""The first of a month that begins with a Sunday."""
SHORT = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def times(expression: str, count: int, since: datetime = SUNDAY) -> list[datetime]:
    """The first times from `since` on."""
    trigger, found = cron_trigger(expression), []
    now = since
    for _ in range(count):
        now = trigger.get_next_fire_time(None, now)
        found.append(now)
        now += timedelta(seconds=1)
    return found


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("1", "Mon"),
        ("6", "Sat"),
        ("SUN", "Sun"),
        ("mon-fri", "Mon Tue Wed Thu Fri"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("5-7", "Sun Fri Sat"),
        ("fri-sun", "Sun Fri Sat"),
        ("0-2", "Sun Mon Tue"),
        ("0,3", "Sun Wed"),
        ("*/2", "Sun Tue Thu Sat"),
        ("1-5/2", "Mon Wed Fri"),
        ("*", " ".join(SHORT)),
        ("0-7", " ".join(SHORT)),
    ],
)
def test_weekdays_count_from_sunday(weekday: str, days: str) -> None:
    week = [time for time in times(f"0 0 * * {weekday}", 8) if time < SUNDAY + timedelta(days=7)]
    assert [time.strftime("%a") for time in week] == days.split()


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("*/5 * * * *", ["03-01 00:00", "03-01 00:05", "03-01 00:10"]),
        ("7/20 * * * *", ["03-01 00:07", "03-01 00:27", "03-01 00:47"]),
        ("0 2 * * 0", ["03-01 02:00", "03-08 02:00", "03-15 02:00"]),
        ("30 1,13 * * *", ["03-01 01:30", "03-01 13:30", "03-02 01:30"]),
        ("0 0 1 jan,JUL *", ["07-01 00:00", "01-01 00:00", "07-01 00:00"]),
        ("0 0 31 * *", ["03-31 00:00", "05-31 00:00", "07-31 00:00"]),
        ("0 0 29 2 *", ["02-29 00:00", "02-29 00:00", "02-29 00:00"]),
        ("59 23 28-31/3 * *", ["03-28 23:59", "03-31 23:59", "04-28 23:59"]),
        ("0 0 13 * fri", ["03-06 00:00", "03-13 00:00", "03-20 00:00", "03-27 00:00", "04-03 00:00", "04-10 00:00"]),
        ("0 0 4 * 3", ["03-04 00:00", "03-11 00:00", "03-18 00:00", "03-25 00:00", "04-01 00:00", "04-04 00:00"]),
        ("0 0 */2 * 1", ["03-09 00:00", "03-23 00:00", "04-13 00:00"]),
        ("0 0 30 2 1", ["02-01 00:00", "02-08 00:00"]),
    ],
)
def test_times_are_those_of_cron(expression: str, first: list[str]) -> None:
    """Where day of month and weekday are both restricted either will do, unless one begins with a star."""
    assert [time.strftime("%m-%d %H:%M") for time in times(expression, len(first))] == first


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("", "expected five fields: minute, hour, day of month, month, weekday"),
        ("* * * *", "expected five fields: minute, hour, day of month, month, weekday"),
        ("@daily", "expected five fields: minute, hour, day of month, month, weekday"),
        ("0 0 last * *", "expected five fields: minute, hour, day of month, month, weekday"),
        ("* * * * *\n", "expected five fields: minute, hour, day of month, month, weekday"),
        ("\N{ARABIC-INDIC DIGIT FIVE} * * * *", "expected five fields: minute, hour, day of month, month, weekday"),
        ("60 * * * *", "minute: must be from 0 to 59"),
        ("* * 0 * *", "day of month: must be from 1 to 31"),
        ("* * * * 8", "weekday: must be from 0 to 7"),
        ("* * * mon *", "month: mon is no name here"),
        ("* * * * wed-mon", "weekday: wed-mon runs backwards"),
        ("* * * * 6-0", "weekday: 6-0 runs backwards"),
        ("* * * dec-feb *", "month: dec-feb runs backwards"),
        ("0 0 31 2,4 *", "day of month: no such day in these months"),
        ("0 0 31 2,4 5", None),
        ("*/90 * * * *", "minute: a step must be from 1 to 59"),
    ],
)
def test_what_is_no_expression_is_told(expression: str, complaint: str | None) -> None:
    assert cron_complaint(expression) == complaint


def test_an_expression_that_many_probes_have_is_read_once() -> None:
    assert cron_trigger("*/5 * * * *") is cron_trigger("*/5 * * * *")
