"""Keeps the metrics up to date that nothing announces: load, size of the history, sources of targets, own outage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

from prober.daemon.logs import log
from prober.daemon.scheduling import Opened
from prober.history import HistoryStore
from prober.metrics import Metrics
from prober.sources.watcher import SourceState

_INTERVAL: Final = 1.0
"""Seconds between two updates."""


@asynccontextmanager
async def polled(
    opened: Opened,
    metrics: Metrics,
    history: HistoryStore | None,
    *,
    sources: Callable[[], Mapping[str, SourceState]],
    suspects: Callable[[], bool],
) -> AsyncIterator[None]:
    """Update the polled metrics while the block runs."""

    async def poll() -> None:
        suspected = False
        while True:
            metrics.load(running=opened.schedule.running, waiting=opened.schedule.waiting)
            metrics.workers(opened.workers())
            if history:
                metrics.history_size(history.bytes, dropped=history.dropped)
            metrics.sources(sources())
            suspecting = suspects()
            metrics.suspects(suspecting)
            if suspecting != suspected:
                log(logging.WARNING, "suspects_itself" if suspecting else "trusts_itself")
            suspected = suspecting
            await asyncio.sleep(_INTERVAL)

    polling = asyncio.create_task(poll(), name="poll metrics")
    try:
        yield
    finally:
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling
