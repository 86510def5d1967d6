"""Renders pages: what every page shows of the prober, and one page at a time, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from starlette.responses import HTMLResponse, Response

from prober.report.formatting import exactly
from prober.web.app_state import AppState
from prober.web.pages.assets import SECURITY, Assets
from prober.web.pages.formatting import ago, lines_within, one_line, since

REFRESH_SECONDS: Final = 15
_MAX_COMPLAINT: Final = 2_000

T = TypeVar("T")


class Renderer:
    """The templates, filled. Slow work goes through `in_thread`: pages must not compete with probes for the CPU."""

    def __init__(self, app_state: AppState):
        self.assets = Assets()
        self._app_state = app_state
        self._one_page = asyncio.Lock()

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """The result of slow work on a page."""
        async with self._one_page:
            return await asyncio.to_thread(work, *arguments)

    def render(self, template: str, now: datetime, **values: Any) -> str:
        """A page with `values` and the state of the prober, which every page shows."""
        state = self._app_state
        status = {
            "now": now.isoformat(timespec="seconds"),
            "exact": exactly(now),
            "location": one_line(state.location or "", most=80),
            "since": state.started_at.isoformat(timespec="seconds"),
            "since_exact": exactly(state.started_at),
            "suspects": state.suspects(),
            "ready": state.ready(),
            "has_schedule": state.schedule,
            "has_sources": bool(state.sources()),
            "refused": self._refused_configuration(now),
            "refresh": REFRESH_SECONDS,
        }
        return self.assets.render(template, {"status": status, **values})

    def _refused_configuration(self, now: datetime) -> dict[str, Any] | None:
        loaded = self._app_state.loaded()
        if loaded.refused_at is None:
            return None
        return {
            "when": ago(loaded.refused_at, now),
            "why": lines_within(loaded.refused_for, most=_MAX_COMPLAINT),
            "in_force": since(loaded.since, now),
        }


def page(html: str, *, status: int = 200) -> Response:
    """A response that is never kept."""
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store", **SECURITY})
