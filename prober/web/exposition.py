"""/metrics: everything the daemon knows of its probes and of itself, for Prometheus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.web.answers import streamed
from prober.web.desk import Desk


def routes(desk: Desk) -> list[Route]:
    """OpenMetrics where `Accept` asks for it, else the text format 0.0.4."""

    async def metrics(request: Request) -> Response:
        accept = request.headers.get("accept")
        content_type = desk.metrics.content_type(accept)
        return streamed(request, desk.metrics.render(accept), content_type=content_type)

    return [Route("/metrics", metrics)]
