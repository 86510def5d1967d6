"""Deletes rows past their retention, and the oldest rows when the file exceeds its size limit.

By time: each kind of row after its own retention. By size: when all together outgrow the bound, the oldest hour of
runs goes, and the next, down to two days of them, for runs are most of the file; then failures down to a week, roll-ups
down to a month; then all of them further. So thousands of probes lose old runs first, and neither a flood of failures
nor years of roll-ups ever drive out the last day of runs.

A sweep takes at most a day off the old end of each kind: a clock that stands a year ahead for some minutes must not
cost the whole history. Freed pages are used again; the file shrinks only while it is larger than its bound.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Final

from prober.history.codec import DAY_HOURS, HOUR_US, microseconds
from prober.history.retention import Retention

_KEYS: Final = {
    "runs": ("hour", 1),
    "hours": ("hour", 1),
    "target_hours": ("hour", 1),
    "failures": ("started_us", HOUR_US),
    "incidents": ("until_us", HOUR_US),
}
"""Each kind of row: the column that it is in the order of, and what an hour is there."""

_GIVES_WAY: Final = (
    ("runs", timedelta(days=2)),
    ("failures", timedelta(days=7)),
    ("incidents", timedelta(days=30)),
    ("hours", timedelta(days=30)),
    ("runs", timedelta(days=1)),
    ("failures", timedelta(hours=1)),
    ("incidents", timedelta(days=1)),
    ("hours", timedelta(days=1)),
    ("runs", timedelta(0)),
    ("hours", timedelta(0)),
    ("failures", timedelta(0)),
)
"""In this order, each down to this age."""
TARGET_HOURS: Final = timedelta(days=8)
"""What the front page shows of times, and a day more."""
_BITES_A_SWEEP: Final = 48
_BITES: Final = {"runs": 1, "hours": 1, "failures": 12, "incidents": 1}
"""Into how many bites an hour goes: an hour of failures can be more than all else."""
_PAGES_A_SWEEP: Final = 8_192


def prune(connection: sqlite3.Connection, retention: Retention, now: datetime) -> None:
    """One sweep."""
    ages = {
        "runs": retention.results,
        "failures": retention.failures,
        "incidents": retention.failures,
        "hours": retention.rollups,
        "target_hours": min(retention.rollups, TARGET_HOURS),
    }
    for table, age in ages.items():
        _delete(connection, table, older_than=now - age, at_most=DAY_HOURS * _KEYS[table][1])
    connection.execute(
        "DELETE FROM days WHERE day < min(?, (SELECT min(day) FROM days) + 1)",
        (microseconds(now - retention.rollups) // (DAY_HOURS * HOUR_US),),
    )
    connection.execute("DELETE FROM notes WHERE incident NOT IN (SELECT incident FROM incidents)")
    _squeeze(connection, _most(retention), now)


def forget(connection: sqlite3.Connection, retention: Retention, now: datetime) -> None:
    """Names of probes and targets of which nothing is left. Only before anybody has their numbers in memory."""
    last = microseconds(now - max(retention.results, retention.failures, retention.rollups))
    for table, (key, hour) in _KEYS.items():
        (oldest,) = connection.execute(f"SELECT min({key}) FROM {table}").fetchone()  # noqa: S608 - names of our own
        if oldest is not None:
            last = min(last, oldest // hour * HOUR_US)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM statuses WHERE started_us < ?", (last,))
    connection.execute("DELETE FROM probes WHERE id NOT IN (SELECT probe FROM statuses)")
    connection.execute("DELETE FROM incidents WHERE probe NOT IN (SELECT id FROM probes)")
    connection.execute("DELETE FROM targets WHERE id NOT IN (SELECT target FROM probes)")
    connection.execute("DELETE FROM days WHERE target NOT IN (SELECT id FROM targets)")
    connection.execute("COMMIT")


def _most(retention: Retention) -> int:
    """What the tables may take: the journal beside them and what comes until the next sweep need room as well."""
    return retention.max_bytes * 3 // 4


def _squeeze(connection: sqlite3.Connection, most: int, now: datetime) -> None:
    left = _BITES_A_SWEEP
    for table, age in _GIVES_WAY:
        bite = _KEYS[table][1] // _BITES[table]
        while left and _used(connection) > most and _delete(connection, table, older_than=now - age, at_most=bite):
            left -= 1
    if _pragma(connection, "page_count") * _pragma(connection, "page_size") > most:
        # Not `execute`: that steps once, and a step gives back one page.
        connection.executescript(f"PRAGMA incremental_vacuum({_PAGES_A_SWEEP})")


def _delete(connection: sqlite3.Connection, table: str, *, older_than: datetime, at_most: int) -> int:
    """Delete the oldest rows, at most `at_most` key units and none newer than `older_than`; returns how many."""
    key, hour = _KEYS[table]
    cutoff = microseconds(older_than) * hour // HOUR_US
    (oldest,) = connection.execute(f"SELECT min({key}) FROM {table}").fetchone()  # noqa: S608 - names of our own
    if oldest is None or oldest >= cutoff:
        return 0
    step = min(hour, at_most)
    until = min(cutoff, oldest // step * step + at_most)
    return connection.execute(f"DELETE FROM {table} WHERE {key} < ?", (until,)).rowcount  # noqa: S608


def _used(connection: sqlite3.Connection) -> int:
    """Bytes of pages that hold something."""
    pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return pages * _pragma(connection, "page_size")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
