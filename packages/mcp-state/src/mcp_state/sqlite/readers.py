"""The reading threads. Each has a connection of its own, so a read never waits for a write."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from mcp_state.breaker import Breaker
from mcp_state.errors import StoreUnavailableError
from mcp_state.protocol import StoreObserver
from mcp_state.sqlite.error_mapping import store_error
from mcp_state.sqlite.jobs import Job, JobQueue, JobResult

T = TypeVar("T")

_MAX_BATCH: Final = 16
"""Reads that a thread takes together: the first read waits for the last, so another thread should take the rest."""


class Readers:
    """A pool of reading threads with a bounded wait."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        *,
        size: int,
        max_wait: float,
        observer: StoreObserver,
        breaker: Breaker,
    ) -> None:
        """Start `size` threads. A read that waits `max_wait` seconds raises StoreBusyError."""
        self._connect = connect
        self._size = size
        self._max_wait = max_wait
        self._observer = observer
        self._queue = JobQueue(largest=_MAX_BATCH, breaker=breaker)
        self._in_use = 0
        self._counting = threading.Lock()
        observer.pool_changed(in_use=0, idle=size)
        self._threads = [threading.Thread(target=self._serve, name=f"sqlite-reader-{n}") for n in range(size)]
        for thread in self._threads:
            thread.start()

    async def run(self, read: Callable[[sqlite3.Connection], T], *, of_caller: bool = True) -> T:
        """Run a read on one of the connections; `of_caller` is false for what the server asks by itself.

        Raises:
            StoreBusyError: the read did not end in time.
            StoreUnavailableError: the database failed or is cut off by the breaker, or the pool is closed.
        """
        return await self._queue.run(read, patience=self._max_wait, of_caller=of_caller)

    async def close(self) -> None:
        """Finish accepted reads, then end the threads and close their connections."""
        self._queue.close()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        try:
            while jobs := self._queue.take():
                self._count(1)
                began = time.perf_counter()
                try:
                    connection = connection or self._open()
                    results = [self._run_one(job, connection) for job in jobs]
                except (sqlite3.Error, StoreUnavailableError) as error:
                    failure = store_error(error) if isinstance(error, sqlite3.Error) else error
                    results = [JobResult(job, error=failure) for job in jobs]
                finally:
                    self._count(-1)
                self._queue.deliver(results, seconds=(time.perf_counter() - began) / len(jobs))
        finally:
            if connection is not None:
                connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _run_one(self, job: Job, connection: sqlite3.Connection) -> JobResult:
        if job.of_caller:
            self._observer.pool_waited(seconds=time.perf_counter() - job.since)
        try:
            return JobResult(job, value=job.run(connection))
        except sqlite3.Error as error:
            return JobResult(job, error=store_error(error))
        except Exception as error:  # raised to the caller of this read; the thread goes on
            return JobResult(job, error=error)

    def _count(self, change: int) -> None:
        with self._counting:
            self._in_use += change
            self._observer.pool_changed(in_use=self._in_use, idle=self._size - self._in_use)
