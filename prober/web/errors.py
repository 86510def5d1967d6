"""Answers of endpoints that raise."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from prober.web.middleware import set_headers
from prober.web.responses import problem


async def http_error(request: Request, error: Exception) -> Response:
    """What an endpoint refuses."""
    assert isinstance(error, HTTPException)
    return problem(request.url.path, error.status_code, error.detail, error.headers)


async def history_error(request: Request, error: Exception) -> Response:
    """History has no answer."""
    return problem(request.url.path, 503, f"history gives no answer: {error}")


async def internal_error(request: Request, _: Exception) -> Response:
    """A bug of ours. The log has the traceback; the client must not see it."""
    response = problem(request.url.path, 500, "the prober failed to answer; its log says why")
    # Starlette sends this response outside the middleware.
    set_headers(MutableHeaders(raw=response.raw_headers), {})
    return response
