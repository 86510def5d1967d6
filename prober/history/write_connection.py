"""The connection that writes: batches of results, one transaction each.

Used by one thread at a time. Whatever it raises leaves the file as it was before the call; then another connection
is opened, for the numbers of names and the streaks that this one has in memory may be ahead of the file.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from prober.history import packing
from prober.history.details import to_json
from prober.history.folding import fold
from prober.history.pruning import forget, prune
from prober.history.retention import Retention
from prober.history.schema import BOUNDS, connect_to_write
from prober.outcome import Reason
from prober.result import Result

_RECENT: Final = (
    *("slot", "verdict", "maintenance", "ticks", "bucket", "run", "reason", "started", "duration", "due", "lag"),
    *("since", "streak", "succeeded", "details"),
)
_INSERT_RECENT: Final = f"INSERT INTO recent ({', '.join(_RECENT)}) VALUES ({', '.join('?' * len(_RECENT))})"  # noqa: S608
_INSERT_SKIP: Final = f"INSERT INTO recent (slot, verdict, maintenance) VALUES (?, {packing.SKIPPED}, 0)"  # noqa: S608
_FAILURE: Final = ("started", "duration", "verdict", "reason", "maintenance", "details")
_INSERT_FAILURE: Final = f"INSERT INTO failures (probe, {', '.join(_FAILURE)}) VALUES (?{', ?' * len(_FAILURE)})"  # noqa: S608
_FOLD_ROWS: Final = 10_000
"""Questions read every row of `recent`: ten or twenty milliseconds for so many."""
_UNFIT: Final = (
    *(ValueError, TypeError, OverflowError, AttributeError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError),
)
"""What is wrong with an entry. To write it again would fail again: it must not hold up those behind it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skip:
    """A run that was left out."""

    target: str
    probe: str
    at: datetime


class _Standing(NamedTuple):
    """What must be known of a probe's run before to write the next."""

    verdict: int
    reason: int | None
    since: int
    streak: int
    succeeded: int | None


class WriteConnection:
    """An open history file, for writing."""

    def __init__(self, path: Path, retention: Retention, *, now: datetime) -> None:
        """Opens the file and tidies what the process before left. Raises HistoryError, sqlite3.Error or OSError."""
        self._path = path
        self._retention = retention
        self._connection = connect_to_write(path, max_bytes=retention.max_bytes)
        try:
            self._inode = path.stat().st_ino
            fold(self._connection)
            forget(self._connection, retention, now)
            self._load()
        except BaseException:
            self._connection.close()
            raise
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
        self._standings = {
            number: _Standing(*rest)
            for number, *rest in ask("SELECT probe, verdict, reason, since, streak, succeeded FROM present")
        }

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
        return self._rows >= _FOLD_ROWS or self._details_bytes > self._retention.max_bytes // 32

    def write(self, entries: Sequence[Result | Skip]) -> int:
        """Keep them; how many could not be kept, for what is in them cannot be written down."""
        self._connection.execute("BEGIN IMMEDIATE")
        unfit = 0
        for entry in entries:
            try:
                if isinstance(entry, Skip):
                    self._skip(entry)
                else:
                    self._result(entry)
            except _UNFIT:
                unfit += 1
        self._connection.execute("COMMIT")
        self._rows += len(entries)
        return unfit

    def compact(self, now: datetime) -> None:
        """Let go of what is old, and so make room; then fold what is recent."""
        prune(self._connection, self._retention, now)
        fold(self._connection)
        self._rows = self._details_bytes = 0

    def close(self) -> None:
        """The last to close folds the write-ahead log into the file."""
        self._connection.close()

    def _skip(self, skip: Skip) -> None:
        slot = packing.slot_of(packing.milliseconds(skip.at), self._probe(skip.target, skip.probe))
        self._connection.execute(_INSERT_SKIP, (slot,))

    def _result(self, result: Result) -> None:
        outcome = result.outcome
        probe = self._probe(outcome.target, outcome.probe)
        row = self._row(result, probe)
        self._connection.execute(_INSERT_RECENT, [row[name] for name in _RECENT])
        self._details_bytes += len(row["details"])
        if row["verdict"] != packing.PASSED:
            self._connection.execute(_INSERT_FAILURE, [probe, *(row[name] for name in _FAILURE)])
            self._details_bytes += len(row["details"])
        self._standings[probe] = _Standing(row["verdict"], row["reason"], row["since"], row["streak"], row["succeeded"])

    def _row(self, result: Result, probe: int) -> dict[str, Any]:
        """One row of `recent`."""
        outcome = result.outcome
        verdict = packing.CODES[outcome.verdict]
        reason = self._reason(outcome.reason)
        latency = outcome.facts.get("latency_seconds")
        started = packing.microseconds(outcome.started_at)
        run = packing.Run(
            started_ms=packing.milliseconds(outcome.started_at),
            verdict=verdict,
            duration=packing.ticks(outcome.duration_seconds),
            reason=reason or 0,
            latency=None if latency is None else packing.ticks(latency),
            lag_ms=packing.ticks(result.start_lag_seconds) // (packing.TICKS_PER_SECOND // 1000),
            maintenance=result.maintenance,
        )
        before = self._standings.get(probe)
        same_verdict = before is not None and before.verdict == verdict
        return {
            "slot": packing.slot_of(run.started_ms, probe),
            "verdict": verdict,
            "maintenance": int(result.maintenance),
            "ticks": run.duration,
            "bucket": bisect_left(BOUNDS, run.duration),
            "run": packing.pack(run),
            "reason": reason,
            "started": started,
            "duration": outcome.duration_seconds,
            "due": packing.microseconds(result.due),
            "lag": result.start_lag_seconds,
            "since": before.since if before and same_verdict and before.reason == reason else started,
            "streak": before.streak + 1 if before and same_verdict else 1,
            "succeeded": packing.microseconds(result.ended)
            if verdict == packing.PASSED
            else before and before.succeeded,
            "details": to_json(outcome),
        }

    def _target(self, name: str) -> int:
        number = self._targets.get(name)
        if number is None:
            number = self._number("INSERT INTO targets (name) VALUES (?)", name)
            self._targets[name] = number
        return number

    def _probe(self, target: str, name: str) -> int:
        number = self._probes.get((target, name))
        if number is None:
            number = self._number("INSERT INTO probes (target, name) VALUES (?, ?)", self._target(target), name)
            self._probes[target, name] = number
        return number

    def _reason(self, reason: Reason | None) -> int | None:
        if reason is None:
            return None
        number = self._reasons.get(reason)
        if number is None:
            number = self._number("INSERT INTO reasons (name) VALUES (?)", reason.value)
            self._reasons[reason.value] = number
        return number

    def _number(self, statement: str, *values: str | int) -> int:
        number = self._connection.execute(statement, values).lastrowid
        assert number is not None
        return number
