"""The tables and views of a history file, and the connections to it.

    targets, probes, reasons   names and their numbers
    recent      what came in the last minutes, in the order of its coming; `compact` puts it into the tables below
    runs        one row for each run, together by hour and probe
    failures    the runs that did not pass, each with its evidence
    hours       for each hour and probe: runs by verdict, and a histogram of how long they took
    days        for each day and target: runs by verdict;  target_hours: for each hour and target: how long they took
    statuses    for each probe: its last run
    incidents   for each time that a probe failed in: the incident of its target that it belongs to;  notes on those

Views whose names begin with `all_` hold a table and what `recent` will add to it. Those that begin with `past_` are for
people: names instead of numbers, seconds, and times as text. Elsewhere an `hour` counts hours and a `day` counts days
since 1970, `_us` are microseconds, and a `verdict` is 0 for pass, 1 for fail, 2 for unknown, 3 (in `recent` only) for a
run that was left out.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

APPLICATION_ID: Final = 0x4D435050
"""`MCPP`."""
FORMAT: Final = 2
"""`user_version` of the file. A file of another format is not read."""
BUSY_SECONDS: Final = 1.0
"""How long a write waits for somebody else's lock: a backup, a curious operator."""
BOUNDS_MS: Final = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
"""Upper bounds of the histogram. What is longer is in a last bucket without a bound."""
BUCKETS: Final = (*(f"up_to_{bound}_ms" for bound in BOUNDS_MS), "longer")
SKIPPED: Final = 3
"""In the place of a verdict, where a run was left out."""


class HistoryError(Exception):
    """History cannot be opened or asked. Says which file, what is wrong with it, and what to do."""


class UnusableFileError(HistoryError):
    """The file is no history of this format, or a damaged one: no later try will succeed with it."""


RUN: Final = "hour, probe, started_us, verdict, reason, maintenance, duration_us, latency_us, lag_us"
"""Columns of a run."""
TIMED: Final = "verdict < 2 AND NOT maintenance"
"""A run that could not tell took no time worth showing."""
_VERDICT: Final = "CASE verdict WHEN 0 THEN 'pass' WHEN 1 THEN 'fail' ELSE 'unknown' END AS verdict"
_TIME: Final = "strftime('%Y-%m-%dT%H:%M:%fZ', started_us / 1e6, 'unixepoch') AS time"


def _bucket(number: int) -> str:
    """The runs of `recent` in one bucket of the histogram."""
    above = f"duration_us > {BOUNDS_MS[number - 1] * 1000}" if number else "true"
    within = f"duration_us <= {BOUNDS_MS[number] * 1000}" if number < len(BOUNDS_MS) else "true"
    return f"count(*) FILTER (WHERE {above} AND {within} AND {TIMED}) AS {BUCKETS[number]}"


