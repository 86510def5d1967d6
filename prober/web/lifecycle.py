"""/-/healthy, /-/ready and /-/reload, for supervisors and operators."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from prober.web.allowed_hosts import is_cross_site
from prober.web.app_state import AppState
from prober.web.responses import refuse


def routes(app_state: AppState, *, external_url: str | None) -> list[Route]:
    """The texts are for people; programs read the status code."""

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("healthy\n")

    async def ready(_: Request) -> Response:
        return PlainTextResponse("ready\n") if app_state.ready() else PlainTextResponse("not ready\n", 503)

    async def reload(request: Request) -> Response:
        if is_cross_site(request.headers, external_url=external_url):
            raise refuse(403, "a page of another site may not reload this prober")
        mistake = await app_state.reload()
        return PlainTextResponse("reloaded\n") if mistake is None else PlainTextResponse(f"{mistake}\n", 500)

    return [
        Route("/-/healthy", healthy),
        Route("/-/ready", ready),
        Route("/-/reload", reload, methods=["POST"]),
    ]
