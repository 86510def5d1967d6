"""The endpoints of the daemon, put together as one ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from prober.history import HistoryError
from prober.web import api, lifecycle, metrics_endpoint, pages, probe_endpoint, service_discovery
from prober.web.app_state import AppState
from prober.web.listener import Web
from prober.web.middleware import AccessMiddleware, set_usual
from prober.web.responses import problem


def application(app_state: AppState, web: Web | None = None) -> Starlette:
    """Everything that the daemon serves; `web` says who may ask. To be run by `web.serving`."""
    web = web or Web()
    return Starlette(
        routes=[
            *metrics_endpoint.routes(app_state),
            *probe_endpoint.routes(app_state, external_url=web.external_url),
            *service_discovery.routes(app_state, external_url=web.external_url),
            *lifecycle.routes(app_state, external_url=web.external_url),
            *api.routes(app_state),
            *pages.routes(app_state),
        ],
        # Compression inside the gate, whose refusals are short. Level 1: a page of metrics shrinks to a tenth at any.
        middleware=[Middleware(AccessMiddleware, web=web), Middleware(GZipMiddleware, compresslevel=1)],
        exception_handlers={HTTPException: _refused, HistoryError: _forgotten, Exception: _broken},
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(request.url.path, error.status_code, error.detail, error.headers)


async def _forgotten(request: Request, error: Exception) -> Response:
    return problem(request.url.path, 503, f"history gives no answer: {error}")


async def _broken(request: Request, _: Exception) -> Response:
    """A fault of ours. What it was stands in the log, and is nobody else's business."""
    response = problem(request.url.path, 500, "the prober failed to answer; its log says why")
    # This answer is given outside the gate.
    set_usual(MutableHeaders(raw=response.raw_headers), {})
    return response
