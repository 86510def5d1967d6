"""The endpoints of the page for others, and nothing else: one more application, on a listener of its own.

A page, the feed and each badge are made once from each overview, compressed in a thread, and kept: a crowd of readers
must not take time from probes.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.report.formatting import exactly
from prober.web.app_state import AppState
from prober.web.errors import http_error, internal_error
from prober.web.http_server import Web
from prober.web.middleware import AccessMiddleware
from prober.web.pages.assets import Assets
from prober.web.pages.badge import badge
from prober.web.pages.list_query import ListQuery, paged
from prober.web.public.feed import CONTENT_TYPE, feed_of
from prober.web.public.overview import FRESH_SECONDS, Overview, Overviews
from prober.web.public.public_page import PublicPage
from prober.web.public.shown import PAGE_SIZE, TONES, overall, page_of, short_headline
from prober.web.responses import refuse

REFRESH_SECONDS: Final = 60
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script at all, and nothing of another origin."""
_HEADERS: Final = {"Content-Security-Policy": POLICY, "Cache-Control": f"public, max-age={FRESH_SECONDS:g}"}
_STATIC: Final = ("style", "public", "icon-")
"""How the names of files begin that belong to this page."""
_KEPT: Final = 256
"""Answers that are kept of one overview."""


def public_application(app_state: AppState, web: Web, chosen: PublicPage) -> Starlette:
    """Served by `web.serving`, as the endpoints of the operator are by theirs."""
    endpoints = _Endpoints(app_state, web, chosen)
    return Starlette(
        routes=[
            Route("/", endpoints.page),
            Route("/feed.atom", endpoints.feed),
            Route("/badge.svg", endpoints.overall_badge),
            Route("/badge/{target}.svg", endpoints.badge),
            Route("/static/{file}", endpoints.static),
        ],
        middleware=[Middleware(AccessMiddleware, web=web)],
        exception_handlers={HTTPException: http_error, Exception: internal_error},
    )


@dataclass(frozen=True, kw_only=True)
class _Made:
    """A body, plain and compressed."""

    body: bytes
    compressed: bytes
    tag: str


class _Endpoints:
    """Each a method. Used in the event loop."""

    def __init__(self, app_state: AppState, web: Web, chosen: PublicPage) -> None:
        self._app_state, self._web = app_state, web
        self._overviews = Overviews(app_state, chosen)
        self._assets = Assets()
        self._of: Overview | None = None
        self._made: dict[tuple[Any, ...], _Made] = {}
        self._one_at_a_time = asyncio.Lock()

    async def page(self, request: Request) -> Response:
        found = len((await self._overviews.latest()).targets)
        number = paged(found, ListQuery.of(request.query_params).page, size=PAGE_SIZE).number

        def made(overview: Overview) -> str:
            values = {
                "page": page_of(overview, number=number, url=self._url),
                "at": overview.at.isoformat(timespec="seconds"),
                "exact": exactly(overview.at),
                "ready": overview.ready,
                "suspects": overview.suspects,
                "refresh": REFRESH_SECONDS,
            }
            return self._assets.render("public.html", values)

        return await self._answer(request, ("page", number), made, "text/html; charset=utf-8")

    async def feed(self, request: Request) -> Response:
        if self._app_state.history is None:
            raise refuse(404, "this prober keeps no history, which a feed is made of")
        if (await self._overviews.latest()).incidents is None:
            raise refuse(503, "history gives no answer")
        return await self._answer(
            request,
            ("feed",),
            lambda overview: feed_of(overview, url=self._url, started_at=self._app_state.started_at),
            CONTENT_TYPE,
        )

    async def overall_badge(self, request: Request) -> Response:
        def made(overview: Overview) -> str:
            return badge("servers", short_headline(overview), TONES[overall(overview)])

        return await self._answer(request, ("badge",), made, "image/svg+xml")

    async def badge(self, request: Request) -> Response:
        name = request.path_params["target"]
        shown = (await self._overviews.latest()).by_name.get(name)
        if shown is None:
            raise refuse(404, "no such server")
        svg = badge(name, shown.condition.value, TONES[shown.condition])
        return await self._answer(request, ("badge", name), lambda _: svg, "image/svg+xml")

    async def static(self, request: Request) -> Response:
        name = request.path_params["file"]
        asset = self._assets.named(name) if name.startswith(_STATIC) else None
        if asset is None:
            raise refuse(404, "no such file")
        response = asset.response()
        response.headers["Content-Security-Policy"] = POLICY
        return response

    async def _answer(
        self, request: Request, key: tuple[Any, ...], make: Callable[[Overview], str], content_type: str
    ) -> Response:
        made = await self._kept(key, make)
        headers = {**_HEADERS, "Content-Type": content_type, "ETag": made.tag, "Vary": "Accept-Encoding"}
        if made.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(made.compressed, headers={**headers, "Content-Encoding": "gzip"})
        return Response(made.body, headers=headers)

    async def _kept(self, key: tuple[Any, ...], make: Callable[[Overview], str]) -> _Made:
        overview = await self._overviews.latest()
        async with self._one_at_a_time:
            if self._of is not overview:
                self._of, self._made = overview, {}
            if key not in self._made:
                if len(self._made) >= _KEPT:
                    self._made.clear()
                self._made[key] = await asyncio.to_thread(_made, make, overview)
            return self._made[key]

    @property
    def _url(self) -> str:
        """The URL of the page, with a slash at its end."""
        return f"{self._web.url.rstrip('/')}/"


def _made(make: Callable[[Overview], str], overview: Overview) -> _Made:
    body = make(overview).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return _Made(body=body, compressed=gzip.compress(body, compresslevel=1), tag=tag)
