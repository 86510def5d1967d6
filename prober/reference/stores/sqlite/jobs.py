"""Work handed from the event loop to threads and its answers handed back, both in batches.

Between a loop and its threads the handing over is what costs: a thread that wakes for every call and a loop that wakes
for every answer fight for the interpreter. So what the loop finds to do in one turn is handed over together at the end
of that turn, and a thread answers all it took with one message.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from prober.reference.stores.errors import StoreBusyError, StoreUnavailableError

T = TypeVar("T")

MAX_WAITING: Final = 10_000
"""Jobs queued at most; beyond it the store says busy instead of growing without end."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to run on a connection, and the future that waits for what it returns."""

    run: Callable[[sqlite3.Connection], Any]
    answer: asyncio.Future[Any]
    since: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True, slots=True)
class Settled:
    """A finished job: its value, or its error."""

    job: Job
    value: Any = None
    error: BaseException | None = None


class JobQueue:
    """Jobs that wait; filled by one event loop, emptied by threads."""

    def __init__(self, *, largest: int) -> None:
        """`largest` is how many jobs a thread takes at once."""
        self._loop = asyncio.get_running_loop()
        self._largest = largest
        self._gathered: list[Job] = []
        """Of this turn of the loop; touched by the loop only."""
        self._waiting: list[Job] = []
        self._enough = 1
        self._open = True
        self._changed = threading.Condition()

    async def run(self, run: Callable[[sqlite3.Connection], T], *, patience: float | None = None) -> T:
        """Queue a job and wait for its answer, for `patience` seconds at most (None: as long as it takes).

        Raises:
            StoreBusyError: too many wait already, or the answer did not come in time.
            StoreUnavailableError: the queue is closed.
        """
        if not self._open:
            raise StoreUnavailableError("the store is closed")
        if len(self._waiting) + len(self._gathered) >= MAX_WAITING:
            raise StoreBusyError(f"{MAX_WAITING} calls wait already")
        answer: asyncio.Future[T] = self._loop.create_future()
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(Job(run, answer))
        if patience is None:
            return await answer
        # A bare timer: a timeout scope would cost as much as many a read.
        timer = self._loop.call_later(patience, _give_up, answer, patience)
        try:
            return await answer
        finally:
            timer.cancel()

    def close(self) -> None:
        """Take no more jobs; those that wait are still there to be taken."""
        self._open = False
        self._hand_over()

    def take(self, *, expected: int = 1, patience: float = 0.0) -> list[Job]:
        """In a thread: wait for jobs and take them; once there are some, wait `patience` seconds for `expected`.

        Returns an empty list when the queue is closed and empty.
        """
        with self._changed:
            self._wait_for(1, None)
            if patience > 0:
                self._wait_for(min(expected, self._largest), patience)
            self._enough = 1
            jobs = self._waiting[: self._largest]
            del self._waiting[: self._largest]
            if self._waiting:
                self._changed.notify()
            return jobs

    def settle(self, settled: Iterable[Settled]) -> None:
        """In a thread: hand the answers back."""
        self._loop.call_soon_threadsafe(_answer, settled)

    def _hand_over(self) -> None:
        with self._changed:
            self._waiting += self._gathered
            self._gathered.clear()
            if not self._open:
                self._changed.notify_all()
            elif len(self._waiting) >= self._enough:
                self._changed.notify()

    def _wait_for(self, count: int, patience: float | None) -> None:
        self._enough = count
        self._changed.wait_for(lambda: len(self._waiting) >= count or not self._open, patience)


def _give_up(answer: asyncio.Future[Any], patience: float) -> None:
    if not answer.done():
        answer.set_exception(StoreBusyError(f"no connection came to this call within {patience:g} s"))


def _answer(settled: Iterable[Settled]) -> None:
    for each in settled:
        if each.job.answer.done():  # its caller was cancelled; what it wrote stands all the same
            continue
        if each.error is None:
            each.job.answer.set_result(each.value)
        else:
            each.job.answer.set_exception(each.error)
