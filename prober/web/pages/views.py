"""The endpoints of the status page.

The event loop only reads statuses and history. Slow work, which is to sort thousands of targets and to render, is done
in a thread (`renderer.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from prober.outcome import Verdict
from prober.report.formatting import percent
from prober.status import ProbeStatus
from prober.web.app_state import AppState
from prober.web.pages.assets import SECURITY
from prober.web.pages.badge import Tone, badge
from prober.web.pages.detail import ScheduleState, detail_of, shown_probes
from prober.web.pages.formatting import one_line
from prober.web.pages.front import front_of
from prober.web.pages.list_query import ListQuery, select_targets
from prober.web.pages.recent_history import RecentHistory
from prober.web.pages.renderer import Renderer, page
from prober.web.pages.run_view import rows_of

_LATEST_RUNS: Final = 10
"""Runs on the page of a target."""
_BADGE_SECONDS: Final = 30


class Views:
    """`/`, `/targets/{name}`, `/badge/{target}.svg` and `/static/{file}`, each a method."""

    def __init__(self, app_state: AppState, renderer: Renderer, *, authenticated: Callable[[], bool]):
        self._app_state = app_state
        self._renderer = renderer
        self._authenticated = authenticated
        self._past = RecentHistory(app_state.history)

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
        targets, in_thread = self._app_state.statuses.targets(), self._renderer.in_thread
        selection = await in_thread(select_targets, targets, query, now, self._in_maintenance)
        past = await self._past.all_targets([each.target.target.name for each in selection.shown], now)

        def made() -> str:
            front = front_of(
                selection,
                query,
                now=now,
                past=past,
                minutes=lambda name: self._app_state.pace.by_the_minute(name, now),
                in_maintenance=self._in_maintenance,
            )
            return self._renderer.render("front.html", now, verdict=front.verdict, root="./", front=front)

        return page(await in_thread(made))

    async def target(self, request: Request) -> Response:
        name, now = request.path_params["name"], datetime.now(UTC)
        try:
            target = self._app_state.statuses.target(name)
        except KeyError:
            html = self._renderer.render(
                "missing.html", now, verdict=Verdict.UNKNOWN, root="../", what="target", name=one_line(name, most=200)
            )
            return page(html, status=404)
        in_thread = self._renderer.in_thread
        shown = await in_thread(shown_probes, target, ListQuery.of(request.query_params).page)
        past = await self._past.one_target(name, now)
        detail = detail_of(
            target,
            shown,
            now=now,
            started_at=self._app_state.started_at,
            past=past,
            minutes=self._app_state.pace.by_the_minute(name, now),
            schedule=self._schedule(shown[1]),
            may_write=self._authenticated(),
        )
        runs = rows_of(self._app_state.recent_runs.newest(_LATEST_RUNS, target=name), now)
        values = {"verdict": detail.verdict, "root": "../", "detail": detail, "runs": runs}
        return page(await in_thread(lambda: self._renderer.render("target.html", now, **values)))

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
        asset = self._renderer.assets.named(request.path_params["file"])
        return asset.response() if asset else Response("no such file\n", 404, media_type="text/plain", headers=SECURITY)

    def _in_maintenance(self, status: ProbeStatus) -> bool:
        try:
            return self._app_state.in_maintenance(status.probe.name)
        except KeyError:  # a reload has removed it meanwhile
            return False

    def _schedule(self, statuses: Iterable[ProbeStatus]) -> dict[str, ScheduleState]:
        names = [status.probe.name for status in statuses]
        next_due, in_maintenance = self._app_state.next_due, self._app_state.in_maintenance
        return {name: ScheduleState(next_due=next_due(name), maintenance=in_maintenance(name)) for name in names}

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