HOUR_COUNTS: Final = ("passed", "failed", "unknown", "in_maintenance", "skipped", "total_us", *BUCKETS)
"""Columns of `hours` that are added up."""
_TABLES: Final = f"""
-- Numbers are not given twice: rows of a probe that was forgotten must not become another's.
CREATE TABLE targets (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE probes (id INTEGER PRIMARY KEY AUTOINCREMENT, target INTEGER NOT NULL REFERENCES targets,
    name TEXT NOT NULL, UNIQUE (target, name));
CREATE TABLE reasons (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
-- `details` is NULL where they are those of the probe's run before.
CREATE TABLE recent (id INTEGER PRIMARY KEY, hour INTEGER NOT NULL, probe INTEGER NOT NULL, started_us INTEGER NOT NULL,
    verdict INTEGER NOT NULL, reason INTEGER, maintenance INTEGER NOT NULL, duration_us INTEGER, latency_us INTEGER,
    lag_us INTEGER, since_us INTEGER, streak INTEGER, succeeded_us INTEGER, details TEXT);
-- In the order of time first, so that new rows go to the end of the file and old ones leave from its front; then by
-- probe, so that the runs of one probe are found without reading those of ten thousand others.
CREATE TABLE runs (hour INTEGER, probe INTEGER, started_us INTEGER, verdict INTEGER NOT NULL, reason INTEGER,
    maintenance INTEGER NOT NULL, duration_us INTEGER NOT NULL, latency_us INTEGER, lag_us INTEGER NOT NULL,
    PRIMARY KEY (hour, probe, started_us)) WITHOUT ROWID;
CREATE TABLE failures (id INTEGER PRIMARY KEY, probe INTEGER NOT NULL, started_us INTEGER NOT NULL,
    verdict INTEGER NOT NULL, reason INTEGER, maintenance INTEGER NOT NULL, duration_us INTEGER NOT NULL,
    details TEXT NOT NULL);
CREATE INDEX failures_of_probe ON failures (probe);
CREATE INDEX failures_by_time ON failures (started_us);
CREATE TABLE hours (hour INTEGER, probe INTEGER, {", ".join(f"{name} INTEGER NOT NULL" for name in HOUR_COUNTS)},
    fastest_us INTEGER, slowest_us INTEGER, PRIMARY KEY (hour, probe)) WITHOUT ROWID;
CREATE TABLE target_hours (hour INTEGER, target INTEGER, timed INTEGER NOT NULL, total_us INTEGER NOT NULL,
    fastest_us INTEGER NOT NULL, slowest_us INTEGER NOT NULL, PRIMARY KEY (hour, target)) WITHOUT ROWID;
CREATE TABLE days (day INTEGER, target INTEGER, passed INTEGER NOT NULL, failed INTEGER NOT NULL,
    unknown INTEGER NOT NULL, PRIMARY KEY (day, target)) WITHOUT ROWID;
CREATE TABLE statuses (probe INTEGER PRIMARY KEY, started_us INTEGER NOT NULL, verdict INTEGER NOT NULL, reason INTEGER,
    maintenance INTEGER NOT NULL, duration_us INTEGER NOT NULL, latency_us INTEGER, lag_us INTEGER NOT NULL,
    since_us INTEGER, streak INTEGER NOT NULL, succeeded_us INTEGER, details TEXT NOT NULL);
"""
_INCIDENTS: Final = """
-- A row for each probe; `began_us` is that of the whole incident, which `incident` is made of. Neither ever changes.
-- `until_us` is NULL while it goes on.
CREATE TABLE IF NOT EXISTS incidents (id INTEGER PRIMARY KEY, incident TEXT NOT NULL, target INTEGER NOT NULL,
    began_us INTEGER NOT NULL, probe INTEGER NOT NULL, since_us INTEGER NOT NULL, until_us INTEGER,
    symptoms TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS incidents_by_name ON incidents (incident);
CREATE INDEX IF NOT EXISTS incidents_by_target ON incidents (target, until_us);
CREATE INDEX IF NOT EXISTS incidents_by_end ON incidents (until_us);
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT, incident TEXT NOT NULL, at_us INTEGER NOT NULL,
    text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notes_by_incident ON notes (incident);
"""
"""Tables that came later: a file that is without them gets them."""
_VIEWS: Final = f"""
CREATE VIEW recent_hours AS SELECT hour, probe, sum(verdict = 0 AND NOT maintenance) AS passed,
    sum(verdict = 1 AND NOT maintenance) AS failed, sum(verdict = 2 AND NOT maintenance) AS unknown,
    sum(verdict < {SKIPPED} AND maintenance) AS in_maintenance, sum(verdict = {SKIPPED}) AS skipped,
    coalesce(sum(duration_us) FILTER (WHERE {TIMED}), 0) AS total_us, {", ".join(map(_bucket, range(len(BUCKETS))))},
    min(duration_us) FILTER (WHERE {TIMED}) AS fastest_us, max(duration_us) FILTER (WHERE {TIMED}) AS slowest_us
    FROM recent GROUP BY hour, probe;
CREATE VIEW recent_target_hours AS SELECT hour, target, count(*) AS timed, sum(duration_us) AS total_us,
    min(duration_us) AS fastest_us, max(duration_us) AS slowest_us
    FROM recent JOIN probes ON probes.id = probe WHERE {TIMED} GROUP BY hour, target;
CREATE VIEW recent_days AS SELECT hour / 24 AS day, target, sum(verdict = 0) AS passed, sum(verdict = 1) AS failed,
    sum(verdict = 2) AS unknown
    FROM recent JOIN probes ON probes.id = probe WHERE NOT maintenance AND verdict < {SKIPPED} GROUP BY day, target;
-- The last to arrive is the latest, whatever its clock said.
CREATE VIEW recent_statuses AS
    WITH latest AS (SELECT probe, max(id) AS id, max(id) FILTER (WHERE details IS NOT NULL) AS told
        FROM recent WHERE verdict < {SKIPPED} GROUP BY probe)
    SELECT last.probe, last.started_us, last.verdict, last.reason, last.maintenance, last.duration_us, last.latency_us,
        last.lag_us, last.since_us, last.streak, last.succeeded_us,
        coalesce(told.details, before.details, '{{}}') AS details
    FROM latest JOIN recent AS last ON last.id = latest.id LEFT JOIN recent AS told ON told.id = latest.told
        LEFT JOIN statuses AS before ON before.probe = latest.probe;
CREATE VIEW all_runs AS SELECT {RUN} FROM runs UNION ALL SELECT {RUN} FROM recent WHERE verdict < {SKIPPED};
CREATE VIEW all_hours AS SELECT * FROM hours UNION ALL SELECT * FROM recent_hours;
CREATE VIEW all_target_hours AS SELECT * FROM target_hours UNION ALL SELECT * FROM recent_target_hours;
CREATE VIEW all_days AS SELECT * FROM days UNION ALL SELECT * FROM recent_days;
CREATE VIEW all_statuses AS SELECT * FROM recent_statuses UNION ALL
    SELECT * FROM statuses WHERE probe NOT IN (SELECT probe FROM recent WHERE verdict < {SKIPPED});
CREATE VIEW past_runs AS SELECT targets.name AS target, probes.name AS probe, {_TIME}, {_VERDICT},
    reasons.name AS reason, maintenance, duration_us / 1e6 AS seconds, latency_us / 1e6 AS latency_seconds,
    lag_us / 1e6 AS start_lag_seconds, hour
    FROM all_runs JOIN probes ON probes.id = all_runs.probe JOIN targets ON targets.id = probes.target
        LEFT JOIN reasons ON reasons.id = reason;
CREATE VIEW past_failures AS SELECT targets.name AS target, probes.name AS probe, {_TIME}, {_VERDICT},
    reasons.name AS reason, maintenance, duration_us / 1e6 AS seconds, json_extract(details, '$.message') AS message,
    json_extract(details, '$.evidence') AS evidence
    FROM failures JOIN probes ON probes.id = failures.probe JOIN targets ON targets.id = probes.target
        LEFT JOIN reasons ON reasons.id = reason;
CREATE VIEW past_hours AS SELECT targets.name AS target, probes.name AS probe,
    strftime('%Y-%m-%dT%H:00Z', hour * 3600, 'unixepoch') AS time, sum(passed) AS passed, sum(failed) AS failed,
    sum(unknown) AS unknown, sum(in_maintenance) AS in_maintenance, sum(skipped) AS skipped,
    sum(total_us) / 1e6 / sum(passed + failed) AS mean_seconds, min(fastest_us) / 1e6 AS fastest_seconds,
    max(slowest_us) / 1e6 AS slowest_seconds, hour
    FROM all_hours JOIN probes ON probes.id = all_hours.probe JOIN targets ON targets.id = probes.target
    GROUP BY hour, probes.id;
"""  # noqa: S608 - names of our own


