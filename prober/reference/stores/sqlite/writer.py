"""The one writing thread of a process: writes wait a moment for company and go in one transaction.

SQLite has one writer at a time and pays for durability per commit, not per row; so fifty callers who share a commit
are served fifty times cheaper than fifty commits. A write is answered only after the commit it went with.

How long a batch stays open: until the window has passed since its first write, until it is full, or until it has as
many writes as the batch before it. The last rule is why a lone caller waits for nobody: after a batch of one, one
write is a batch. Under steady load every caller who was answered comes back, the batch is complete, and closes early.

Each write runs in its own savepoint: one that fails takes back its own changes and no others.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from prober.reference.stores.errors import StoreBusy, StoreUnavailable
from prober.reference.stores.protocol import StoreObserver
from prober.reference.stores.sqlite.foreign import store_error

T = TypeVar("T")

MAX_BATCH: Final = 512
"""Writes in one transaction at most: bounds what one crash or one slow commit can touch."""

MAX_WAITING: Final = 10_000
"""Writes queued at most; beyond it the store says busy instead of growing without end."""


@dataclass(frozen=True, slots=True)
class _Write:
    run: Callable[[sqlite3.Connection], Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Settled:
    answer: asyncio.Future[Any]
    value: Any = None
    error: BaseException | None = None


class Writer:
    """Runs writes in batches on a connection and a thread of its own."""

    def __init__(self, connection: sqlite3.Connection, *, window: float, observer: StoreObserver) -> None:
        """Start the thread. `window` is in seconds; 0 commits every write by itself."""
        self._connection = connection
        self._window = window
        self._max_batch = MAX_BATCH if window > 0 else 1
        self._observer = observer
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._accepts = True
        self._last_size = 1
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer")
        self._thread.start()

    async def run(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """Run a write on the connection; returns after it was committed.

        Raises:
            StoreBusy: nothing was written; too many writes wait, or another process held the database too long.
            StoreUnavailable: the database failed, or the writer is closed.
        """
        if not self._accepts:
            raise StoreUnavailable("the store is closed")
        if self._queue.qsize() >= MAX_WAITING:
            raise StoreBusy(f"{MAX_WAITING} writes wait already")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Write(write, answer))
        return await answer

    async def close(self) -> None:
        """Finish what was accepted, then end the thread and close the connection."""
        self._accepts = False
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        try:
            while batch := self._next_batch():
                settled = self._commit(batch)
                self._last_size = len(batch)
                self._loop.call_soon_threadsafe(_settle, settled)
        finally:
            self._connection.close()

    def _next_batch(self) -> list[_Write]:
        """Collect a batch; empty at the end. The closing mark is put back, to be met again after the batch."""
        first = self._queue.get()
        if first is None:
            return []
        batch = [first]
        closes_at = time.monotonic() + self._window
        while len(batch) < self._max_batch:
            try:
                patience = closes_at - time.monotonic() if len(batch) < self._last_size else 0.0
                write = self._queue.get(timeout=patience) if patience > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if write is None:
                self._queue.put(None)
                break
            batch.append(write)
        return batch

    def _commit(self, batch: list[_Write]) -> list[_Settled]:
        """One transaction for the batch, and what to answer each of its writes."""
        began = None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            settled = [self._run_one(write) for write in batch]
            began = time.perf_counter()
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            failure = store_error(error, maybe_written=began is not None)
            return [_Settled(write.answer, error=failure) for write in batch]
        self._observer.batch_committed(size=len(batch), seconds=time.perf_counter() - began)
        return settled

    def _run_one(self, write: _Write) -> _Settled:
        """Run one write in its savepoint. Raises sqlite3.Error only where the whole transaction is lost."""
        self._connection.execute("SAVEPOINT one")
        try:
            value = write.run(self._connection)
        except Exception as error:
            if not self._connection.in_transaction:  # a full disk, say, makes SQLite roll everything back
                if isinstance(error, sqlite3.Error):
                    raise
                raise sqlite3.OperationalError("the transaction was lost") from error
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return _Settled(write.answer, error=store_error(error) if isinstance(error, sqlite3.Error) else error)
        self._connection.execute("RELEASE one")
        return _Settled(write.answer, value=value)


def _settle(settled: list[_Settled]) -> None:
    for each in settled:
        if each.answer.done():  # its caller was cancelled; the write stands all the same
            continue
        if each.error is None:
            each.answer.set_result(each.value)
        else:
            each.answer.set_exception(each.error)
