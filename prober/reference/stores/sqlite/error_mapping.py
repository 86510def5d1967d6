"""Maps exceptions of sqlite3 to errors of the store protocol."""

from __future__ import annotations

import sqlite3
from typing import Final

from prober.reference.stores.errors import StoreBusyError, StoreError, StoreUnavailableError

_PRIMARY: Final = 0xFF
"""Extended result codes carry the primary one in their low byte."""

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds the database, so that a retry may succeed."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _BUSY


def store_error(error: sqlite3.Error, *, maybe_written: bool = False) -> StoreError:
    """The store's error."""
    if is_busy(error):
        return StoreBusyError("another process holds the database for longer than the busy timeout")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreUnavailableError(f"SQLite failed with {name}: {error}", maybe_written=maybe_written)
