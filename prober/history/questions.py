"""What may be asked of the file, as SQL. Every function answers from one consistent view: see reader.py."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from prober.history import packing
from prober.history.details import Details
from prober.history.folding import FRESH_DAYS, FRESH_PRESENT, PRESENT_COLUMNS
from prober.history.packing import HOUR_MS, PROBE_BITS, PROBE_MASK, TICKS_PER_SECOND, VERDICTS, Run
from prober.history.past import Day, PastFailure, PastResult
from prober.outcome import Outcome, Reason
from prober.result import Remembered, Result

_SLOTS_A_STEP: Final = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A probe and its number."""

    number: int
    target: str
    probe: str


def named(connection: sqlite3.Connection, *, target: str | None = None, probe: str | None = None) -> dict[int, Named]:
    """The probes of that target and that name, by number; all of them where neither is given."""
    rows = connection.execute(
        """SELECT probes.id, targets.name, probes.name FROM probes JOIN targets ON targets.id = probes.target
        WHERE (:target IS NULL OR targets.name = :target) AND (:probe IS NULL OR probes.name = :probe)""",
        {"target": target, "probe": probe},
    )
    return {number: Named(number=number, target=of, probe=name) for number, of, name in rows}


def runs(
    connection: sqlite3.Connection, probes: Collection[int], *, since: datetime, until: datetime
) -> Iterator[list[tuple[int, Run]]]:
    """Their runs from `since` up to and without `until`: a list for each stretch of hours, the newest stretch first."""
    first_ms, last_ms = packing.milliseconds(since), packing.milliseconds(until)
    numbers = json.dumps(sorted(probes))
    recent: dict[int, list[tuple[int, bytes]]] = {}
    for slot, run in connection.execute(
        f"""SELECT slot, run FROM recent WHERE run IS NOT NULL AND slot & {PROBE_MASK} IN
        (SELECT value FROM json_each(?))""",  # noqa: S608 - a number of our own
        (numbers,),
    ):
        recent.setdefault(slot >> PROBE_BITS, []).append((slot, run))
    (oldest,) = connection.execute("SELECT min(slot) FROM runs").fetchone()
    (newest,) = connection.execute("SELECT max(slot) FROM runs").fetchone()
    hours = [slot >> PROBE_BITS for slot in (oldest, newest) if slot is not None] + list(recent)
    if not hours or not probes:
        return
    hour, last = min(last_ms // HOUR_MS, max(hours)), max(first_ms // HOUR_MS, min(hours))
    span = 1
    while hour >= last:
        low = max(last, hour - span + 1)
        packed = [row for at in range(low, hour + 1) for row in recent.get(at, ())]
        packed += connection.execute(
            f"""SELECT slot, packed FROM json_each(?) AS hour JOIN json_each(?) AS probe
            JOIN runs ON runs.slot = hour.value << {PROBE_BITS} | probe.value""",  # noqa: S608
            (json.dumps(list(range(low, hour + 1))), numbers),
        ).fetchall()
        yield [
            (slot & PROBE_MASK, run)
            for slot, blob in packed
            for run in packing.unpack(slot, blob)
            if first_ms <= run.started_ms < last_ms
        ]
        hour, span = low - 1, max(1, min(span * 4, _SLOTS_A_STEP // len(probes)))


def results(
    connection: sqlite3.Connection,
    *,
    target: str | None,
    probe: str | None,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[PastResult]:
    """The newest first."""
    probes = named(connection, target=target, probe=probe)
    found: list[tuple[int, Run]] = []
    for stretch in runs(connection, probes, since=since, until=until):
        found += sorted(stretch, key=lambda pair: pair[1].started_ms, reverse=True)
        if len(found) >= limit:
            break
    reasons = _reasons(connection)
    return [_result(probes[number], run, reasons) for number, run in found[:limit]]


def failures(connection: sqlite3.Connection, *, target: str | None, probe: str | None, limit: int) -> list[PastFailure]:
    """The latest first, in the order of their arrival."""
    probes = named(connection, target=target, probe=probe)
    columns = "id, probe, started, duration, verdict, reason, maintenance, details"
    if target is None and probe is None:
        rows = connection.execute(f"SELECT {columns} FROM failures ORDER BY id DESC LIMIT ?", (limit,)).fetchall()  # noqa: S608
    else:
        rows = connection.execute(
            f"""SELECT {columns} FROM failures WHERE id IN (
                SELECT latest.id FROM json_each(:probes) AS asked JOIN failures AS latest ON latest.id IN
                    (SELECT id FROM failures WHERE probe = asked.value ORDER BY id DESC LIMIT :limit))
            ORDER BY id DESC LIMIT :limit""",  # noqa: S608
            {"probes": json.dumps(list(probes)), "limit": limit},
        ).fetchall()
    reasons = _reasons(connection)
    found = []
    for _, number, started, duration, verdict, reason, maintenance, text in rows:
        if number in probes:
            told = Details(text)
            failure = PastFailure(
                target=probes[number].target,
                probe=probes[number].probe,
                kind=told.kind,
                verdict=VERDICTS[verdict],
                reason=reasons.get(reason),
                started_at=packing.moment(started),
                duration_seconds=duration,
                maintenance=bool(maintenance),
                step=told.step,
                message=told.message,
                evidence=told.evidence,
                warnings=told.warnings,
            )
            found.append(failure)
    return found


def days(connection: sqlite3.Connection, *, target: str, first: date, last: date) -> list[Day]:
    """One for every day from `first` to `last`, whether there was a run or not."""
    counts = {day: (passed, failed, unknown) for day, passed, failed, unknown in connection.execute(
        f"""SELECT day, sum(passed), sum(failed), sum(unknown) FROM (
            SELECT day, target, passed, failed, unknown FROM days UNION ALL {FRESH_DAYS})
        WHERE target = (SELECT id FROM targets WHERE name = ?) AND day BETWEEN ? AND ? GROUP BY day""",  # noqa: S608
        (target, day_number(first), day_number(last)),
    )}  # fmt: skip
    found = []
    for number in range(day_number(first), day_number(last) + 1):
        passed, failed, unknown = counts.get(number, (0, 0, 0))
        found.append(Day(day=day_of(number), passed=passed, failed=failed, unknown=unknown))
    return found


def remembered(connection: sqlite3.Connection) -> list[Remembered]:
    """Every probe that ever ran and is not forgotten, as it stood last."""
    names, reasons = named(connection), _reasons(connection)
    columns = f"probe, {', '.join(PRESENT_COLUMNS)}"
    rows = {row[0]: row for row in connection.execute(f"SELECT {columns} FROM present")}  # noqa: S608
    rows |= {row[0]: row for row in connection.execute(FRESH_PRESENT)}
    return [_remembered(names[number], row, reasons) for number, row in rows.items() if number in names]


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - packing.EPOCH.date()).days


def day_of(number: int) -> date:
    """The inverse of `day_number`."""
    return packing.EPOCH.date() + timedelta(days=number)


def _reasons(connection: sqlite3.Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT id, name FROM reasons"))


def _result(name: Named, run: Run, reasons: Mapping[int, str]) -> PastResult:
    return PastResult(
        target=name.target,
        probe=name.probe,
        verdict=VERDICTS[run.verdict],
        started_at=packing.moment(run.started_ms * 1000),
        duration_seconds=run.duration / TICKS_PER_SECOND,
        latency_seconds=None if run.latency is None else run.latency / TICKS_PER_SECOND,
        reason=reasons.get(run.reason),
        maintenance=run.maintenance,
        start_lag_seconds=run.lag_ms / 1000,
    )


def _remembered(name: Named, row: tuple[Any, ...], reasons: Mapping[int, str]) -> Remembered:
    _, verdict, maintenance, reason, started, duration, due, lag, since, streak, succeeded, text = row
    last_success = None if succeeded is None else packing.moment(succeeded)
    why = None
    if reason is not None:
        try:
            why = Reason(reasons[reason])
        except ValueError:  # another version's: what it meant by it cannot be told in the words of this one
            return Remembered(target=name.target, probe=name.probe, last_success=last_success)
    told = Details(text)
    outcome = Outcome(
        target=name.target,
        probe=name.probe,
        kind=told.kind,
        verdict=VERDICTS[verdict],
        started_at=packing.moment(started),
        duration_seconds=duration,
        reason=why,
        step=told.step,
        message=told.message,
        evidence=told.evidence,
        warnings=told.warnings,
        server=told.server,
        facts=told.facts,
    )
    return Remembered(
        target=name.target,
        probe=name.probe,
        last=Result(outcome=outcome, due=packing.moment(due), start_lag_seconds=lag, maintenance=bool(maintenance)),
        last_success=last_success,
        since=packing.moment(since),
        streak=streak,
    )
