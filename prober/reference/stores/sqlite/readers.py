"""The reading threads: each with a connection of its own, so a read waits for no write and for no other read."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from prober.reference.stores.errors import StoreBusy, StoreUnavailable
from prober.reference.stores.protocol import StoreObserver
from prober.reference.stores.sqlite.foreign import store_error

T = TypeVar("T")


class Readers:
    """A pool of reading threads with a bounded wait."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], *, size: int, max_wait: float, observer: StoreObserver
    ) -> None:
        """`max_wait` is how many seconds a read waits for a free thread before the store says busy."""
        self._connect = connect
        self._size = size
        self._max_wait = max_wait
        self._observer = observer
        self._free = asyncio.Semaphore(size)
        self._in_use = 0
        self._accepts = True
        self._connections: list[sqlite3.Connection] = []
        self._of_thread = threading.local()
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="sqlite-reader")
        observer.pool_changed(in_use=0, idle=size)

    async def run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run a read on one of the connections.

        Raises:
            StoreBusy: no thread became free in time.
            StoreUnavailable: the database failed, or the pool is closed.
        """
        await self._take()
        try:
            if not self._accepts:
                raise StoreUnavailable("the store is closed")
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, read)
        except sqlite3.Error as error:
            raise store_error(error) from error
        finally:
            self._in_use -= 1
            self._observer.pool_changed(in_use=self._in_use, idle=self._size - self._in_use)
            self._free.release()

    async def close(self) -> None:
        """Let running reads finish, then end the threads and close their connections."""
        self._accepts = False
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    async def _take(self) -> None:
        """Wait for a free thread, and count it as taken."""
        waited = 0.0
        if self._free.locked():
            began = time.perf_counter()
            try:
                async with asyncio.timeout(self._max_wait):
                    await self._free.acquire()
            except TimeoutError as error:
                raise StoreBusy(f"all {self._size} reading connections stayed busy for {self._max_wait} s") from error
            waited = time.perf_counter() - began
        else:
            await self._free.acquire()
        self._in_use += 1
        self._observer.pool_waited(seconds=waited)
        self._observer.pool_changed(in_use=self._in_use, idle=self._size - self._in_use)

    def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """In one of the threads. The first read of a thread opens its connection."""
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            self._connections.append(connection)
        return read(connection)
