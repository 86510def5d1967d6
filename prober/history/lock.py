"""One process per history file.

SQLite would let two daemons write to one file, and each would count the other's runs as its own.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self


class FileLock:
    """Held from its making until `release`, or until the process ends in whatever way.

    The lock is on a file beside the database: to close any descriptor of the database itself would drop the locks that
    SQLite holds on it (POSIX record locks belong to the process, not to the descriptor).
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path) -> Self:
        """Raises BlockingIOError if another process holds it, OSError if there can be no such file."""
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Let others in. The file stays: to remove it would let two in that wait for it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
