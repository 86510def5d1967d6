"""Opens the parts of the daemon that an operator may leave out: history, telemetry and the page for others."""

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
from prober.web import AppState, Web, public_application

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


class PublicPageError(Exception):
    """The page for others cannot be served; says why."""


async def open_public_page(settings: Settings, app_state: AppState, *, stack: AsyncExitStack) -> str | None:
    """Serve it until the end of the stack; its URL. None where none is wanted. Raises PublicPageError."""
    chosen = settings.public
    if chosen is None:
        return None
    try:
        web = Web(host=chosen.host, port=chosen.port, external_url=chosen.url, url_option="--public-url")
        url = await stack.enter_async_context(web.serving(public_application(app_state, web, chosen)))
    except ValueError as error:  # --public-url is no URL
        raise PublicPageError(str(error)) from None
    except OSError as error:
        raise PublicPageError(f"--public-page {chosen.host}:{chosen.port}: {error.strerror or error}") from None
    log(logging.INFO, "public_page", url=url)
    return url
