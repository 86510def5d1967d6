"""The pages over HTTP: asked for, put together, sent.

The event loop only looks at the statuses and asks history. What takes longer, sorting thousands of targets and
rendering, is done in a thread, one page at a time, so that no probe is measured while pages fight for the processor.
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
from prober.status import ProbeStatus, TargetStatus
from prober.web.app_state import AppState
from prober.web.pages.assets import SECURITY, Assets
from prober.web.pages.badge import Tone, badge
from prober.web.pages.detail import Detail, Known, detail_of, shown_probes
from prober.web.pages.formatting import brief, exactly, percent
from prober.web.pages.front import Front, front_of
from prober.web.pages.list_query import Choice, ListQuery, choose
from prober.web.pages.recent_history import Past, RecentHistory

REFRESH_SECONDS: Final = 15
_BADGE_SECONDS: Final = 30


class Views:
    """The endpoints, each a method, over one AppState."""

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
            choice = await asyncio.to_thread(choose, self._app_state.statuses.targets(), query, now)
            past = await self._past.of_all([each.target.target.name for each in choice.shown], now)
            maintenance = frozenset(self._in_maintenance(choice))
            page = await asyncio.to_thread(self._front, choice, query, now, past, maintenance)
        return self._page(page)

    async def target(self, request: Request) -> Response:
        name, now = request.path_params["name"], datetime.now(UTC)
        try:
            target = self._app_state.statuses.target(name)
        except KeyError:
            values = {
                "name": brief(name, most=200),
                "verdict": Verdict.UNKNOWN,
                "root": "../",
                "status": self._status(now),
            }
            return self._page(self._assets.render("missing.html", values), status=404)
        async with self._one_page:
            shown = await asyncio.to_thread(shown_probes, target, ListQuery.of(request.query_params).page)
            past = await self._past.of_one(name, now)
            detail = detail_of(
                target,
                shown,
                now=now,
                started_at=self._app_state.started_at,
                past=past,
                known=self._known(shown[1]),
            )
            page = await asyncio.to_thread(self._detail, detail, now)
        return self._page(page)

    async def badge(self, request: Request) -> Response:
        name = request.path_params["target"]
        try:
            target = self._app_state.statuses.target(name)
        except KeyError:
            return self._badge(request, badge(name, "no such target", Verdict.UNKNOWN), status=404)
        if request.query_params.get("show") != "uptime":
            return self._badge(request, badge(name, target.verdict.value, target.verdict))
        uptime = await self._past.uptime(name, datetime.now(UTC))
        told = f"{percent(uptime)} uptime" if uptime is not None else "uptime unknown"
        return self._badge(request, badge(name, told, _tone(uptime)))

    async def static(self, request: Request) -> Response:
        asset = self._assets.named(request.path_params["file"])
        return asset.response() if asset else Response("no such file\n", 404, media_type="text/plain", headers=SECURITY)

    def _front(
        self,
        choice: Choice,
        query: ListQuery,
        now: datetime,
        past: Mapping[str, Past] | None,
        maintenance: frozenset[str],
    ) -> str:
        front: Front = front_of(choice, query, now=now, past=past, maintenance=maintenance)
        values = {"front": front, "verdict": front.verdict, "root": "./", "status": self._status(now)}
        return self._assets.render("front.html", values)

    def _detail(self, detail: Detail, now: datetime) -> str:
        values = {"detail": detail, "verdict": detail.verdict, "root": "../", "status": self._status(now)}
        return self._assets.render("target.html", values)

    def _status(self, now: datetime) -> Mapping[str, Any]:
        """What stands on every page, of the prober itself."""
        return {
            "now": now.isoformat(timespec="seconds"),
            "exact": exactly(now),
            "location": brief(self._app_state.location or "", most=80),
            "since": self._app_state.started_at.isoformat(timespec="seconds"),
            "since_exact": exactly(self._app_state.started_at),
            "suspects": self._app_state.suspects(),
            "ready": self._app_state.ready(),
            "refresh": REFRESH_SECONDS,
        }

    def _in_maintenance(self, choice: Choice) -> Iterable[str]:
        for each in choice.shown:
            yield from self._windowed(each.target)

    def _windowed(self, target: TargetStatus) -> Iterable[str]:
        for status in target.probes:
            if (target.target.maintenance or status.probe.maintenance) and self._maintained(status):
                yield status.probe.name

    def _maintained(self, status: ProbeStatus) -> bool:
        return self._app_state.in_maintenance(status.probe.name)

    def _known(self, statuses: Iterable[ProbeStatus]) -> dict[str, Known]:
        return {
            status.probe.name: Known(
                next_due=self._app_state.next_due(status.probe.name), maintenance=self._maintained(status)
            )
            for status in statuses
        }

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
    """The colour of an uptime: two nines are well, one is not."""
    if uptime is None:
        return Verdict.UNKNOWN
    if uptime >= 0.99:
        return Verdict.PASS
    return "warning" if uptime >= 0.95 else Verdict.FAIL
