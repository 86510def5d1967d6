"""Puts the endpoints of the daemon together as one ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from prober.history import HistoryError
from prober.web import (
    api,
    debug_api,
    incidents_api,
    lifecycle,
    metrics_endpoint,
    probe_endpoint,
    report_endpoint,
    service_discovery,
)
from prober.web.app_state import AppState
from prober.web.errors import history_error, http_error, internal_error
from prober.web.http_server import Web
from prober.web.middleware import AccessMiddleware
from prober.web.pages import config_page, sources_page
from prober.web.pages.renderer import Renderer
from prober.web.pages.run_pages import RunPages
from prober.web.pages.views import Views


def application(app_state: AppState, web: Web | None = None) -> Starlette:
    """All endpoints; `web.serving` runs them and `web` decides who may use them."""
    web = web or Web()
    renderer = Renderer(app_state)

    def authenticated() -> bool:
        return bool(web.users)

    return Starlette(
        routes=[
            *metrics_endpoint.routes(app_state),
            *probe_endpoint.routes(app_state, external_url=web.external_url, authenticated=authenticated),
            *service_discovery.routes(app_state, external_url=web.external_url, authenticated=authenticated),
            *lifecycle.routes(app_state, external_url=web.external_url),
            *api.routes(app_state),
            *report_endpoint.routes(app_state),
            *incidents_api.routes(app_state, external_url=web.external_url),
            *debug_api.routes(app_state),
            *Views(app_state, renderer, authenticated=authenticated).routes,
            *RunPages(app_state, renderer, external_url=web.external_url, authenticated=authenticated).routes,
            *config_page.routes(app_state, renderer),
            *sources_page.routes(app_state, renderer),
        ],
        # Compression inside the gate, whose refusals are short. Level 1: a page of metrics shrinks to a tenth at any.
        middleware=[Middleware(AccessMiddleware, web=web), Middleware(GZipMiddleware, compresslevel=1)],
        exception_handlers={HTTPException: http_error, HistoryError: history_error, Exception: internal_error},
    )
