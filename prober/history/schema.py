"""The tables, how older files become newer ones, and what is refused.

A file says what it is in two numbers of its header: `application_id` that it is ours, `user_version` how many of STEPS
have been taken. A change of the tables is one more step at the end; a step that was ever released is never altered.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

APPLICATION_ID: Final = 0x4D435050
"""`MCPP`."""
BUSY_SECONDS: Final = 1.0
"""How long a write waits for somebody else's lock: a backup, a curious operator."""
BOUNDS: Final = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
"""Upper bounds of the histogram in ticks: 5 ms to 10 s. What is longer is in a last bucket without a bound."""
BUCKETS: Final = tuple(f"bucket_{number}" for number in range(len(BOUNDS) + 1))
COUNTS: Final = ("passed", "failed", "unknown", "quiet_passed", "quiet_failed", "quiet_unknown", "skipped")
"""Runs of an hour by verdict; `quiet_` are those in maintenance."""


class HistoryError(Exception):
    """History cannot be opened or asked. Says which file, what is wrong with it, and what to do."""


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f"{name} INTEGER NOT NULL" for name in names)


STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        # Numbers are not given twice: rows of a probe that was forgotten must not become another's.
        "CREATE TABLE targets (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)",
        """CREATE TABLE probes (id INTEGER PRIMARY KEY AUTOINCREMENT, target INTEGER NOT NULL REFERENCES targets,
            name TEXT NOT NULL, UNIQUE (target, name))""",
        "CREATE TABLE reasons (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        # Not folded yet, in the order of arrival. Times in microseconds, `ticks` as in packing.py, lag in seconds.
        """CREATE TABLE recent (id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, verdict INTEGER NOT NULL,
            maintenance INTEGER NOT NULL, ticks INTEGER, bucket INTEGER, run BLOB, reason INTEGER, started INTEGER,
            duration REAL, due INTEGER, lag REAL, since INTEGER, streak INTEGER, succeeded INTEGER, details TEXT)""",
        "CREATE TABLE runs (slot INTEGER PRIMARY KEY, packed BLOB NOT NULL)",
        # One hour of one probe: times in ticks, of runs that passed or failed outside maintenance.
        f"""CREATE TABLE hours (slot INTEGER PRIMARY KEY, {_columns(COUNTS)},
            total INTEGER NOT NULL, fastest INTEGER, slowest INTEGER, {_columns(BUCKETS)})""",
        # The same of all probes of one target, for the front page: hour << 22 | target. Kept for some days only.
        """CREATE TABLE target_hours (slot INTEGER PRIMARY KEY, timed INTEGER NOT NULL, total INTEGER NOT NULL,
            fastest INTEGER NOT NULL, slowest INTEGER NOT NULL)""",
        """CREATE TABLE days (day INTEGER, target INTEGER, passed INTEGER NOT NULL, failed INTEGER NOT NULL,
            unknown INTEGER NOT NULL, PRIMARY KEY (day, target)) WITHOUT ROWID""",
        """CREATE TABLE present (probe INTEGER PRIMARY KEY, verdict INTEGER NOT NULL, maintenance INTEGER NOT NULL,
            reason INTEGER, started INTEGER NOT NULL, duration REAL NOT NULL, due INTEGER NOT NULL, lag REAL NOT NULL,
            since INTEGER NOT NULL, streak INTEGER NOT NULL, succeeded INTEGER, details TEXT NOT NULL)""",
        """CREATE TABLE failures (id INTEGER PRIMARY KEY, probe INTEGER NOT NULL, started INTEGER NOT NULL,
            duration REAL NOT NULL, verdict INTEGER NOT NULL, reason INTEGER, maintenance INTEGER NOT NULL,
            details TEXT NOT NULL)""",
        "CREATE INDEX failures_of_probe ON failures (probe)",
        "CREATE INDEX failures_by_time ON failures (started)",
    ),
)


def connect_to_write(path: Path, *, max_bytes: int, steps: Sequence[Sequence[str]] = STEPS) -> sqlite3.Connection:
    """The one connection that writes; makes the file if there is none, takes the steps it lacks.

    Raises HistoryError of a file that is none of ours (it is left as it was); sqlite3.Error and OSError of a disk that
    does not do as told.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        version = _version(connection, path, newest=len(steps))
        if version == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has an effect only before the first table
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite write zeros over what is deleted
        connection.execute("PRAGMA cache_size = -8192")
        connection.execute(f"PRAGMA journal_size_limit = {max_bytes // 32}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {min(1_000, max_bytes // 64 // 4_096)}")
        for number, step in enumerate(steps[version:], start=version + 1):
            connection.execute("BEGIN IMMEDIATE")
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. It is made in one thread and closed in another."""
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _version(connection: sqlite3.Connection, path: Path, *, newest: int) -> int:
    """How many steps the file has taken, found out without a write to it."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # locked, or a disk that cannot be read: a matter of the moment, not of the file
        raise HistoryError(
            f"{path} is no SQLite database ({error}): name another file, or move this one away"
        ) from None
    if not tables and not version and application in (0, APPLICATION_ID):
        return 0
    if application != APPLICATION_ID:
        raise HistoryError(f"{path} is a database, but no history of mcp-prober: name another file")
    if version > newest:
        raise HistoryError(
            f"{path} was written by a newer mcp-prober (its format is {version}, this one knows up to {newest}):"
            " use that version, or name another file"
        )
    return int(version)
