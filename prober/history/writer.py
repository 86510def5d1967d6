"""The thread that writes, and the bounded queue before it.

Probing must never wait for a disk. So a result is put in a queue, which takes no lock of anybody's; the thread takes
what has come within half a second and writes it in one transaction. When the disk is full, read-only, locked or gone,
the thread says so once, keeps the batch it has, and tries again after one second, two, four … at most a minute, with
a file it opens anew; meanwhile the queue fills to its bound, and what comes then is dropped and counted.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from prober.history.history_file import HistoryFile, InUseError
from prober.history.schema import HistoryError, UnusableFileError, is_damage
from prober.history.write_connection import Entry, Skip, WriteConnection

BATCH_SECONDS: Final = 0.5
BATCH_ROWS: Final = 500
QUEUE: Final = 20_000
"""Two minutes of ten thousand probes; some 20 MB when it is full."""
COMPACT_SECONDS: Final = 300.0
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
_STOP_SECONDS: Final = 30.0

Trouble = Callable[[str | None], None]


class Writer:
    """Opens the file in the calling thread, so that what history remembers can be asked for at once."""

    def __init__(
        self,
        file: HistoryFile,
        *,
        on_trouble: Trouble,
        clock: Callable[[], datetime],
        queue: int = QUEUE,
    ) -> None:
        """`on_trouble` is called in the writer's thread. Raises InUseError."""
        self._file, self._on_trouble, self._clock = file, on_trouble, clock
        self._most = queue
        self._queue: deque[Entry | Skip] = deque()
        self._batch: list[Entry | Skip] = []
        self._overflowed = self._unwritten = 0
        self._arrived, self._enough, self._stopping = threading.Event(), threading.Event(), threading.Event()
        self._damage: str | None = None
        self._trouble: str | None = None
        self._wait = _FIRST_WAIT
        self._compacted = time.monotonic()
        self._connection: WriteConnection | None = None
        try:
            self._connection = file.open()
        except InUseError:
            raise
        except (sqlite3.Error, OSError, HistoryError) as error:
            self._trouble = str(error)
        self.bytes = self._connection.bytes if self._connection else 0
        self._thread = threading.Thread(target=self._run, name="history-writer", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Entries that will never be in the file."""
        return self._overflowed + self._unwritten

    def put(self, entry: Entry | Skip) -> None:
        """Never waits, never raises. From one thread only."""
        if self._stopping.is_set() or len(self._queue) + len(self._batch) >= self._most:
            self._overflowed += 1
            return
        self._queue.append(entry)
        if not self._arrived.is_set():
            self._arrived.set()
        if len(self._queue) >= BATCH_ROWS and not self._enough.is_set():
            self._enough.set()

    def damaged(self, why: str) -> None:
        """Somebody who read the file found it broken."""
        self._damage = why
        self._arrived.set()

    def stop(self) -> None:
        """Write what is queued, close the file, end the thread; in trouble, after one last try.

        Waits for it, but not for ever: a disk that hangs must not keep the process from ending.
        """
        self._stopping.set()
        self._arrived.set()
        self._enough.set()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        if self._trouble is not None:
            self._tell(self._trouble)
        while not self._stopping.is_set():
            if self._trouble is None:
                self._arrived.wait(max(0.0, self._compacted + COMPACT_SECONDS - time.monotonic()))
                self._enough.wait(BATCH_SECONDS)
            else:
                self._stopping.wait(self._wait)
            self._arrived.clear()
            self._enough.clear()
            self._turn()
        self._turn()
        self._unwritten += len(self._batch) + len(self._queue)
        self._batch = []
        self._queue.clear()
        if self._connection is not None:
            self._connection.close()
        self._file.close()

    def _turn(self) -> None:
        """Write all that is there, or be in trouble."""
        try:
            connection = self._open_connection()
            while self._batch or self._queue:
                connection = self._open_connection()  # what came meanwhile must not go into a file that was removed
                self._write(connection)
                if connection.full:
                    self._compact(connection)
            if time.monotonic() >= self._compacted + COMPACT_SECONDS:
                self._compact(connection)
            self.bytes = connection.bytes
        except (sqlite3.Error, OSError, HistoryError) as error:
            if is_damage(error):
                self._file.damaged(str(error))
            self._stumble(str(error))
        except Exception as error:  # the thread must outlive a mistake of ours; what it was made on must not come again
            self._unwritten += len(self._batch)
            self._batch = []
            self._stumble(f"{type(error).__name__}: {error}")
        else:
            self._recover()

    def _open_connection(self) -> WriteConnection:
        if self._damage is not None:
            why, self._damage = self._damage, None
            raise UnusableFileError(why)
        if self._connection is not None and self._connection.gone:
            raise OSError("the file was removed or replaced")
        if self._connection is None:
            self._connection = self._file.open()
        return self._connection

    def _write(self, connection: WriteConnection) -> None:
        while self._queue and len(self._batch) < BATCH_ROWS:
            self._batch.append(self._queue.popleft())
        self._unwritten += connection.write(self._batch)
        self._batch = []

    def _compact(self, connection: WriteConnection) -> None:
        connection.compact(self._clock())
        self._compacted = time.monotonic()

    def _stumble(self, why: str) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._trouble is None:
            self._trouble = why
            self._tell(why)
        else:
            self._wait = min(self._wait * 2, _LONGEST_WAIT)

    def _recover(self) -> None:
        self._wait = _FIRST_WAIT
        if self._trouble is not None:
            self._trouble = None
            self._tell(None)

    def _tell(self, why: str | None) -> None:
        with suppress(Exception):  # whoever listens badly must not end the thread
            self._on_trouble(why)
