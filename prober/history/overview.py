"""The one question of the front page: all targets at once, from rows that lie side by side in the file."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta

from prober.history import packing
from prober.history.folding import FRESH_DAYS, FRESH_TARGET_HOURS
from prober.history.models import Day, Overview, Point
from prober.history.packing import HOUR_MS, PROBE_BITS, PROBE_MASK, TICKS_PER_SECOND
from prober.history.queries import day_of


def overview(connection: sqlite3.Connection, *, now: datetime, days: int, hours: int) -> dict[str, Overview]:
    """Of every target that history knows, by name: its last days, today included, and the times of its last hours."""
    hour = packing.milliseconds(now) // HOUR_MS
    kept, timed = _days(connection, hour // 24 - days + 1, hour // 24), _times(connection, hour - hours + 1, hour)
    return {
        name: Overview(days=tuple(kept.get(number, ())), durations=tuple(timed.get(number, ())))
        for number, name in connection.execute("SELECT id, name FROM targets ORDER BY name")
    }


def _days(connection: sqlite3.Connection, first: int, last: int) -> dict[int, list[Day]]:
    fresh = {(day, target): counts for day, target, *counts in connection.execute(FRESH_DAYS) if first <= day <= last}
    dates = {number: day_of(number) for number in range(first, last + 1)}
    found: dict[int, list[Day]] = defaultdict(list)
    for day, target, passed, failed, unknown in connection.execute(
        "SELECT day, target, passed, failed, unknown FROM days WHERE day BETWEEN ? AND ? ORDER BY day", (first, last)
    ):
        if fresh and (more := fresh.pop((day, target), None)):
            passed, failed, unknown = passed + more[0], failed + more[1], unknown + more[2]
        found[target].append(Day._make((dates[day], passed, failed, unknown)))  # half the time of Day(…)
    for (day, target), counts in fresh.items():
        found[target].append(Day(dates[day], *counts))
        found[target].sort()
    return found


def _times(connection: sqlite3.Connection, first: int, last: int) -> dict[int, list[Point]]:
    asked = "SELECT slot, timed, total, fastest, slowest FROM {} WHERE slot >= ? AND slot < ?"
    bounds = (first << PROBE_BITS, (last + 1) << PROBE_BITS)
    summed = {row[0]: row[1:] for row in connection.execute(asked.format("target_hours"), bounds)}
    for slot, *fresh in connection.execute(asked.format(f"({FRESH_TARGET_HOURS})"), bounds):
        timed, total, fastest, slowest = summed.get(slot, (0, 0, *fresh[2:]))
        summed[slot] = (timed + fresh[0], total + fresh[1], min(fastest, fresh[2]), max(slowest, fresh[3]))
    starts = {hour: packing.EPOCH + timedelta(hours=hour) for hour in range(first, last + 1)}
    found: dict[int, list[Point]] = defaultdict(list)
    for slot in sorted(summed):
        timed, total, fastest, slowest = summed[slot]
        point = Point(
            starts[slot >> PROBE_BITS],
            timed,
            total / timed / TICKS_PER_SECOND,
            fastest / TICKS_PER_SECOND,
            slowest / TICKS_PER_SECOND,
        )
        found[slot & PROBE_MASK].append(point)
    return found
