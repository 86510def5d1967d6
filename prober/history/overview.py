"""The one question of the front page: all targets at once, from rows that lie side by side in the file."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from prober.history import packing
from prober.history.folding import FRESH_DAYS, FRESH_HOURS
from prober.history.packing import HOUR_MS, PROBE_BITS, PROBE_MASK, TICKS_PER_SECOND
from prober.history.past import Day, Overview, Point
from prober.history.questions import day_of

_TIMES: Final = f"""
    SELECT slot >> {PROBE_BITS}, probes.target, sum(passed + failed), sum(total), min(fastest), max(slowest)
    FROM {{hours}} JOIN probes ON probes.id = slot & {PROBE_MASK}
    WHERE slot >= ? AND slot < ? GROUP BY 1, 2"""  # noqa: S608 - numbers of our own


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
        more = fresh.pop((day, target), None)
        if more is not None:
            passed, failed, unknown = passed + more[0], failed + more[1], unknown + more[2]
        found[target].append(Day(day=dates[day], passed=passed, failed=failed, unknown=unknown))
    for (day, target), (passed, failed, unknown) in sorted(fresh.items()):
        found[target].append(Day(day=dates[day], passed=passed, failed=failed, unknown=unknown))
        found[target].sort(key=lambda kept: kept.day)
    return found


def _times(connection: sqlite3.Connection, first: int, last: int) -> dict[int, list[Point]]:
    bounds = (first << PROBE_BITS, (last + 1) << PROBE_BITS)
    summed: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    for source in ("hours", f"({FRESH_HOURS})"):
        for hour, target, runs, total, fastest, slowest in connection.execute(_TIMES.format(hours=source), bounds):
            if fastest is not None:
                before = summed.get((hour, target), (0, 0, fastest, slowest))
                extremes = min(before[2], fastest), max(before[3], slowest)
                summed[hour, target] = (before[0] + runs, before[1] + total, *extremes)
    found: dict[int, list[Point]] = defaultdict(list)
    for (hour, target), (runs, total, fastest, slowest) in sorted(summed.items()):
        point = Point(
            at=packing.EPOCH + timedelta(hours=hour),
            runs=runs,
            mean_seconds=total / runs / TICKS_PER_SECOND,
            min_seconds=fastest / TICKS_PER_SECOND,
            max_seconds=slowest / TICKS_PER_SECOND,
        )
        found[target].append(point)
    return found
