"""The one writing thread of a process, with group commit: concurrent writes share one transaction.

SQLite has one writer at a time and pays for durability per commit, not per row; so fifty callers who share a commit
are served many times cheaper than fifty commits. A write returns only after its commit.

A batch closes when the window has passed since its first write, when it is full, or when it has as many writes as the
previous batch. Because of the last rule a lone caller never waits: after a batch of one, one write is a batch. Under
steady load all callers of the previous batch write again, and the batch closes early.

Each write runs in its own savepoint: a write that fails rolls back its own changes and no others.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from mcp_state.breaker import Breaker
from mcp_state.protocol import StoreObserver
from mcp_state.sqlite.error_mapping import is_undone, store_error
from mcp_state.sqlite.jobs import Job, JobQueue, JobResult

T = TypeVar("T")

MAX_BATCH: Final = 512
"""Writes in one transaction at most: bounds what one crash or one slow commit can touch."""


class Writer:
    """Runs writes in batches on a connection and a thread of its own."""

    def __init__(
        self, connection: sqlite3.Connection, *, window: float, observer: StoreObserver, breaker: Breaker
    ) -> None:
        """Start the thread. `window` is in seconds; 0 commits every write by itself."""
        self._connection = connection
        self._window = window
        self._observer = observer
        self._queue = JobQueue(largest=MAX_BATCH if window > 0 else 1, breaker=breaker)
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer")
        self._thread.start()

    async def run(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """Run a write on the connection; returns after it was committed.

        Raises:
            StoreBusyError: nothing was written; too many writes wait, or another process held the database too long.
            StoreUnavailableError: the database failed or is cut off by the breaker, or the writer is closed.
        """
        return await self._queue.run(write)

    async def close(self) -> None:
        """Finish accepted writes, then end the thread and close the connection."""
        self._queue.close()
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        size = 1
        try:
            while batch := self._queue.take(expected=size, patience=self._window):
                size = len(batch)
                began = time.perf_counter()
                results = self._commit(batch)
                self._queue.deliver(results, seconds=time.perf_counter() - began)
        finally:
            self._connection.close()

    def _commit(self, batch: list[Job]) -> list[JobResult]:
        """Run the batch in one transaction; returns the results of its writes."""
        began = None
        try:
            self._take_write_lock()
            results = [self._run_one(job) for job in batch]
            began = time.perf_counter()
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):  # this thread must go on: without it every write would hang
                    self._connection.execute("ROLLBACK")
            maybe_written = began is not None and not is_undone(error)
            # One for each caller: an exception that several raise carries the traces of all, and is logged once.
            return [JobResult(job, error=store_error(error, maybe_written=maybe_written)) for job in batch]
        self._observer.batch_committed(size=len(batch), seconds=time.perf_counter() - began)
        return results

    def _take_write_lock(self) -> None:
        """Begin the transaction: the other processes that use the file take turns with this one."""
        began = time.perf_counter()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._observer.write_lock_waited(seconds=time.perf_counter() - began)

    def _run_one(self, job: Job) -> JobResult:
        """Run one write in its savepoint. Raises sqlite3.Error only if the whole transaction is lost."""
        self._connection.execute("SAVEPOINT one")
        try:
            value = job.run(self._connection)
        except Exception as error:
            if not self._connection.in_transaction:  # SQLite has rolled everything back, for example on a full disk
                if isinstance(error, sqlite3.Error):
                    raise
                raise sqlite3.OperationalError("the transaction was lost") from error
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return JobResult(job, error=store_error(error) if isinstance(error, sqlite3.Error) else error)
        self._connection.execute("RELEASE one")
        return JobResult(job, value=value)
