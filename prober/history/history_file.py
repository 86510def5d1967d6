"""The file at its path: locked for one process, opened to be written, and moved aside where it cannot be used.

A file that is damaged, of another format or no history at all must not keep results from being kept, and nothing that
somebody may want is deleted. So it gets another name beside its old one, and what SQLite can still read of it, if it is
a history of this format, is copied to the new file.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from prober.history.codec import HOUR_US, microseconds
from prober.history.lock import FileLock
from prober.history.retention import Retention
from prober.history.schema import APPLICATION_ID, FORMAT, HistoryError, is_damage, uri
from prober.history.write_connection import WriteConnection

SALVAGE_SECONDS: Final = 30.0
"""The start of a daemon waits so long at most. A second is enough for a million rows."""
_NAMES: Final = ("targets", "probes", "reasons")
"""Without these, rows of other tables would come to belong to whoever gets their numbers next: then none is copied."""
_WHOLE: Final = (*_NAMES, "notes", "incidents", "recent", "statuses", "days")
"""Tables that are copied in one piece each."""
_BY_THE_HOUR: Final = ("target_hours", "hours", "failures", "runs")
"""Tables that are copied by the hour, for one bad page must not cost all of them. The dearest and latest come first."""

_LAST_RUNS: Final = """INSERT OR IGNORE INTO main.statuses SELECT probe, max(started_us), verdict, reason, maintenance,
    duration_us, latency_us, lag_us, NULL, 0, NULL, '{}' FROM main.runs GROUP BY probe"""
"""In the place of statuses that could not be read: a probe without one is forgotten at the next opening."""


class InUseError(HistoryError):
    """Another process writes to the file: two in one file would count each other's runs as their own."""


class HistoryFile:
    """Opens the file as often as it must be. Used by one thread at a time."""

    def __init__(
        self, path: Path, retention: Retention, *, clock: Callable[[], datetime], on_moved: Callable[[str], None]
    ) -> None:
        """`on_moved` hears why a file was moved aside, and where to."""
        self.path = path
        self._retention, self._clock, self._on_moved = retention, clock, on_moved
        self._lock: FileLock | None = None
        self._damage: str | None = None

    def open(self) -> WriteConnection:
        """Raises InUseError; sqlite3.Error and OSError where the disk does not do as told, now."""
        if self._lock is None:
            self._lock = self._take_lock()
        if self._damage is None:
            try:
                return WriteConnection(self.path, self._retention, now=self._clock())
            except (HistoryError, sqlite3.DatabaseError) as error:
                if not is_damage(error):
                    raise
                self._damage = str(error)
        why, moved, rows = self._damage, self._move_aside(), 0
        self._damage = None
        try:
            rows = salvage(moved, into=self.path, retention=self._retention, now=self._clock())
        finally:
            kept = f"{rows:,} rows of it were copied to a new file" if rows else "a new file is begun"
            self._on_moved(f"{self.path} cannot be used ({why}): it is now {moved}, and {kept}")
        return WriteConnection(self.path, self._retention, now=self._clock())

    def damaged(self, why: str) -> None:
        """The file turned out to be broken: the next `open` moves it aside."""
        self._damage = why

    def close(self) -> None:
        """Let other processes have it."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _take_lock(self) -> FileLock:
        try:
            return FileLock.take(self.path)
        except BlockingIOError:
            raise InUseError(
                f"{self.path} is in use by another process: give each daemon a history of its own"
            ) from None

    def _move_aside(self) -> Path:
        """The new name. What SQLite keeps beside the file goes with it, under the name that SQLite looks for."""
        stem = f"{self.path.name}.unusable-{self._clock():%Y%m%dT%H%M%SZ}"
        names = (stem, *(f"{stem}-{number}" for number in range(2, 1_000)))
        moved = next(self.path.with_name(name) for name in names if not self.path.with_name(name).exists())
        for suffix in ("-wal", "-shm", ""):
            before = self.path.with_name(self.path.name + suffix)
            if before.exists():
                before.rename(moved.with_name(moved.name + suffix))
        return moved


def salvage(broken: Path, *, into: Path, retention: Retention, now: datetime, seconds: float = SALVAGE_SECONDS) -> int:
    """Copy what can be read of a history of this format; how many rows there were."""
    WriteConnection(into, retention, now=now).close()
    rows, deadline = 0, time.monotonic() + seconds
    with closing(sqlite3.connect(uri(into, "rw"), uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        with suppress(
            sqlite3.DatabaseError
        ):  # no database at all; or a full disk, and then a person has to do the rest
            connection.execute("ATTACH ? AS broken", (uri(broken, "ro"),))
            if [_ask(connection, name) for name in ("application_id", "user_version")] != [APPLICATION_ID, FORMAT]:
                return 0
            known = {name for (name,) in connection.execute("SELECT name FROM broken.sqlite_master")}
            for table, where in _pieces(retention, now):
                if time.monotonic() > deadline:
                    break
                if table not in known:
                    continue
                # A transaction each: SQLite rolls all of one back where a page cannot be read.
                copied = f"INSERT OR IGNORE INTO main.{table} SELECT * FROM broken.{table} WHERE {where}"  # noqa: S608
                try:
                    rows += connection.execute(copied).rowcount
                except sqlite3.DatabaseError as error:
                    if table in _NAMES or not is_damage(error):
                        raise
            connection.execute(_LAST_RUNS)
    return rows


def _ask(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA broken.{pragma}").fetchone()[0])


def _pieces(retention: Retention, now: datetime) -> Iterator[tuple[str, str]]:
    """What is copied at once: a table, and which of its rows."""
    for table in _WHOLE:
        yield table, "true"
    last = microseconds(now) // HOUR_US
    first = microseconds(now - max(retention.results, retention.failures, retention.rollups)) // HOUR_US
    for table in _BY_THE_HOUR:
        key, hour = ("started_us", HOUR_US) if table == "failures" else ("hour", 1)
        for at in range(last, first - 1, -1):
            yield table, f"{key} >= {at * hour} AND {key} < {(at + 1) * hour}"
