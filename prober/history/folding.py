"""Fresh results, folded into packed hours, roll-ups, days and the present.

All of it is SQL on purpose: SQLite runs without Python's lock, so that ten thousand results are folded beside an
event loop that does not notice. What is folded is added to what is there, and so it is right for results that come
late, in any order, and after a restart.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from prober.history.packing import PROBE_BITS, PROBE_MASK, SKIPPED
from prober.history.schema import BUCKETS, COUNTS

_TIMED: Final = "FILTER (WHERE verdict < 2 AND NOT maintenance)"
_COUNTED: Final = (
    *(f"sum(verdict = {code} AND NOT maintenance)" for code in range(3)),
    *(f"sum(verdict = {code} AND maintenance)" for code in range(3)),
    f"sum(verdict = {SKIPPED})",
)

HOUR_COLUMNS: Final = ("slot", *COUNTS, "total", "fastest", "slowest", *BUCKETS)


def fresh_hours(where: str = "true") -> str:
    """What `recent` adds to `hours`."""
    counts = ", ".join(f"{sql} AS {name}" for name, sql in zip(COUNTS, _COUNTED, strict=True))
    buckets = ", ".join(f"coalesce(sum(bucket = {at}) {_TIMED}, 0) AS {name}" for at, name in enumerate(BUCKETS))
    return f"""
        SELECT slot, {counts}, coalesce(sum(ticks) {_TIMED}, 0) AS total, min(ticks) {_TIMED} AS fastest,
            max(ticks) {_TIMED} AS slowest, {buckets}
        FROM recent WHERE {where} GROUP BY slot"""  # noqa: S608 - names and numbers of our own, here and below


FRESH_TARGET_HOURS: Final = f"""
    SELECT slot >> {PROBE_BITS} << {PROBE_BITS} | probes.target AS slot, count(*) AS timed, sum(ticks) AS total,
        min(ticks) AS fastest, max(ticks) AS slowest
    FROM recent JOIN probes ON probes.id = slot & {PROBE_MASK}
    WHERE verdict < 2 AND NOT maintenance GROUP BY 1"""  # noqa: S608
"""What `recent` adds to `target_hours`."""

FRESH_DAYS: Final = f"""
    SELECT (slot >> {PROBE_BITS}) / 24 AS day, probes.target AS target, sum(verdict = 0) AS passed,
        sum(verdict = 1) AS failed, sum(verdict = 2) AS unknown
    FROM recent JOIN probes ON probes.id = slot & {PROBE_MASK}
    WHERE NOT maintenance AND verdict < {SKIPPED} GROUP BY 1, 2"""  # noqa: S608
"""What `recent` adds to `days`."""

PRESENT_COLUMNS: Final = (
    *("verdict", "maintenance", "reason", "started", "duration", "due", "lag", "since", "streak", "succeeded"),
    "details",
)
FRESH_PRESENT: Final = f"""
    SELECT slot & {PROBE_MASK} AS probe, {", ".join(PRESENT_COLUMNS)} FROM recent WHERE id IN
        (SELECT max(id) FROM recent WHERE verdict < {SKIPPED} GROUP BY slot & {PROBE_MASK})"""  # noqa: S608
"""What `recent` puts in the place of rows of `present`. The last to arrive is the latest, whatever its clock said."""


def _added(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} = {name} + excluded.{name}" for name in names)


_FOLD: Final = (
    # The cast: what `||` makes of two blobs is called a text, though its bytes are right.
    f"""INSERT INTO runs (slot, packed) SELECT slot, run FROM recent WHERE verdict < {SKIPPED} ORDER BY slot, id
        ON CONFLICT (slot) DO UPDATE SET packed = CAST(packed || excluded.packed AS BLOB)""",  # noqa: S608
    f"""INSERT INTO hours ({", ".join(HOUR_COLUMNS)}) {fresh_hours()}
        ON CONFLICT (slot) DO UPDATE SET {_added((*COUNTS, "total", *BUCKETS))},
            fastest = min(coalesce(fastest, excluded.fastest), coalesce(excluded.fastest, fastest)),
            slowest = max(coalesce(slowest, excluded.slowest), coalesce(excluded.slowest, slowest))""",
    f"""INSERT INTO target_hours (slot, timed, total, fastest, slowest) {FRESH_TARGET_HOURS}
        ON CONFLICT (slot) DO UPDATE SET {_added(("timed", "total"))},
            fastest = min(fastest, excluded.fastest), slowest = max(slowest, excluded.slowest)""",
    f"""INSERT INTO days (day, target, passed, failed, unknown) {FRESH_DAYS}
        ON CONFLICT (day, target) DO UPDATE SET {_added(("passed", "failed", "unknown"))}""",
    f"INSERT OR REPLACE INTO present (probe, {', '.join(PRESENT_COLUMNS)}) {FRESH_PRESENT}",
    "DELETE FROM recent",
)


def fold(connection: sqlite3.Connection) -> None:
    """In one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in _FOLD:
        connection.execute(statement)
    connection.execute("COMMIT")
