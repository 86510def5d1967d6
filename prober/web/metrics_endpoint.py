"""/metrics: the metrics of all probes and of the daemon itself, for Prometheus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.web.app_state import AppState
from prober.web.responses import streamed


def routes(app_state: AppState) -> list[Route]:
    """OpenMetrics where `Accept` asks for it, else the text format 0.0.4."""

    async def metrics(request: Request) -> Response:
        accept = request.headers.get("accept")
        content_type = app_state.metrics.content_type(accept)
        return streamed(request, app_state.metrics.render(accept), content_type=content_type)

    return [Route("/metrics", metrics)]
