"""The tables, and the connections to them."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final, Literal

from mcp_state.errors import StoreUnavailableError
from mcp_state.sqlite.error_mapping import is_busy, store_error

Synchronous = Literal["NORMAL", "FULL"]
"""In WAL mode a commit survives a crash of the process (NORMAL), or also a crash of the machine (FULL)."""

BUSY_TIMEOUT: Final = 5.0
"""Seconds a connection waits for another process' write lock, unless it is opened with another bound."""

_APPLICATION_ID: Final = 0x6D637072
"""Marks a file as ours ("mcpr"): a database of another application is never written to."""

_VERSION: Final = 2

_TABLES: Final = """
CREATE TABLE sessions (
    handle          TEXT PRIMARY KEY,
    created_at      REAL NOT NULL,
    updated_at      REAL NOT NULL,
    lifetime        REAL,
    expires_at      REAL,
    step_count      INTEGER NOT NULL DEFAULT 0,
    last_tool       TEXT,
    last_result     TEXT,
    value           TEXT NOT NULL DEFAULT 'null',
    value_version   INTEGER NOT NULL DEFAULT 0,
    last_event      INTEGER NOT NULL DEFAULT 0,
    guarded_value   INTEGER NOT NULL DEFAULT 0,
    fence           INTEGER NOT NULL DEFAULT 0,
    lock_owner      TEXT,
    lock_expires_at REAL
) WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE events (
    handle      TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    payload     TEXT NOT NULL,
    agent_id    TEXT NOT NULL,
    occurred_at INTEGER NOT NULL, -- microseconds
    PRIMARY KEY (handle, number)
) WITHOUT ROWID;

CREATE TABLE snapshots (
    handle TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    number INTEGER NOT NULL,
    state  TEXT NOT NULL,
    PRIMARY KEY (handle, number)
) WITHOUT ROWID;

CREATE TABLE configs (
    handle  TEXT PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    version INTEGER NOT NULL,
    options TEXT NOT NULL
) WITHOUT ROWID;

-- What other processes must drop from their caches. AUTOINCREMENT: a revision is never used twice.
CREATE TABLE changes (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    handle   TEXT NOT NULL,
    instance TEXT NOT NULL
);
"""

_QUEUES: Final = """
CREATE TABLE queued (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    handle   TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    item     TEXT NOT NULL
);
CREATE INDEX queued_by_session ON queued (handle, position);
"""
"""What version 2 has and version 1 had not."""


def connect(path: Path, *, synchronous: Synchronous, max_wait: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Open a connection in autocommit mode: every transaction has its own BEGIN and COMMIT.

    It waits `max_wait` seconds for the write lock of another process.

    Raises:
        StoreUnavailableError: the file cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, timeout=max_wait, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"cannot open the database: {error}", detail=str(path)) from error
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
    except sqlite3.Error as error:
        connection.close()
        raise StoreUnavailableError(f"cannot open the database: {error}", detail=str(path)) from error
    return connection


def prepare(path: Path, *, synchronous: Synchronous) -> None:
    """Create the file and its tables if they are missing, or add what a new version has; several may do so at once.

    Raises:
        StoreUnavailableError: the file is no database, or not ours; it is left untouched.
    """
    connection = connect(path, synchronous=synchronous)
    try:
        connection.execute("BEGIN")
        _version_of(connection, path)
        connection.execute("ROLLBACK")
        _enter_wal_mode(connection)
        connection.execute("BEGIN IMMEDIATE")
        for tables in (_TABLES, _QUEUES)[_version_of(connection, path) :]:
            for statement in tables.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise store_error(error) from error
    finally:
        connection.close()


def _version_of(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file's tables, 0 where it has none. Raises StoreUnavailableError if it is not ours or newer.

    Must be called in a transaction: another process may be creating the tables.
    """
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application == _APPLICATION_ID and 0 < version <= _VERSION:
        return int(version)
    if application == _APPLICATION_ID:
        raise StoreUnavailableError(f"{path} has schema version {version}; this server knows version {_VERSION}")
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise StoreUnavailableError(f"{path} is the database of another application")
    return 0


def _enter_wal_mode(connection: sqlite3.Connection) -> None:
    """Change the journal mode, with retries: this statement ignores the busy timeout."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
            continue
        if mode != "wal":
            raise StoreUnavailableError(f"this file cannot use write-ahead logging (journal mode stays {mode!r})")
        return
