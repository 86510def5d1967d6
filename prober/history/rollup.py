"""Moves rows from `recent` into `runs`, the hourly and daily roll-ups, and each probe's last run.

All of it is SQL on purpose: SQLite runs without Python's lock, so that ten thousand results are added up beside an
event loop that does not notice. What is recent is added to what is there, so late results are right, in any order.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from prober.history.schema import HOUR_COUNTS, RUN, SKIPPED

_LEAST: Final = "min(coalesce(fastest_us, excluded.fastest_us), coalesce(excluded.fastest_us, fastest_us))"
_MOST: Final = "max(coalesce(slowest_us, excluded.slowest_us), coalesce(excluded.slowest_us, slowest_us))"


def _add(table: str, key: str, counts: tuple[str, ...], extremes: str = "") -> str:
    """`recent_TABLE` added to TABLE. An upsert wants `WHERE true`, or its ON would belong to a join."""
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in counts)
    return f"""INSERT INTO {table} SELECT * FROM recent_{table} WHERE true
        ON CONFLICT ({key}) DO UPDATE SET {sums}{extremes}"""  # noqa: S608 - names of our own, here and below


_COMPACT: Final = (
    f"INSERT OR IGNORE INTO runs ({RUN}) SELECT {RUN} FROM recent WHERE verdict < {SKIPPED}"  # noqa: S608
    " ORDER BY hour, probe, started_us",
    _add("hours", "hour, probe", HOUR_COUNTS, f", fastest_us = {_LEAST}, slowest_us = {_MOST}"),
    _add("target_hours", "hour, target", ("timed", "total_us"), f", fastest_us = {_LEAST}, slowest_us = {_MOST}"),
    _add("days", "day, target", ("passed", "failed", "unknown")),
    "INSERT OR REPLACE INTO statuses SELECT * FROM recent_statuses",
    "DELETE FROM recent",
)


def compact(connection: sqlite3.Connection) -> None:
    """In one transaction, so that a reader sees a run in `recent` or in its place, never in both."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in _COMPACT:
        connection.execute(statement)
    connection.execute("COMMIT")
