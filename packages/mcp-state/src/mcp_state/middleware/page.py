"""The page of metrics beside the MCP endpoint of a server on HTTP, for Prometheus to read.

serve_page(server, metrics, sessions=store.count)
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from starlette.requests import Request
from starlette.responses import Response

from mcp_state.errors import StoreError
from mcp_state.metrics import StateMetrics

_PATIENCE: Final = 2.0
"""Seconds that the page waits for the store: a scrape is always answered."""


class HasRoutes(Protocol):
    """A server of the official SDK, or of FastMCP."""

    def custom_route(self, path: str, methods: list[str]) -> Callable[[Any], Any]:
        """Serve what the function answers."""
        ...


def serve_page(
    server: HasRoutes,
    metrics: StateMetrics,
    *,
    sessions: Callable[[], Awaitable[int]] | None = None,
    path: str = "/metrics",
) -> None:
    """Serve the metrics at `path`. `sessions` says how many sessions live, such as the `count` of a store."""

    async def page(request: Request) -> Response:
        if sessions is not None:
            await count_sessions(metrics, sessions)
        return answer(metrics, request)

    server.custom_route(path, ["GET"])(page)


def answer(metrics: StateMetrics, request: Request) -> Response:
    """The metrics, in the format that the request asks for."""
    content, content_type = metrics.page(request.headers.get("accept", ""))
    return Response(content, headers={"content-type": content_type})


async def count_sessions(metrics: StateMetrics, sessions: Callable[[], Awaitable[int]]) -> None:
    """Set `mcp_active_sessions`; to not a number where the store does not say it in time."""
    try:
        async with asyncio.timeout(_PATIENCE):
            metrics.active_sessions.set(await sessions())
    except (StoreError, TimeoutError):
        metrics.active_sessions.set(math.nan)
