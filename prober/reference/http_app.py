"""The HTTP application: the MCP endpoint, metrics, health and debug pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mcp_state.errors import StoreError
from mcp_state.middleware import page
from prober.reference.context import Context
from prober.reference.faults import control
from prober.reference.faults.switches import FaultSwitches

_STORE_TIMEOUT: Final = 2.0
"""Seconds that a health check waits for the store: it is always answered."""

Page = Callable[[Request], Awaitable[Response]]

_MAX_CONTENDED: Final = 20
"""Contended sessions on the page."""


def build(
    context: Context,
    switches: FaultSwitches,
    endpoint: Sequence[BaseRoute],
    *,
    path: str,
    allowed_hosts: Sequence[str] = (),
) -> Starlette:
    """The application: the given routes of the MCP endpoint at `path`, and the pages."""

    async def metrics(request: Request) -> Response:
        await page.count_sessions(context.recorder.metrics, context.store.count)
        return page.answer(context.recorder.metrics, request)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        try:
            async with asyncio.timeout(_STORE_TIMEOUT):
                await context.store.check()
        except (StoreError, TimeoutError) as error:
            return PlainTextResponse(f"the store cannot be used: {error or 'too slow'}\n", status_code=503)
        if context.recorder.failures.trouble:
            return PlainTextResponse(f"{context.recorder.failures.trouble}\n", status_code=503)
        return PlainTextResponse("ready\n")

    async def contention(request: Request) -> Response:
        if not control.is_local(request):
            return JSONResponse({"error": "only for callers on this machine"}, status_code=403)
        worst = context.recorder.contention.top(_MAX_CONTENDED)
        return JSONResponse({"sessions": [asdict(session) for session in worst]})

    def unless_rebound(shown: Page) -> Page:
        """A page that no web site can read by pointing its own name at this machine."""

        async def guarded(request: Request) -> Response:
            if control.is_rebound(request, allowed_hosts):
                return PlainTextResponse("not served under this host name: see --allowed-host\n", status_code=421)
            return await shown(request)

        return guarded

    return Starlette(
        routes=[
            # Before the endpoint, which would open a stream that never ends and carries nothing.
            Route(path, _only_post, methods=["GET", "DELETE"]),
            *endpoint,
            Route("/metrics", unless_rebound(metrics)),
            Route("/healthz", unless_rebound(healthz)),
            Route("/readyz", unless_rebound(readyz)),
            Route("/debug/contention", contention),
            # Values that were cached while a fault was on must not outlive the fault.
            control.route(switches, changed=context.configs.invalidate_all),
        ]
    )


async def _only_post(_request: Request) -> Response:
    """This server keeps no session of a client, so it has nothing to send outside of answers, and nothing to end."""
    return PlainTextResponse("this endpoint answers POST only\n", status_code=405, headers={"allow": "POST"})
