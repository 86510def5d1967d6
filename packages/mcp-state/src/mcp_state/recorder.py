"""What happens to shared state, reported by the parts of this package: counted, ranked and logged in one place."""

from __future__ import annotations

import logging
from typing import Final, Literal

from mcp_state.contention import Contention
from mcp_state.errors import ConflictError, GaveUpError, RejectedError
from mcp_state.logs import log
from mcp_state.metrics import StateMetrics
from mcp_state.protocol import CacheResult, Origin, Outcome
from mcp_state.store_failures import StoreFailures

LOCK_WAIT_WARNING: Final = 0.5
"""Seconds; a longer wait for a lock is logged."""


class StateRecorder:
    """The Recorder of a server with one store."""

    def __init__(
        self,
        metrics: StateMetrics,
        *,
        rejections: tuple[type[Exception], ...] = (),
        lock_wait_warning: float = LOCK_WAIT_WARNING,
    ) -> None:
        """`rejections` are exceptions by which your own code refuses a write that its caller got wrong, such as the
        `ToolError` of your framework. Any other foreign exception counts as a failure of the store.
        """
        self.metrics: Final = metrics
        self.contention: Final = Contention()
        """Which handles the conflicts and the long waits are about, which no label could hold."""
        self.failures: Final = StoreFailures(store=metrics.store)
        self._rejections: tuple[type[Exception], ...] = (RejectedError, *rejections)
        self._lock_wait_warning = lock_wait_warning

    def outcome_of(self, error: Exception) -> Literal["conflict", "rejected", "failed"]:
        """The label value of a write that ended with this error."""
        if isinstance(error, ConflictError):
            return "conflict"
        return "rejected" if isinstance(error, self._rejections) else "failed"

    def conflict_met(self, *, tool: str, handle: str, retries: int) -> None:
        """Counted, ranked and logged."""
        self.metrics.conflict_met(tool=tool)
        self.contention.add(handle, tool=tool)
        self._log(logging.WARNING, "write_conflict", tool=tool, handle=handle, retry_count=retries)

    def write_ended(
        self, *, tool: str, handle: str, error: Exception | None = None, retries: int | None = None
    ) -> None:
        """Counted; a failure is logged, and remembered for readiness."""
        outcome: Outcome = "ok" if error is None else self.outcome_of(error)
        self.metrics.write_ended(tool=tool, outcome=outcome)
        if retries is not None:
            self.metrics.retries_ended(tool=tool, retries=retries)
        if error is None:
            self.failures.write_succeeded()
            return
        self.failures.write_failed(error)
        if outcome == "failed":
            self.failures.log(error, tool=tool, writes=True, handle=handle)
        if isinstance(error, GaveUpError):
            log(logging.ERROR, "write_gave_up", session_id=handle, tool=tool, tries=error.tries)

    def lock_waited(self, *, tool: str, handle: str, seconds: float) -> None:
        """Observed; a long wait is ranked and logged."""
        self.metrics.lock_waited(tool=tool, seconds=seconds)
        if seconds > self._lock_wait_warning:
            self.contention.add(handle, tool=tool)
            self._log(logging.WARNING, "lock_wait", tool=tool, handle=handle, wait_seconds=round(seconds, 3))

    def release_failed(self, *, tool: str, handle: str, error: Exception) -> None:
        """Logged."""
        log(logging.WARNING, "release_failed", session_id=handle, tool=tool, error=type(error).__name__)

    def event_appended(self, *, tool: str) -> None:
        """Counted."""
        self.metrics.event_appended(tool=tool)

    def log_replayed(self, *, tool: str, events: int) -> None:
        """Observed."""
        self.metrics.log_replayed(tool=tool, events=events)

    def snapshot_ended(self, *, handle: str, number: int, error: Exception | None = None) -> None:
        """Counted, or logged."""
        if error is None:
            self.metrics.snapshot_written()
        else:
            log(logging.WARNING, "snapshot_failed", session_id=handle, number=number, error=type(error).__name__)

    def cache_read(self, *, tool: str, result: CacheResult) -> None:
        """Counted."""
        self.metrics.cache_read(tool=tool, result=result)

    def cache_invalidated(self, *, origin: Origin) -> None:
        """Counted."""
        self.metrics.cache_invalidated(origin=origin)

    def _log(self, level: int, event: str, *, tool: str, handle: str, **facts: object) -> None:
        log(level, event, session_id=handle, tool=tool, **facts, store=self.metrics.store)
