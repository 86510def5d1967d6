"""What may be asked of the file, as SQL. Every function answers from one consistent view: see reader.py."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

from prober.history.codec import (
    DAY_HOURS,
    EPOCH,
    HOUR_US,
    LATENCY,
    SECOND,
    VERDICTS,
    from_json,
    microseconds,
    moment,
    streak_of,
    streak_since,
)
from prober.history.models import Day, PastFailure, PastResult, share
from prober.outcome import Outcome, Reason
from prober.scheduled_run import Remembered, ScheduledRun

_SEEKS: Final = 2_000
"""Hours times probes that are looked up at once."""
IN: Final = "IN (SELECT value FROM json_each(?))"


class Named(NamedTuple):
    """A probe by its names."""

    target: str
    probe: str


def named(connection: sqlite3.Connection, *, target: str | None = None, probe: str | None = None) -> dict[int, Named]:
    """The probes of that target and that name, by number; all of them where neither is given."""
    rows = connection.execute(
        """SELECT probes.id, targets.name, probes.name FROM probes JOIN targets ON targets.id = probes.target
        WHERE (:target IS NULL OR targets.name = :target) AND (:probe IS NULL OR probes.name = :probe)""",
        {"target": target, "probe": probe},
    )
    return {number: Named(target=of, probe=name) for number, of, name in rows}


def runs(
    connection: sqlite3.Connection,
    columns: str,
    probes: Collection[int],
    *,
    since: datetime,
    until: datetime,
    where: str = "true",
) -> Iterator[tuple[Any, ...]]:
    """Columns of their runs from `since` up to and without `until`, the newest first."""
    first, last = microseconds(since), microseconds(until)
    ends = [
        connection.execute(f"SELECT {end}(hour) FROM {table}").fetchone()[0]  # noqa: S608 - names of our own, here and below
        for table in ("runs", "recent")
        for end in ("min", "max")
    ]
    known = [hour for hour in ends if hour is not None]
    if not known or not probes:
        return
    hour, lowest = min(last // HOUR_US, max(known)), max(first // HOUR_US, min(known))
    numbers, span = json.dumps(sorted(probes)), 1
    while hour >= lowest:
        low = max(lowest, hour - span + 1)
        yield from connection.execute(
            f"""SELECT {columns} FROM all_runs WHERE hour {IN} AND probe {IN}
            AND started_us >= ? AND started_us < ? AND {where} ORDER BY started_us DESC""",  # noqa: S608
            (json.dumps([*range(low, hour + 1)]), numbers, first, last),
        )
        hour, span = low - 1, max(1, min(span * 4, _SEEKS // len(probes)))


def hours_of(columns: str) -> str:
    """A query of the roll-ups of `:probes` in `:hours`.

    Not of the view `all_hours`: SQLite does not look up rows of a table through a view that has groups.
    """
    where = "WHERE hour IN (SELECT value FROM json_each(:hours)) AND probe IN (SELECT value FROM json_each(:probes))"
    return f"SELECT {columns} FROM hours {where} UNION ALL SELECT {columns} FROM recent_hours {where}"  # noqa: S608


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
    probes, reasons = named(connection, target=target, probe=probe), reasons_of(connection)
    columns = "probe, started_us, verdict, reason, maintenance, duration_us, latency_us, lag_us"
    return [
        PastResult(
            target=probes[number].target,
            probe=probes[number].probe,
            verdict=VERDICTS[verdict],
            started_at=moment(started),
            duration_seconds=duration / SECOND,
            latency_seconds=None if latency is None else latency / SECOND,
            reason=reasons.get(reason),
            maintenance=bool(maintenance),
            start_lag_seconds=lag / SECOND,
        )
        for number, started, verdict, reason, maintenance, duration, latency, lag in islice(
            runs(connection, columns, probes, since=since, until=until), limit
        )
    ]


def failures(connection: sqlite3.Connection, *, target: str | None, probe: str | None, limit: int) -> list[PastFailure]:
    """The latest first, in the order of their arrival."""
    probes, reasons = named(connection, target=target, probe=probe), reasons_of(connection)
    columns = "probe, started_us, duration_us, verdict, reason, maintenance, details"
    if target is None and probe is None:
        rows = connection.execute(f"SELECT {columns} FROM failures ORDER BY id DESC LIMIT ?", (limit,))  # noqa: S608
    else:
        rows = connection.execute(
            f"""SELECT {columns} FROM failures WHERE id IN (
                SELECT latest.id FROM json_each(:probes) AS asked JOIN failures AS latest ON latest.id IN
                    (SELECT id FROM failures WHERE probe = asked.value ORDER BY id DESC LIMIT :limit))
            ORDER BY id DESC LIMIT :limit""",  # noqa: S608
            {"probes": json.dumps([*probes]), "limit": limit},
        )
    found = []
    for number, started, duration, verdict, reason, maintenance, text in rows:
        if number in probes:
            texts = from_json(text)
            failure = PastFailure(
                target=probes[number].target,
                probe=probes[number].probe,
                verdict=VERDICTS[verdict],
                reason=reasons.get(reason),
                started_at=moment(started),
                duration_seconds=duration / SECOND,
                maintenance=bool(maintenance),
                **{name: texts[name] for name in ("kind", "step", "message", "evidence", "warnings")},
            )
            found.append(failure)
    return found


def days(connection: sqlite3.Connection, *, target: str, first: date, last: date) -> list[Day]:
    """One for every day from `first` to `last`, whether there was a run or not."""
    counts = {
        day: numbers
        for day, *numbers in connection.execute(
            """SELECT day, sum(passed), sum(failed), sum(unknown) FROM all_days
            WHERE target = (SELECT id FROM targets WHERE name = ?) AND day BETWEEN ? AND ? GROUP BY day""",
            (target, _number_of(first), _number_of(last)),
        )
    }
    numbers = range(_number_of(first), _number_of(last) + 1)
    return [Day(date_of(number), *counts.get(number, (0, 0, 0))) for number in numbers]


def uptime(connection: sqlite3.Connection, *, target: str, since: datetime, until: datetime) -> float | None:
    """The share that passed, from the hour that `since` is in to the end of the day of `until`."""
    hour = microseconds(since) // HOUR_US
    midnight = -(-hour // DAY_HOURS) * DAY_HOURS
    counts = connection.execute(
        f"""SELECT coalesce(sum(passed), 0), coalesce(sum(failed), 0) FROM (
            SELECT passed, failed FROM all_days
            WHERE target = (SELECT id FROM targets WHERE name = :target) AND day BETWEEN :first AND :last
            UNION ALL {hours_of("passed, failed")})""",  # noqa: S608
        {
            "target": target,
            "first": midnight // DAY_HOURS,
            "last": microseconds(until) // HOUR_US // DAY_HOURS,
            "hours": json.dumps([*range(hour, midnight)]),
            "probes": json.dumps([*named(connection, target=target)]),
        },
    ).fetchone()
    return share(*counts)


def remembered(connection: sqlite3.Connection) -> list[Remembered]:
    """Every probe that ever ran and is not forgotten, as it stood last."""
    names, reasons = named(connection), reasons_of(connection)
    rows = connection.execute("SELECT * FROM all_statuses")
    return [_remembered(names[row[0]], row, reasons) for row in rows if row[0] in names]


def _remembered(name: Named, row: tuple[Any, ...], reasons: Mapping[int, str]) -> Remembered:
    _, started, verdict, reason, maintenance, duration, latency, lag, since, streak, succeeded, text = row
    last_success = None if succeeded is None else moment(succeeded)
    why = None
    if reason is not None:
        try:
            why = Reason(reasons[reason])
        except ValueError:  # another version's: what it meant by it cannot be told in the words of this one
            return Remembered(target=name.target, probe=name.probe, last_success=last_success)
    texts = from_json(text)
    if latency is not None:
        texts["facts"][LATENCY] = latency / SECOND
    outcome = Outcome(
        target=name.target,
        probe=name.probe,
        verdict=VERDICTS[verdict],
        started_at=moment(started),
        duration_seconds=duration / SECOND,
        reason=why,
        **texts,
    )
    due = moment(started - lag)
    return Remembered(
        target=name.target,
        probe=name.probe,
        last=ScheduledRun(outcome=outcome, due=due, start_lag_seconds=lag / SECOND, maintenance=bool(maintenance)),
        last_success=last_success,
        since=None if since is None else moment(since),
        streak=streak,
        symptom=streak_of(text) if streak else None,
        streak_since=streak_since(text) if streak else None,
    )


def _number_of(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH.date()).days


def date_of(number: int) -> date:
    return EPOCH.date() + timedelta(days=number)


def reasons_of(connection: sqlite3.Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT id, name FROM reasons"))
