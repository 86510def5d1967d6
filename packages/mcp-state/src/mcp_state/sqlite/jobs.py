"""A queue of jobs between the event loop and threads, with batches in both directions.

The handover costs more than the job: a thread that wakes for every call and a loop that wakes for every result compete
for the interpreter. So all jobs of one iteration of the loop are queued together at its end, and a thread delivers the
results of all jobs that it took in one callback.

A circuit breaker refuses jobs while the database makes callers wait: jobs that found no connection or no write lock in
time, or took too long. The time in the queue does not count, nor does an error that came at once: nobody waits for it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from mcp_state.breaker import Breaker, BreakerOpenError, Call
from mcp_state.errors import StoreBusyError, StoreUnavailableError

T = TypeVar("T")

MAX_WAITING: Final = 10_000
"""Jobs queued at most; beyond that the store raises StoreBusyError instead of growing without end."""


@dataclass(frozen=True, slots=True)
class Job:
    """A function to run on a connection, and the future of its result."""

    run: Callable[[sqlite3.Connection], Any]
    answer: asyncio.Future[Any]
    call: Call
    of_caller: bool = True
    """False for what the server asks by itself: such a wait says nothing of what callers wait."""
    since: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True, slots=True)
class JobResult:
    """The value or the error of a finished job."""

    job: Job
    value: Any = None
    error: BaseException | None = None


class JobQueue:
    """Waiting jobs. One event loop adds them, threads take them."""

    def __init__(self, *, largest: int, breaker: Breaker) -> None:
        """`largest` is how many jobs a thread takes at once."""
        self._loop = asyncio.get_running_loop()
        self._largest = largest
        self._breaker = breaker
        self._unflushed: list[Job] = []
        """Jobs of this iteration of the loop; used by the loop only."""
        self._waiting: list[Job] = []
        self._wake_at = 1
        self._open = True
        self._changed = threading.Condition()

    async def run(
        self, run: Callable[[sqlite3.Connection], T], *, patience: float | None = None, of_caller: bool = True
    ) -> T:
        """Queue a job and wait for its result, for `patience` seconds at most (None: without a limit).

        Raises:
            StoreBusyError: too many jobs wait already, or the result did not come in time.
            StoreUnavailableError: the queue is closed, or its breaker open.
        """
        if not self._open:
            raise StoreUnavailableError("the store is closed")
        if len(self._waiting) + len(self._unflushed) >= MAX_WAITING:
            raise StoreBusyError(f"{MAX_WAITING} calls wait already")
        try:
            call = self._breaker.admit()
        except BreakerOpenError as error:
            raise StoreUnavailableError(f"SQLite is {error}") from None
        with call:
            answer: asyncio.Future[T] = self._loop.create_future()
            await self._finish(Job(run, answer, call, of_caller), patience=patience)
            return answer.result()

    async def _finish(self, job: Job, *, patience: float | None) -> None:
        if not self._unflushed:
            self._loop.call_soon(self._flush)
        self._unflushed.append(job)
        # A bare timer: asyncio.timeout would cost as much as some reads.
        timer = None if patience is None else self._loop.call_later(patience, _time_out, job, patience)
        try:
            await job.answer
        except asyncio.CancelledError:
            job.call.given_up(seconds=time.perf_counter() - job.since)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def close(self) -> None:
        """Accept no more jobs; threads still take the waiting jobs."""
        self._open = False
        self._flush()

    def take(self, *, expected: int = 1, patience: float = 0.0) -> list[Job]:
        """In a thread: wait for the first job, then up to `patience` seconds for `expected` jobs, and take them.

        Returns an empty list when the queue is closed and empty.
        """
        with self._changed:
            self._wait_for(1, None)
            if patience > 0:
                self._wait_for(min(expected, self._largest), patience)
            self._wake_at = 1
            jobs = self._waiting[: self._largest]
            del self._waiting[: self._largest]
            if self._waiting:
                self._changed.notify()
            return jobs

    def deliver(self, results: Iterable[JobResult], *, seconds: float) -> None:
        """In a thread: pass the results to the loop. The database took `seconds` for each of them."""
        self._loop.call_soon_threadsafe(_set_results, results, seconds)

    def _flush(self) -> None:
        with self._changed:
            self._waiting += self._unflushed
            self._unflushed.clear()
            if not self._open:
                self._changed.notify_all()
            elif len(self._waiting) >= self._wake_at:
                self._changed.notify()

    def _wait_for(self, count: int, patience: float | None) -> None:
        self._wake_at = count
        self._changed.wait_for(lambda: len(self._waiting) >= count or not self._open, patience)


def _time_out(job: Job, patience: float) -> None:
    if not job.answer.done():
        job.call.failed()
        job.answer.set_exception(StoreBusyError(f"no connection came to this call within {patience:g} s"))


def _set_results(results: Iterable[JobResult], seconds: float) -> None:
    newest: JobResult | None = None
    for each in results:
        if each.job.answer.done():  # the caller was cancelled; its write stands
            continue
        newest = each
        if each.error is None:
            each.job.answer.set_result(each.value)
        else:
            each.job.answer.set_exception(each.error)
    if newest is None:
        return
    # A batch was one call to the database: fifty writes that waited together are no fifty bad calls.
    if isinstance(newest.error, StoreBusyError):
        newest.job.call.failed()
    else:
        newest.job.call.answered(seconds=seconds)
