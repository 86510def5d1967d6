"""The endpoints of runs: the last ones, each with its exchange, and the button that makes one.

    /debug/probes?target=&probe=&verdict=       the last runs, newest first, of those that are kept in memory
    /runs/{run}/{probe}                         one run: its evidence and, while they are kept, its exchanges
    /runs/{run}                                 the same for who knows the id alone, as an exemplar does
    POST /probes/{probe}/run                    runs a probe now, and leads to the page of that run

A page of another site runs nothing. A probe that may write is run only where this prober has users: whoever may see the
page may press the button.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from prober.config.document.diagnostics import did_you_mean
from prober.config.document.nodes import printable
from prober.outcome import Verdict
from prober.recent import RecentRun
from prober.web.allowed_hosts import is_cross_site
from prober.web.app_state import AppState
from prober.web.found_runs import find_runs
from prober.web.pages.formatting import one_line
from prober.web.pages.renderer import Renderer, page
from prober.web.pages.run_view import page_of, rows_of
from prober.web.responses import refuse

SHOWN: Final = 100
"""Runs in a list."""


class RunPages:
    """Each endpoint is a method."""

    def __init__(
        self, app_state: AppState, renderer: Renderer, *, external_url: str | None, authenticated: Callable[[], bool]
    ):
        self._app_state, self._renderer = app_state, renderer
        self._external_url, self._authenticated = external_url, authenticated

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/debug/probes", self.newest),
            Route("/runs/{run}", self.run),
            Route("/runs/{run}/{probe}", self.run),
            Route("/probes/{probe}/run", self.run_now, methods=["POST"]),
        ]

    async def newest(self, request: Request) -> Response:
        query = {name: request.query_params.get(name, "")[:200] for name in ("target", "probe", "verdict")}
        verdict = Verdict(query["verdict"]) if query["verdict"] in set(Verdict) else None
        found = self._app_state.recent_runs.newest(
            SHOWN, target=query["target"] or None, probe=query["probe"] or None, verdict=verdict
        )
        filters = [
            {"title": title, "link": "?" + urlencode({**query, "verdict": value}), "chosen": query["verdict"] == value}
            for title, value in (("All", ""), ("Failed", "fail"), ("Unknown", "unknown"), ("Passed", "pass"))
        ]
        about = ", ".join(one_line(query[name], most=100) for name in ("target", "probe") if query[name])
        return await self._list(found, root="../", title="The last runs", about=about, filters=filters)

    async def run(self, request: Request) -> Response:
        wanted, probe = request.path_params["run"], request.path_params.get("probe")
        root = "../../" if probe is not None else "../"
        found, is_recent = await find_runs(self._app_state, wanted, probe)
        if not found:
            name = one_line(" of ".join(filter(None, (wanted, probe))), most=300)
            html = self._renderer.render(
                "missing.html", datetime.now(UTC), verdict=Verdict.UNKNOWN, root=root, what="run", name=name
            )
            return page(html, status=404)
        if len(found) > 1:
            return await self._list(found, root=root, title="Runs that began together", about="", filters=[])
        address = self._external_url or f"{request.url.scheme}://{request.url.netloc}"
        return await self._one(found[0], root=root, address=address, is_recent=is_recent)

    async def run_now(self, request: Request) -> Response:
        if is_cross_site(request.headers, external_url=self._external_url):
            raise refuse(403, "a page of another site may not run probes")
        name = request.path_params["probe"]
        try:
            probe = self._app_state.statuses.probe(name).probe
        except KeyError:
            known = [status.probe.name for status in self._app_state.statuses.probes()]
            complaint = f"no such probe: {printable(name[:200])}"
            raise refuse(404, did_you_mean(complaint, name[:200], known)) from None
        if probe.allow_writes and not self._authenticated():
            raise refuse(
                403,
                f"{name} may write (allow_writes), so the page runs it only if --web-config gives this prober users",
            )
        outcome = await self._app_state.run_now(name, timeout=None)
        run = RecentRun(outcome=outcome).run_id
        return RedirectResponse(f"../../runs/{run}/{quote(name, safe='')}", 303)

    async def _list(
        self, found: list[RecentRun], *, root: str, title: str, about: str, filters: list[dict[str, Any]]
    ) -> Response:
        now = datetime.now(UTC)
        values = {"title": title, "about": about, "filters": filters, "verdict": Verdict.UNKNOWN, "root": root}

        def made() -> str:
            return self._renderer.render("runs.html", now, **values, runs=rows_of(found, now))

        return page(await self._renderer.in_thread(made))

    async def _one(self, run: RecentRun, *, root: str, address: str, is_recent: bool) -> Response:
        now, outcome, statuses = datetime.now(UTC), run.outcome, self._app_state.statuses
        status = statuses.find(outcome.target, outcome.probe)
        shown = page_of(
            run,
            now,
            is_recent=is_recent,
            paths=self._app_state.paths,
            daemon=address,
            may_be_run=status is not None and (self._authenticated() or not status.probe.allow_writes),
            has_target=any(each.target.name == outcome.target for each in statuses.targets()),
        )

        def made() -> str:
            return self._renderer.render("run.html", now, verdict=outcome.verdict, root=root, page=shown)

        return page(await self._renderer.in_thread(made))
