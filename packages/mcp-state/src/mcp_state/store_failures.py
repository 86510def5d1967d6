"""Calls that failed because of the store: logged, and remembered for readiness.

A caller that gets an error may retry or go away; the operator must learn of it from the server. So each failure is
logged, at most one line a second for the same tool and error, with the number of calls since the line before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from mcp_state.errors import StoreError, StoreUnavailableError
from mcp_state.logs import log

_PAUSE: Final = 1.0
"""Seconds between two lines about the same: an outage must not fill the disk with its log."""

_REMEMBERED: Final = 10.0
"""Seconds that a failed write makes the server unready. A server that is not ready gets no calls, and so no chance to
show that it can write again: this ends by itself, and soon, for it prolongs every outage of the store.
"""


class StoreFailures:
    """The failures of one server."""

    def __init__(self, *, store: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`store` is the name of the store."""
        self._store = store
        self._clock = clock
        self._logged_at: dict[tuple[str, str], float] = {}
        self._calls: dict[tuple[str, str], int] = {}
        self._failed_write: tuple[float, str] | None = None

    @property
    def trouble(self) -> str | None:
        """Why writes cannot be relied on: the newest one failed a short time ago."""
        if self._failed_write is None:
            return None
        at, message = self._failed_write
        ago = self._clock() - at
        return f"the last write failed {ago:.0f} s ago: {message}" if ago < _REMEMBERED else None

    def write_succeeded(self) -> None:
        """A write reached the store."""
        self._failed_write = None

    def write_failed(self, error: Exception) -> None:
        """A write did not. A store that is busy, or that refused a write for a good reason, can still be written to."""
        if isinstance(error, StoreUnavailableError):
            self._failed_write = self._clock(), str(error)

    def log(self, error: Exception, *, tool: str, writes: bool, handle: str | None) -> None:
        """Log the failure of one call. The text of a foreign exception is not logged: it may quote arguments.

        A failed write is logged once, by whichever layer comes first: the one that made it or the one that answers.
        """
        if writes and isinstance(error, StoreError):
            if error.logged:
                return
            error.logged = True
        key = tool, type(error).__name__
        self._calls[key] = self._calls.get(key, 0) + 1
        now = self._clock()
        if now - self._logged_at.get(key, now - _PAUSE) < _PAUSE:
            return
        self._logged_at[key] = now
        detail = error.detail if isinstance(error, StoreUnavailableError) else ""
        reason = str(error) if isinstance(error, StoreError) else "unforeseen"
        maybe_written = isinstance(error, StoreUnavailableError) and error.maybe_written
        log(
            logging.ERROR,
            "write_failed" if writes else "read_failed",
            session_id=handle,
            tool=tool,
            store=self._store,
            error=type(error).__name__,
            reason=f"{reason}: {detail}" if detail else reason,
            maybe_written=maybe_written,
            calls=self._calls.pop(key),
        )
