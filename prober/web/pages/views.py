"""The endpoints of the pages.

The event loop only reads statuses and history. Slow work, which is to sort thousands of targets and to render, is done
in a thread, one page at a time, so that pages do not compete with probes for the CPU.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from prober.outcome import Verdict
from prober.status import ProbeStatus
from prober.web.app_state import AppState
from prober.web.pages.assets import SECURITY, Assets
from prober.web.pages.badge import Tone, badge
from prober.web.pages.detail import ScheduleState, detail_of, shown_probes
from prober.web.pages.formatting import exactly, one_line, percent
from prober.web.pages.front import front_of
from prober.web.pages.list_query import ListQuery, Selection, select_targets
from prober.web.pages.recent_history import RecentHistory, TargetHistory

REFRESH_SECONDS: Final = 15
_BADGE_SECONDS: Final = 30


class Views:
    """`/`, `/targets/{name}`, `/badge/{target}.svg` and `/static/{file}`, each a method."""

    def __init__(self, app_state: AppState):
        self._app_state = app_state
        self._assets = Assets()
        self._past = RecentHistory(app_state.history)
        self._one_page = asyncio.Lock()

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.front),
            Route("/targets/{name}", self.target),
            Route("/badge/{target}.svg", self.badge),
            Route("/static/{file}", self.static),
        ]

    async def front(self, request: Request) -> Response:
        query, now = ListQuery.of(request.query_params), datetime.now(UTC)
        async with self._one_page:
            selection = await asyncio.to_thread(select_targets, self._app_state.statuses.targets(), query, now)
            past = await self._past.all_targets([each.target.target.name for each in selection.shown], now)
            maintenance = frozenset(self._in_maintenance(selection))
            page = await asyncio.to_thread(self._front, selection, query, now, past, maintenance)
        return self._page(page)

    async def target(self, request: Request) -> Response:
        name, now = request.path_params["name"], datetime.now(UTC)
        try:
            target = self._app_state.statuses.target(name)
        except KeyError:
            name = one_line(name, most=200)
            page = self._render("missing.html", now, verdict=Verdict.UNKNOWN, root="../", name=name)
            return self._page(page, status=404)
        async with self._one_page:
            shown = await asyncio.to_thread(shown_probes, target, ListQuery.of(request.query_params).page)
            past = await self._past.one_target(name, now)
            detail = detail_of(
                target,
                shown,
                now=now,
                started_at=self._app_state.started_at,
                past=past,
                schedule=self._schedule(shown[1]),
            )
            page = await asyncio.to_thread(
                self._render, "target.html", now, verdict=detail.verdict, root="../", detail=detail
            )
        return self._page(page)

    async def badge(self, request: Request) -> Response:
        name = request.path_params["target"]
        try:
            target = self._app_state.statuses.target(name)
        except KeyError:
            return self._badge(request, badge(name, "no such target", Verdict.UNKNOWN), status=404)
        if request.query_params.get("show") != "uptime":
            text = target.verdict.value if target.probes else "disabled"
            return self._badge(request, badge(name, text, target.verdict))
        uptime = await self._past.uptime(name, datetime.now(UTC))
        text = f"{percent(uptime)} uptime" if uptime is not None else "uptime unknown"
        return self._badge(request, badge(name, text, _tone(uptime)))

    async def static(self, request: Request) -> Response:
        asset = self._assets.named(request.path_params["file"])
        return asset.response() if asset else Response("no such file\n", 404, media_type="text/plain", headers=SECURITY)

    def _front(
        self,
        selection: Selection,
        query: ListQuery,
        now: datetime,
        past: Mapping[str, TargetHistory] | None,
        maintenance: frozenset[str],
    ) -> str:
        front = front_of(selection, query, now=now, past=past, maintenance=maintenance)
        return self._render("front.html", now, verdict=front.verdict, root="./", front=front)

    def _render(self, template: str, now: datetime, **values: Any) -> str:
        """Render a page with `values` and the state of the prober, which every page shows."""
        status = {
            "now": now.isoformat(timespec="seconds"),
            "exact": exactly(now),
            "location": one_line(self._app_state.location or "", most=80),
            "since": self._app_state.started_at.isoformat(timespec="seconds"),
            "since_exact": exactly(self._app_state.started_at),
            "suspects": self._app_state.suspects(),
            "ready": self._app_state.ready(),
            "refresh": REFRESH_SECONDS,
        }
        return self._assets.render(template, {"status": status, **values})

    def _in_maintenance(self, selection: Selection) -> Iterable[str]:
        for target in (each.target for each in selection.shown):
            for probe in (status.probe for status in target.probes):
                if (target.target.maintenance or probe.maintenance) and self._app_state.in_maintenance(probe.name):
                    yield probe.name

    def _schedule(self, statuses: Iterable[ProbeStatus]) -> dict[str, ScheduleState]:
        names = [status.probe.name for status in statuses]
        next_due, in_maintenance = self._app_state.next_due, self._app_state.in_maintenance
        return {name: ScheduleState(next_due=next_due(name), maintenance=in_maintenance(name)) for name in names}

    @staticmethod
    def _page(html: str, *, status: int = 200) -> Response:
        return HTMLResponse(html, status, headers={"Cache-Control": "no-store", **SECURITY})

    @staticmethod
    def _badge(request: Request, svg: str, *, status: int = 200) -> Response:
        content = svg.encode()
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"Cache-Control": f"public, max-age={_BADGE_SECONDS}", "ETag": tag, **SECURITY}
        if status == 200 and tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, status, headers=headers, media_type="image/svg+xml")


def _tone(uptime: float | None) -> Tone:
    """The colour of an uptime: green from 99 %, amber from 95 %."""
    if uptime is None:
        return Verdict.UNKNOWN
    if uptime >= 0.99:
        return Verdict.PASS
    return "warning" if uptime >= 0.95 else Verdict.FAIL
