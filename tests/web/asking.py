"""Asking the endpoints over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from prober.web import AppState, Web, application


@asynccontextmanager
async def asking(app_state: AppState, web: Web | None = None, **client: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served application, at its URL."""
    web = web or Web()
    async with (
        web.serving(application(app_state, web)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=20, **client) as asker,
    ):
        yield asker
