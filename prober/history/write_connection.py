"""The connection that writes: batches of results, one transaction each.

Used by one thread at a time. Whatever it raises leaves the file as it was before the call; then another connection
is opened, for the numbers of names that this one has in memory may be ahead of the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from prober.history.codec import CODES, HOUR_US, LATENCY, PASSED, duration_us, microseconds, to_json
from prober.history.incident_book import IncidentBook, NumberedTarget
from prober.history.pruning import forget, prune
from prober.history.retention import Retention
from prober.history.rollup import compact
from prober.history.schema import SKIPPED, connect_to_write
from prober.outcome import Reason, Symptom
from prober.scheduled_run import ScheduledRun

Name = TypeVar("Name")
_INSERT_RECENT: Final = (
    "INSERT INTO recent (hour, probe, started_us, verdict, reason, maintenance, duration_us, latency_us, lag_us,"
    " since_us, streak, succeeded_us, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_SKIP: Final = (
    f"INSERT INTO recent (hour, probe, started_us, verdict, maintenance) VALUES (?, ?, ?, {SKIPPED}, 0)"  # noqa: S608
)
_INSERT_FAILURE: Final = (
    "INSERT INTO failures (probe, started_us, verdict, reason, maintenance, duration_us, details)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_RECENT_ROWS: Final = 10_000
"""Every query reads all rows of `recent`: ten or twenty milliseconds for so many."""
_UNFIT: Final = (
    *(ValueError, TypeError, OverflowError, AttributeError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError),
)
"""What is wrong with an entry. To write it again would fail again: it must not hold up those behind it."""


class Entry(NamedTuple):
    """A run that has ended, with what its probe's status says after it."""

    result: ScheduledRun
    since: datetime | None = None
    streak: int = 0
    symptom: Symptom | None = None
    last_success: datetime | None = None
    streak_since: datetime | None = None


class Skip(NamedTuple):
    """A run that was left out."""

    target: str
    probe: str
    at: datetime


class WriteConnection:
    """An open history file, for writing."""

    def __init__(self, path: Path, retention: Retention, *, now: datetime) -> None:
        """Opens the file and tidies what the process before left.

        Raises UnusableFileError, sqlite3.Error or OSError.
        """
        self._path = path
        self._retention = retention
        self._connection = connect_to_write(path, max_bytes=retention.max_bytes)
        try:
            self._inode = path.stat().st_ino
            compact(self._connection)
            forget(self._connection, retention, now)
            self._load()
        except BaseException:
            self._connection.close()
            raise
        self._told: dict[int, int] = {}
        """A hash of what the details of a probe's last run were made of, if it passed."""
        self._details_bytes = 0
        self._rows = 0

    def _load(self) -> None:
        ask = self._connection.execute
        self._targets: dict[str, int] = dict(ask("SELECT name, id FROM targets"))
        self._reasons: dict[str, int] = dict(ask("SELECT name, id FROM reasons"))
        self._probes: dict[tuple[str, str], int] = {
            (target, name): number
            for target, name, number in ask(
                "SELECT targets.name, probes.name, probes.id FROM probes JOIN targets ON targets.id = probes.target"
            )
        }
        self._incidents = IncidentBook(self._connection)
        ask("SELECT sum(length(details)) FROM statuses").fetchone()  # damage there is to be found now, not at a restart

    @property
    def gone(self) -> bool:
        """Whether the file is no longer at its place: SQLite would go on writing to what nobody can ever open again."""
        try:
            return self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    @property
    def bytes(self) -> int:
        """Of the file and what belongs to it, on disk."""
        total = 0
        for suffix in ("", "-wal", "-shm"):
            try:
                total += self._path.with_name(self._path.name + suffix).stat().st_size
            except FileNotFoundError:
                continue
        return total

    @property
    def full(self) -> bool:
        """Whether so much was written that a `compact` should not wait."""
        return self._rows >= _RECENT_ROWS or self._details_bytes > self._retention.max_bytes // 32

    def write(self, entries: Sequence[Entry | Skip]) -> int:
        """Keep them; how many could not be kept, for what is in them cannot be written down."""
        self._connection.execute("BEGIN IMMEDIATE")
        unfit = 0
        for entry in entries:
            try:
                if isinstance(entry, Skip):
                    self._skip(entry)
                else:
                    self._run(entry)
            except _UNFIT:
                unfit += 1
        self._connection.execute("COMMIT")
        self._rows += len(entries)
        return unfit

    def compact(self, now: datetime) -> None:
        """Let go of what is old, and so make room; then put what is recent to its places."""
        prune(self._connection, self._retention, now)
        compact(self._connection)
        self._rows = self._details_bytes = 0

    def close(self) -> None:
        """The last to close folds the write-ahead log into the file."""
        self._connection.close()

    def _skip(self, skip: Skip) -> None:
        started = microseconds(skip.at)
        self._connection.execute(_INSERT_SKIP, (started // HOUR_US, self._probe(skip.target, skip.probe), started))

    def _run(self, entry: Entry) -> None:
        result, outcome = entry.result, entry.result.outcome
        started, verdict = microseconds(outcome.started_at), CODES[outcome.verdict]
        latency = outcome.facts.get(LATENCY)
        probe, reason = self._probe(outcome.target, outcome.probe), self._reason(outcome.reason)
        run = (probe, started, verdict, reason, int(result.maintenance), duration_us(outcome.duration_seconds))
        status = (
            *(None if latency is None else duration_us(latency), duration_us(result.start_lag_seconds)),
            *(entry.since and microseconds(entry.since), entry.streak),
            entry.last_success and microseconds(entry.last_success),
        )
        details = self._details(probe, entry)
        self._connection.execute(_INSERT_RECENT, (started // HOUR_US, *run, *status, details))
        if verdict != PASSED:
            self._connection.execute(_INSERT_FAILURE, (*run, details))
            self._details_bytes += 2 * len(details or "")
        if not result.maintenance:
            target = NumberedTarget(name=outcome.target, number=self._targets[outcome.target])
            self._incidents.ran(target, probe, started, outcome)

    def _details(self, probe: int, entry: Entry) -> str | None:
        """The run's details as JSON; None if it passed with the same details as the probe's last stored pass.

        That is the usual case, and encoding is slow.
        """
        outcome = entry.result.outcome
        if CODES[outcome.verdict] != PASSED:
            self._told.pop(probe, None)
            return to_json(outcome, streak_of=entry.symptom, streak_since=entry.streak_since)
        facts = frozenset(fact for fact in outcome.facts.items() if fact[0] != LATENCY)
        told = hash((outcome.kind, outcome.server, outcome.warnings, outcome.message, outcome.evidence, facts))
        if self._told.get(probe) == told:
            return None
        text = to_json(outcome)
        self._told[probe] = told
        self._details_bytes += len(text)
        return text

    def _probe(self, target: str, name: str) -> int:
        number = self._probes.get((target, name))
        if number is None:
            of = self._number(self._targets, target, "INSERT INTO targets (name) VALUES (?)", target)
            number = self._number(
                self._probes, (target, name), "INSERT INTO probes (target, name) VALUES (?, ?)", of, name
            )
        return number

    def _reason(self, reason: Reason | None) -> int | None:
        if reason is None:
            return None
        return self._number(self._reasons, reason.value, "INSERT INTO reasons (name) VALUES (?)", reason.value)

    def _number(self, known: dict[Name, int], name: Name, statement: str, *values: str | int) -> int:
        number = known.get(name)
        if number is None:
            number = self._connection.execute(statement, values).lastrowid
            assert number is not None
            known[name] = number
        return number
