"""HistoryStore, the facade that the rest of the prober uses: a Sink for results, and queries of what was kept."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self, TypeVar

from prober.config.model import Probe
from prober.history import queries, series
from prober.history.availability import Availability, availability
from prober.history.codec import EPOCH
from prober.history.history_file import HistoryFile
from prober.history.models import Day, Overview, PastFailure, PastResult, Point
from prober.history.notes import Note, add_note, delete_note
from prober.history.reader import Reader
from prober.history.recorded_incidents import RecordedIncident, recorded_incidents
from prober.history.retention import Retention
from prober.history.schema import HistoryError, connect_to_note
from prober.history.write_connection import Entry, Skip
from prober.history.writer import QUEUE, Writer
from prober.redaction import Masked
from prober.scheduled_run import Remembered, ScheduledRun
from prober.status import StatusStore

T = TypeVar("T")
ANSWER_SECONDS: Final = 5.0
MOST_ROWS: Final = 10_000
MOST_DAYS: Final = 400
MOST_POINTS: Final = 1_000
MOST_INCIDENTS: Final = 1_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HistoryStore:
    """An open history. Questions raise HistoryError where there is no answer, or none within five seconds.

    What was noted can be asked for half a second later. Targets and probes that left the configuration are answered
    for until retention has ended the last of their rows. Limits beyond the bounds above are taken as the bounds.
    """

    def __init__(
        self, path: Path, *, writer: Writer, clock: Callable[[], datetime], statuses: StatusStore | None
    ) -> None:
        """For `open`."""
        self._path, self._writer, self._clock, self._statuses = path, writer, clock, statuses
        self._reader = Reader(path, seconds=ANSWER_SECONDS, on_damage=writer.damaged)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        statuses: StatusStore | None = None,
        retention: Retention | None = None,
        on_trouble: Callable[[str | None], None] = lambda _: None,
        on_moved: Callable[[str], None] = lambda _: None,
        clock: Callable[[], datetime] = _utc_now,
        queue: int = QUEUE,
    ) -> Self:
        """Makes the file if there is none, and goes on without one until it can be made.

        `statuses` has what each run did to its probe's status: it is asked at every `record`, so it must have got the
        result first. `on_trouble` hears once that results are not written any more and why, and None when they are
        again; `on_moved` that a file that cannot be used got another name: in the thread of the event loop, if this is
        called in one. `queue` is how many results wait at most. Raises HistoryError if another process has the file.
        """
        path = path.absolute()
        file = HistoryFile(path, retention or Retention(), clock=clock, on_moved=_in_loop(on_moved))

        def tell(why: str | None) -> None:
            on_trouble(why if why is None else _told(path, why))

        return cls(
            path,
            writer=Writer(file, on_trouble=_in_loop(tell), clock=clock, queue=queue),
            clock=clock,
            statuses=statuses,
        )

    def record(self, result: ScheduledRun) -> None:
        """Keep a result. Its exchanges and phases are not kept."""
        outcome = result.outcome
        if outcome.exchanges or outcome.phases:
            result = replace(result, outcome=replace(outcome, exchanges=(), phases={}))
        status = self._statuses.find(outcome.target, outcome.probe) if self._statuses is not None else None
        if status is None:
            self._writer.put(Entry(result))
        else:
            streak = status.streak, status.symptom
            self._writer.put(Entry(result, status.since, *streak, status.last_success, status.streak_since))

    def skipped(self, probe: Probe) -> None:
        """Count a run that was left out."""
        self._writer.put(Skip(target=probe.target, probe=probe.name, at=self._clock()))

    @property
    def dropped(self) -> int:
        """Results that came when the queue was full, or that could not be written down."""
        return self._writer.dropped

    @property
    def bytes(self) -> int:
        """Of the files on disk, as of the last write."""
        return self._writer.bytes

    async def close(self) -> None:
        """Write what is queued, then let go of the file. Closing again does nothing."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._reader.close()
        self._writer.stop()

    def remembered(self) -> list[Remembered]:
        """Every probe's last run; nothing where the file cannot be read, which the writer tells of.

        Reads in the calling thread: for a start, not for a page.
        """
        reader = Reader(self._path, seconds=60.0, on_damage=self._writer.damaged)
        try:
            return reader.answer(queries.remembered, time.monotonic() + 60.0)
        except HistoryError:
            return []
        finally:
            reader.close()

    async def results(
        self,
        *,
        target: str | None = None,
        probe: str | None = None,
        since: datetime = EPOCH,
        until: datetime | None = None,
        limit: int = 100,
    ) -> list[PastResult]:
        """Runs that began in that time (`until` is not in it), the newest first."""
        return await self._reader.ask(
            lambda connection: queries.results(
                connection,
                target=target,
                probe=probe,
                since=since,
                until=until or self._soon(),
                limit=_within(limit, MOST_ROWS),
            )
        )

    async def failures(
        self, *, target: str | None = None, probe: str | None = None, limit: int = 20
    ) -> list[PastFailure]:
        """Runs that did not pass, the latest first, with their evidence."""
        return await self._reader.ask(
            lambda connection: queries.failures(connection, target=target, probe=probe, limit=_within(limit, MOST_ROWS))
        )

    async def days(self, target: str, *, days: int = 90) -> list[Day]:
        """So many days, the oldest first, today last; each is there, whether there was a run or not."""
        last = self._clock().date()
        first = last - timedelta(days=_within(days, MOST_DAYS) - 1)
        return await self._reader.ask(
            lambda connection: queries.days(connection, target=target, first=first, last=last)
        )

    async def uptime(self, target: str, *, since: datetime) -> float | None:
        """The share of runs that passed, of those that could tell, from the hour that `since` is in until now."""
        return await self._reader.ask(
            lambda connection: queries.uptime(connection, target=target, since=since, until=self._clock())
        )

    async def durations(
        self, probe: str | None = None, *, target: str | None = None, since: datetime, points: int = 60
    ) -> list[Point]:
        """How long the runs of a probe, or of a whole target, took from `since` until now, the oldest first.

        Of up to twelve hours from the runs themselves; of more from roll-ups, a point an hour at the finest.
        """
        return await self._reader.ask(
            lambda connection: series.durations(
                connection,
                target=target,
                probe=probe,
                since=since,
                until=self._soon(),
                points=_within(points, MOST_POINTS),
            )
        )

    async def availability(self, *, since: datetime, until: datetime) -> Availability:
        """How the targets were in that time: a pass over all its runs, a million of which take about a second."""
        return await self._reader.ask(lambda connection: availability(connection, since=since, until=until))

    async def incidents(
        self, *, since: datetime, until: datetime | None = None, targets: Sequence[str] | None = None, limit: int = 100
    ) -> list[RecordedIncident]:
        """Incidents of that time with their notes: first those that go on, then the latest."""
        return await self._reader.ask(
            lambda connection: recorded_incidents(
                connection,
                since=since,
                until=until or self._soon(),
                targets=targets,
                limit=_within(limit, MOST_INCIDENTS),
            )
        )

    async def add_note(self, incident: str, text: Masked) -> Note:
        """Keep a note on an incident. It is on disk afterwards. Raises NoteRefusedError."""
        return await self._noting(
            lambda connection: add_note(connection, incident=incident, text=text, at=self._clock())
        )

    async def delete_note(self, incident: str, number: int) -> None:
        """Raises NoteRefusedError where there is none."""
        await self._noting(lambda connection: delete_note(connection, incident=incident, number=number))

    async def _noting(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """With a connection of its own: whoever writes a note waits for the disk, which probing never does."""

        def noted() -> T:
            try:
                with closing(connect_to_note(self._path)) as connection:
                    return write(connection)
            except sqlite3.Error as error:
                raise HistoryError(f"{self._path} cannot be written: {error}") from error

        return await asyncio.to_thread(noted)

    async def overview(self, *, days: int = 90, hours: int = 24) -> dict[str, Overview]:
        """Every target's last days and the times of its last hours, by name: all of the front page in one question."""
        return await self._reader.ask(
            lambda connection: series.overview(
                connection, now=self._clock(), days=_within(days, MOST_DAYS), hours=_within(hours, 24 * 7)
            )
        )

    def _soon(self) -> datetime:
        """Just past now: a run that begins at this very instant is not in the future."""
        return self._clock() + timedelta(milliseconds=1)


def _told(path: Path, why: str) -> str:
    where = "" if str(path) in why else f"{path}: "
    return f"history is not written: {where}{why}; probing goes on, and writing is tried again"


def _in_loop(tell: Callable[[T], None]) -> Callable[[T], None]:
    """The same, called in the event loop's thread, if there is a loop now and as long as it runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return tell

    def later(what: T) -> None:
        try:
            loop.call_soon_threadsafe(tell, what)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return

    return later


def _within(wanted: int, most: int) -> int:
    return max(1, min(wanted, most))
