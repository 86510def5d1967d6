"""Queries for what is drawn over time: how long runs took, and all targets of the front page."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from prober.history.codec import DAY_HOURS, EPOCH, HOUR_US, SECOND, microseconds, moment
from prober.history.models import Day, Overview, Point
from prober.history.queries import date_of, hours_of, named, runs
from prober.history.run_times import estimate, nearest_rank
from prober.history.schema import BUCKETS, TIMED

RAW_UP_TO: Final = timedelta(hours=12)
"""The longest time whose points are made from the runs themselves; of a longer one they are of whole hours."""


def durations(
    connection: sqlite3.Connection,
    *,
    target: str | None,
    probe: str | None,
    since: datetime,
    until: datetime,
    points: int,
) -> list[Point]:
    """At most so many points (or a little more than half), oldest first; a stretch without a run has none."""
    probes = named(connection, target=target, probe=probe)
    if until <= since:
        return []
    if until - since <= RAW_UP_TO:
        return _from_runs(connection, probes, since=since, until=until, points=points)
    first, last = microseconds(since) // HOUR_US, microseconds(until) // HOUR_US
    step = -(-(last - first + 1) // points)
    known = connection.execute("SELECT min(hour) FROM hours UNION ALL SELECT min(hour) FROM recent")
    oldest = min((hour for (hour,) in known if hour is not None), default=last)
    rows = connection.execute(
        f"""SELECT (hour - :first) / :step AS stretch, sum(passed + failed) AS runs, sum(total_us), min(fastest_us),
            max(slowest_us), {", ".join(f"sum({name})" for name in BUCKETS)}
        FROM ({hours_of("*")}) GROUP BY stretch HAVING runs ORDER BY stretch""",  # noqa: S608
        {
            "first": first,
            "step": step,
            "hours": json.dumps([*range(max(first, oldest), last + 1)]),
            "probes": json.dumps([*probes]),
        },
    )
    return [_from_hours(EPOCH + timedelta(hours=first + stretch * step), *row) for stretch, *row in rows]


def _from_runs(
    connection: sqlite3.Connection, probes: Collection[int], *, since: datetime, until: datetime, points: int
) -> list[Point]:
    began = microseconds(since)
    step = max(1, -(-(microseconds(until) - began) // points))
    stretches: dict[int, list[int]] = defaultdict(list)
    for started, duration in runs(connection, "started_us, duration_us", probes, since=since, until=until, where=TIMED):
        stretches[(started - began) // step].append(duration)
    return [_exact(sorted(found), moment(began + at * step)) for at, found in sorted(stretches.items())]


def _exact(ordered: Sequence[int], at: datetime) -> Point:
    return Point(
        at=at,
        runs=len(ordered),
        mean_seconds=sum(ordered) / len(ordered) / SECOND,
        min_seconds=ordered[0] / SECOND,
        max_seconds=ordered[-1] / SECOND,
        p50_seconds=nearest_rank(ordered, 50),
        p95_seconds=nearest_rank(ordered, 95),
    )


def _from_hours(at: datetime, runs: int, total: int, fastest: int, slowest: int, *buckets: int) -> Point:
    p50, p95 = (estimate(buckets, percent, fastest=fastest, slowest=slowest) for percent in (50, 95))
    return Point(at, runs, total / runs / SECOND, fastest / SECOND, slowest / SECOND, p50, p95)


def overview(connection: sqlite3.Connection, *, now: datetime, days: int, hours: int) -> dict[str, Overview]:
    """Of every target that history knows, by name: its last days, today included, and the times of its last hours."""
    hour = microseconds(now) // HOUR_US
    today = hour // DAY_HOURS
    kept: dict[int, list[Day]] = defaultdict(list)
    dates = {number: date_of(number) for number in range(today - days + 1, today + 1)}
    for day, target, *counts in connection.execute(
        """SELECT day, target, sum(passed), sum(failed), sum(unknown) FROM all_days WHERE day BETWEEN ? AND ?
        GROUP BY day, target ORDER BY day""",
        (today - days + 1, today),
    ):
        kept[target].append(Day._make((dates[day], *counts)))  # half the time of Day(…)
    timed: dict[int, list[Point]] = defaultdict(list)
    starts = {number: EPOCH + timedelta(hours=number) for number in range(hour - hours + 1, hour + 1)}
    for at, target, *times in connection.execute(
        """SELECT hour, target, sum(timed), sum(total_us) / 1e6 / sum(timed), min(fastest_us) / 1e6,
            max(slowest_us) / 1e6
        FROM all_target_hours WHERE hour BETWEEN ? AND ? GROUP BY hour, target ORDER BY hour""",
        (hour - hours + 1, hour),
    ):
        timed[target].append(Point(starts[at], *times))
    return {
        name: Overview(days=tuple(kept.get(number, ())), durations=tuple(timed.get(number, ())))
        for number, name in connection.execute("SELECT id, name FROM targets ORDER BY name")
    }
