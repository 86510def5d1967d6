"""What is asked of roll-ups: how long runs took, and how many of them passed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from prober.history import packing
from prober.history.folding import FRESH_DAYS, fresh_hours
from prober.history.packing import HOUR_MS, PROBE_BITS, PROBE_MASK, TICKS_PER_SECOND
from prober.history.past import Counts, Point
from prober.history.questions import named, runs
from prober.history.schema import BOUNDS, BUCKETS

RAW_UP_TO: Final = timedelta(hours=12)
"""The longest time whose points are made from the runs themselves; of a longer one they are of whole hours."""
_TIMES: Final = ("total", "fastest", "slowest", *BUCKETS)
_DAY_HOURS: Final = 24


def uptime(connection: sqlite3.Connection, *, target: str, since: datetime, until: datetime) -> Counts:
    """From the hour that `since` is in to the end of the day of `until`."""
    hour, now = packing.milliseconds(since) // HOUR_MS, packing.milliseconds(until) // HOUR_MS
    midnight = -(-hour // _DAY_HOURS) * _DAY_HOURS
    found = connection.execute(
        f"""SELECT passed, failed, unknown FROM (
            SELECT day, target, passed, failed, unknown FROM days UNION ALL {FRESH_DAYS})
        WHERE target = (SELECT id FROM targets WHERE name = ?) AND day BETWEEN ? AND ?""",  # noqa: S608 - our own names
        (target, midnight // _DAY_HOURS, now // _DAY_HOURS),
    ).fetchall()
    if hour < midnight:
        probes = named(connection, target=target)
        found += [row[1:] for row in _hours(connection, probes, hour, midnight - 1, ("passed", "failed", "unknown"))]
    passed, failed, unknown = (sum(column) for column in zip(*found, strict=True)) if found else (0, 0, 0)
    return Counts(passed=passed, failed=failed, unknown=unknown)


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
    first, last = packing.milliseconds(since) // HOUR_MS, packing.milliseconds(until) // HOUR_MS
    step = -(-(last - first + 1) // points)
    stretches: dict[int, _Stretch] = {}
    for slot, passed, failed, *times in _hours(connection, probes, first, last, ("passed", "failed", *_TIMES)):
        place = ((slot >> PROBE_BITS) - first) // step
        stretches.setdefault(place, _Stretch()).add(passed + failed, times)
    return [
        stretch.point(packing.EPOCH + timedelta(hours=first + place * step))
        for place, stretch in sorted(stretches.items())
        if stretch.runs
    ]


def _from_runs(
    connection: sqlite3.Connection, probes: Collection[int], *, since: datetime, until: datetime, points: int
) -> list[Point]:
    began = packing.milliseconds(since)
    step = max(1, -(-(packing.milliseconds(until) - began) // points))
    stretches: dict[int, list[int]] = {}
    for found in runs(connection, probes, since=since, until=until):
        for _, run in found:
            if run.verdict < 2 and not run.maintenance:
                stretches.setdefault((run.started_ms - began) // step, []).append(run.duration)
    return [
        _exact(sorted(found), packing.moment((began + place * step) * 1000))
        for place, found in sorted(stretches.items())
    ]


def _exact(ordered: Sequence[int], at: datetime) -> Point:
    def quantile(percent: int) -> float:
        return ordered[(len(ordered) * percent + 99) // 100 - 1] / TICKS_PER_SECOND  # the nearest rank

    return Point(
        at=at,
        runs=len(ordered),
        mean_seconds=sum(ordered) / len(ordered) / TICKS_PER_SECOND,
        min_seconds=ordered[0] / TICKS_PER_SECOND,
        max_seconds=ordered[-1] / TICKS_PER_SECOND,
        p50_seconds=quantile(50),
        p95_seconds=quantile(95),
    )


@dataclass(kw_only=True, slots=True)
class _Stretch:
    """Hours of probes, added up."""

    runs: int = 0
    total: int = 0
    fastest: int | None = None
    slowest: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))

    def add(self, runs: int, times: Sequence[int | None]) -> None:
        total, fastest, slowest, *buckets = times
        if fastest is None or slowest is None:
            return
        self.runs += runs
        self.total += total or 0
        self.fastest = fastest if self.fastest is None else min(fastest, self.fastest)
        self.slowest = max(slowest, self.slowest)
        self.buckets = [mine + (more or 0) for mine, more in zip(self.buckets, buckets, strict=True)]

    def point(self, at: datetime) -> Point:
        return Point(
            at=at,
            runs=self.runs,
            mean_seconds=self.total / self.runs / TICKS_PER_SECOND,
            min_seconds=(self.fastest or 0) / TICKS_PER_SECOND,
            max_seconds=self.slowest / TICKS_PER_SECOND,
            p50_seconds=self._quantile(0.50),
            p95_seconds=self._quantile(0.95),
        )

    def _quantile(self, share: float) -> float:
        """In the bucket where the share is reached, as if its runs were spread evenly."""
        least, most = self.fastest or 0, self.slowest
        wanted, seen = share * self.runs, 0
        for number, count in enumerate(self.buckets):
            if count and seen + count >= wanted:
                low = max(least, BOUNDS[number - 1] if number else 0)
                high = min(most, BOUNDS[number] if number < len(BOUNDS) else most)
                return (low + (high - low) * (wanted - seen) / count) / TICKS_PER_SECOND
            seen += count
        return most / TICKS_PER_SECOND


def _hours(
    connection: sqlite3.Connection, probes: Collection[int], first: int, last: int, columns: Sequence[str]
) -> Iterator[tuple[int, ...]]:
    """The roll-ups of the probes from hour to hour, both included, as slot and columns; an hour may come twice."""
    wanted = ", ".join(columns)
    numbers = json.dumps(sorted(probes))
    (oldest,) = connection.execute("SELECT min(slot) >> ? FROM hours", (PROBE_BITS,)).fetchone()
    if oldest is not None:
        yield from connection.execute(
            f"""SELECT slot, {wanted} FROM json_each(?) AS hour JOIN json_each(?) AS probe
            JOIN hours ON hours.slot = hour.value << {PROBE_BITS} | probe.value""",  # noqa: S608
            (json.dumps(list(range(max(first, oldest), last + 1))), numbers),
        )
    fresh = fresh_hours(
        "slot >> :bits BETWEEN :first AND :last AND slot & :mask IN (SELECT value FROM json_each(:numbers))"
    )
    yield from connection.execute(
        f"SELECT slot, {wanted} FROM ({fresh})",  # noqa: S608
        {"bits": PROBE_BITS, "first": first, "last": last, "mask": PROBE_MASK, "numbers": numbers},
    )
