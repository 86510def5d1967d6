"""The one writing thread of a process: writes wait a moment for company and go in one transaction.

SQLite has one writer at a time and pays for durability per commit, not per row; so fifty callers who share a commit
are served many times cheaper than fifty commits. A write is answered only after the commit it went with.

How long a batch stays open: until the window has passed since its first write, until it is full, or until it has as
many writes as the batch before it. The last rule is why a lone caller waits for nobody: after a batch of one, one
write is a batch. Under steady load every caller who was answered comes back, the batch is complete, and closes early.

Each write runs in its own savepoint: one that fails takes back its own changes and no others.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from prober.reference.stores.protocol import StoreObserver
from prober.reference.stores.sqlite.error_mapping import store_error
from prober.reference.stores.sqlite.jobs import Job, JobQueue, Settled

T = TypeVar("T")

MAX_BATCH: Final = 512
"""Writes in one transaction at most: bounds what one crash or one slow commit can touch."""


class Writer:
    """Runs writes in batches on a connection and a thread of its own."""

    def __init__(self, connection: sqlite3.Connection, *, window: float, observer: StoreObserver) -> None:
        """Start the thread. `window` is in seconds; 0 commits every write by itself."""
        self._connection = connection
        self._window = window
        self._observer = observer
        self._queue = JobQueue(largest=MAX_BATCH if window > 0 else 1)
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer")
        self._thread.start()

    async def run(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """Run a write on the connection; returns after it was committed.

        Raises:
            StoreBusyError: nothing was written; too many writes wait, or another process held the database too long.
            StoreUnavailableError: the database failed, or the writer is closed.
        """
        return await self._queue.run(write)

    async def close(self) -> None:
        """Finish what was accepted, then end the thread and close the connection."""
        self._queue.close()
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        size = 1
        try:
            while batch := self._queue.take(expected=size, patience=self._window):
                size = len(batch)
                self._queue.settle(self._commit(batch))
        finally:
            self._connection.close()

    def _commit(self, batch: list[Job]) -> list[Settled]:
        """One transaction for the batch, and what to answer each of its writes."""
        began = None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            settled = [self._run_one(job) for job in batch]
            began = time.perf_counter()
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            failure = store_error(error, maybe_written=began is not None)
            return [Settled(job, error=failure) for job in batch]
        self._observer.batch_committed(size=len(batch), seconds=time.perf_counter() - began)
        return settled

    def _run_one(self, job: Job) -> Settled:
        """Run one write in its savepoint. Raises sqlite3.Error only where the whole transaction is lost."""
        self._connection.execute("SAVEPOINT one")
        try:
            value = job.run(self._connection)
        except Exception as error:
            if not self._connection.in_transaction:  # a full disk, say, makes SQLite roll everything back
                if isinstance(error, sqlite3.Error):
                    raise
                raise sqlite3.OperationalError("the transaction was lost") from error
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return Settled(job, error=store_error(error) if isinstance(error, sqlite3.Error) else error)
        self._connection.execute("RELEASE one")
        return Settled(job, value=value)
