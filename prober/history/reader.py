"""The threads that read: a connection each, one consistent view per question, a bound on its time."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from prober.history.schema import HistoryError, connect_to_read, is_damage

THREADS: Final = 2
_STEPS_BETWEEN_LOOKS: Final = 20_000

T = TypeVar("T")
Question = Callable[[sqlite3.Connection], T]


class Reader:
    """Asks the file. It is opened when the first question comes, and again when another file is in its place."""

    def __init__(self, path: Path, *, seconds: float, on_damage: Callable[[str], None] = lambda _why: None) -> None:
        """`seconds` is the most a question may take, its wait for a thread included.

        `on_damage` hears, in any thread, that the file itself is broken.
        """
        self._path, self._seconds, self._on_damage = path, seconds, on_damage
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="history-reader")
        self._mine = threading.local()
        self._connections: dict[int, sqlite3.Connection] = {}

    async def ask(self, question: Question[T]) -> T:
        """Raises HistoryError where there is no answer, or none in time."""
        deadline = time.monotonic() + self._seconds
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self.answer, question, deadline)
        except RuntimeError as error:  # of an executor that was shut down
            raise HistoryError(f"{self._path} is closed") from error

    def answer(self, question: Question[T], deadline: float) -> T:
        """In the calling thread. `deadline` in monotonic seconds."""
        try:
            if time.monotonic() > deadline:
                raise sqlite3.OperationalError("interrupted")
            connection = self._connection()
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
            connection.execute("BEGIN")
            try:
                return question(connection)
            finally:
                connection.set_progress_handler(None, 0)
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if str(error) == "interrupted":
                raise HistoryError(f"{self._path}: no answer within {self._seconds:g} s; ask for less") from None
            if is_damage(error) and self._is_current():
                self._on_damage(str(error))
            raise HistoryError(f"{self._path} cannot be read: {error}") from error
        except OSError as error:
            raise HistoryError(f"{self._path} cannot be read: {error.strerror}") from error

    def close(self) -> None:
        """Wait for the questions that are being answered, which is bounded as they are."""
        self._pool.shutdown(cancel_futures=True)
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _is_current(self) -> bool:
        """Whether what the calling thread reads is still at its place, and has not been moved aside meanwhile."""
        mine: tuple[int, sqlite3.Connection] | None = getattr(self._mine, "connection", None)
        with suppress(FileNotFoundError):
            return mine is not None and mine[0] == self._path.stat().st_ino
        return False

    def _connection(self) -> sqlite3.Connection:
        """The calling thread's own."""
        inode = self._path.stat().st_ino
        mine: tuple[int, sqlite3.Connection] | None = getattr(self._mine, "connection", None)
        if mine is not None and mine[0] == inode:
            return mine[1]
        if mine is not None:
            mine[1].close()
        connection = connect_to_read(self._path)
        self._mine.connection = (inode, connection)
        self._connections[threading.get_ident()] = connection
        return connection