def connect_to_write(path: Path, *, max_bytes: int) -> sqlite3.Connection:
    """The one connection that writes; makes the file if there is none.

    Raises UnusableFileError of a file that is damaged or none of ours, which is left as it was; sqlite3.Error and
    OSError of a disk that does not do as told.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = _connect(path, "rw")
    try:
        if _is_empty(connection, path):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has an effect only before the first table
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(
                f"BEGIN IMMEDIATE; {_TABLES} {_VIEWS}"
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; COMMIT"
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_INCIDENTS)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite write zeros over what is deleted
        connection.execute("PRAGMA cache_size = -8192")
        connection.execute(f"PRAGMA journal_size_limit = {max_bytes // 32}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {min(1_000, max_bytes // 64 // 4_096)}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. It is made in one thread and closed in another."""
    return _connect(path, "ro")


def connect_to_note(path: Path) -> sqlite3.Connection:
    """A connection for one short write beside the one that writes results."""
    return _connect(path, "rw")


def uri(path: Path, mode: str) -> str:
    """The file as SQLite names it: `ro` is not to be written to, `rw` is not to be made."""
    return f"file:{quote(os.fsencode(path))}?mode={mode}"


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite says that the file itself is broken, and not that the disk is full or the file is locked."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte; what is above it says more
    return isinstance(error, UnusableFileError) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri(path, mode),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _is_empty(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether there is no table yet; found out without a write to the file. Raises UnusableFileError."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise UnusableFileError(f"{path} is damaged or no SQLite database ({error})") from None
        raise
    if not tables and not version and application in (0, APPLICATION_ID):
        return True
    if application != APPLICATION_ID:
        raise UnusableFileError(f"{path} is a database, but no history of mcp-prober")
    if version != FORMAT:
        raise UnusableFileError(f"{path} is a history of format {version}, and this mcp-prober reads format {FORMAT}")
    return False
