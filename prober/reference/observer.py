"""Passes a store's reports to the metrics, and a change of the circuit breaker also to the log."""

from __future__ import annotations

import logging

from prober.reference.logs import log
from prober.reference.metrics import ReferenceMetrics


class StoreReports:
    """The observer that the server gives to its store."""

    def __init__(self, metrics: ReferenceMetrics, *, store: str) -> None:
        self._metrics = metrics
        self._store = store

    def batch_committed(self, *, size: int, seconds: float) -> None:
        """A transaction was committed."""
        self._metrics.batch_committed(size=size, seconds=seconds)

    def pool_changed(self, *, in_use: int, idle: int) -> None:
        """The present number of connections."""
        self._metrics.pool_changed(in_use=in_use, idle=idle)

    def pool_waited(self, *, seconds: float) -> None:
        """A call waited for a connection."""
        self._metrics.pool_waited(seconds=seconds)

    def breaker_changed(self, *, is_open: bool) -> None:
        """The circuit breaker opened or closed. Logged, because all calls fail at once while it is open."""
        self._metrics.breaker_changed(is_open=is_open)
        log(logging.ERROR if is_open else logging.WARNING, "breaker", dependency=self._store, open=is_open)
