"""Opens the parts of the daemon that an operator may leave out: history and telemetry."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from prober.daemon.logs import log, trouble_log
from prober.daemon.settings import Settings
from prober.history import HistoryStore
from prober.metrics import Metrics
from prober.status import StatusStore

if TYPE_CHECKING:
    from prober.otel.telemetry import Telemetry


def open_history(
    settings: Settings, *, statuses: StatusStore, metrics: Metrics, stack: AsyncExitStack
) -> HistoryStore | None:
    """The history, closed at the end of the stack; None where none is kept. Raises HistoryError."""
    if settings.history is None:
        return None
    tell = trouble_log("history")

    def trouble(why: str | None) -> None:
        metrics.history_up(why is None)
        tell(why)

    metrics.history_up(True)
    history = HistoryStore.open(
        settings.history,
        statuses=statuses,
        retention=settings.retention,
        on_trouble=trouble,
        on_moved=lambda what: log(logging.WARNING, "history_moved_aside", message=what),
    )
    stack.push_async_callback(history.close)
    return history


def open_telemetry(settings: Settings, *, stack: AsyncExitStack) -> Telemetry | None:
    """Spans and metrics by OTLP, stopped at the end of the stack; None where nobody asked. Raises OtelError."""
    if not settings.otel:
        return None
    from prober.otel import opening

    trouble = trouble_log("telemetry", level=logging.WARNING)
    telemetry = opening.open_telemetry(location=settings.location, on_trouble=trouble)
    if telemetry is not None:
        stack.push_async_callback(asyncio.to_thread, telemetry.stop)
    return telemetry
