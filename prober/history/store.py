"""History: the one thing that others hold. A Sink for results, and the questions one may ask of what was kept."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from prober.config.model import Probe
from prober.history import overview, queries, rollups
from prober.history.lock import FileLock
from prober.history.models import Counts, Day, Overview, PastFailure, PastResult, Point
from prober.history.packing import EPOCH
from prober.history.reader import Reader
from prober.history.retention import Retention
from prober.history.schema import HistoryError
from prober.history.write_connection import Skip, WriteConnection
from prober.history.writer import QUEUE, Trouble, Writer
from prober.result import Remembered, Result

ANSWER_SECONDS: Final = 5.0
MOST_ROWS: Final = 10_000
MOST_DAYS: Final = 400
MOST_POINTS: Final = 1_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HistoryStore:
    """An open history. Questions raise HistoryError where there is no answer, or none within five seconds.

    What was noted can be asked for half a second later. Targets and probes that left the configuration are answered
    for until retention has ended the last of their rows. Limits beyond the bounds above are taken as the bounds.
    """

    def __init__(self, path: Path, *, lock: FileLock, writer: Writer, clock: Callable[[], datetime]) -> None:
        """For `open`."""
        self._path, self._lock, self._writer, self._clock = path, lock, writer, clock
        self._reader = Reader(path, seconds=ANSWER_SECONDS)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        retention: Retention | None = None,
        on_trouble: Trouble = lambda _: None,
        clock: Callable[[], datetime] = _utc_now,
        queue: int = QUEUE,
    ) -> Self:
        """Makes the file if there is none. Raises HistoryError where it cannot be had, or not written to.

        `on_trouble` hears once that results are not written any more and why, and None when they are again: in the
        thread of the event loop, if this is called in one. `queue` is how many results wait at most.
        """
        kept = retention or Retention()
        path = path.absolute()
        lock = _take(path)
        try:
            connection = WriteConnection(path, kept, now=clock())
        except (sqlite3.Error, OSError) as error:
            lock.release()
            raise HistoryError(
                f"{path} cannot be written: {error}; see to the disk and its permissions, or name another file"
            ) from error
        except BaseException:
            lock.release()
            raise
        told = _in_loop(lambda why: on_trouble(why if why is None else _told(path, why)))
        writer = Writer(
            connection,
            reopen=lambda: WriteConnection(path, kept, now=clock()),
            on_trouble=told,
            clock=clock,
            queue=queue,
        )
        return cls(path, lock=lock, writer=writer, clock=clock)

    def record(self, result: Result) -> None:
        """Keep a result. Its exchanges and phases are not kept."""
        outcome = result.outcome
        if outcome.exchanges or outcome.phases:
            result = replace(result, outcome=replace(outcome, exchanges=(), phases={}))
        self._writer.put(result)

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
        self._lock.release()

    def remembered(self) -> list[Remembered]:
        """Where every probe stood last. Reads in the calling thread: for a start, not for a page."""
        reader = Reader(self._path, seconds=60.0)
        try:
            return reader.answer(queries.remembered, time.monotonic() + 60.0)
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

    async def uptime(self, target: str, *, since: datetime) -> Counts:
        """Runs by verdict, from the hour that `since` is in until now."""
        return await self._reader.ask(
            lambda connection: rollups.uptime(connection, target=target, since=since, until=self._clock())
        )

    async def durations(
        self, probe: str | None = None, *, target: str | None = None, since: datetime, points: int = 60
    ) -> list[Point]:
        """How long the runs of a probe, or of a whole target, took from `since` until now, the oldest first.

        Of up to twelve hours from the runs themselves; of more from roll-ups, a point an hour at the finest.
        """
        return await self._reader.ask(
            lambda connection: rollups.durations(
                connection,
                target=target,
                probe=probe,
                since=since,
                until=self._soon(),
                points=_within(points, MOST_POINTS),
            )
        )

    async def overview(self, *, days: int = 90, hours: int = 24) -> dict[str, Overview]:
        """Every target's last days and the times of its last hours, by name: all of the front page in one question."""
        return await self._reader.ask(
            lambda connection: overview.overview(
                connection, now=self._clock(), days=_within(days, MOST_DAYS), hours=_within(hours, 24 * 7)
            )
        )

    def _soon(self) -> datetime:
        """Just past now: a run that begins at this very instant is not in the future."""
        return self._clock() + timedelta(milliseconds=1)


def _take(path: Path) -> FileLock:
    try:
        return FileLock.take(path)
    except BlockingIOError:
        raise HistoryError(f"{path} is in use by another process: give each daemon a history of its own") from None
    except OSError as error:
        raise HistoryError(
            f"{path} cannot be written: {error.strerror}; see to the folder and its permissions, or name another file"
        ) from error


def _told(path: Path, why: str) -> str:
    where = "" if str(path) in why else f"{path}: "
    return f"history is not written: {where}{why}; probing goes on, and writing is tried again"


def _in_loop(tell: Trouble) -> Trouble:
    """The same, called in the event loop's thread, if there is a loop now and as long as it runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return tell

    def later(why: str | None) -> None:
        try:
            loop.call_soon_threadsafe(tell, why)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return

    return later


def _within(wanted: int, most: int) -> int:
    return max(1, min(wanted, most))
