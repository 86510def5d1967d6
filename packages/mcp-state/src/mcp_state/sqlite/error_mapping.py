"""Maps exceptions of sqlite3 to errors of the store protocol."""

from __future__ import annotations

import sqlite3
from typing import Final

from mcp_state.errors import StoreBusyError, StoreError, StoreUnavailableError

_PRIMARY: Final = 0xFF
"""Extended result codes carry the primary one in their low byte."""

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

_UNFINISHED: Final = _BUSY | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}
"""A commit that failed so never got its last frame into the log: no reader, and no recovery, will ever see it. After
other failures, such as that of a sync, the frame may be there.
"""


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds the database, so that a retry may succeed."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _BUSY


def is_undone(error: sqlite3.Error) -> bool:
    """Whether a commit that failed with this error certainly wrote nothing."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code in _UNFINISHED or code & _PRIMARY in _BUSY


def store_error(error: sqlite3.Error, *, maybe_written: bool = False) -> StoreError:
    """The store's error."""
    if is_busy(error):
        return StoreBusyError("another process holds the database for longer than the busy timeout")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreUnavailableError(f"SQLite failed with {name}: {error}", maybe_written=maybe_written)
