"""The MCP server with all tools, and the middleware that counts calls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerMiddleware, ServerRequestContext
from mcp.server.mcpserver import MCPServer

from prober import __version__
from prober.reference.metrics import ReferenceMetrics
from prober.reference.state.context import Context
from prober.reference.tools import configuration, locks, sessions, steps, workflow
from prober.reference.tools.registry import ToolRegistry

_INSTRUCTIONS = """\
Keeps the shared state of agents' workflows. Start with create_session; every other tool takes its handle as session_id.
Any number of agents may work on one session at once. A refused write says why and what to do."""

_LISTING = CacheHint(ttl_ms=0, scope="public")
"""The listing never depends on the caller; it is not kept, because faults change it at run time."""


def build(context: Context, *, middleware: tuple[ServerMiddleware[Any], ...]) -> MCPServer[Any]:
    """The server. `middleware` runs inside CallMetrics, so that its faults are counted as callers see them."""
    tools = ToolRegistry(context)
    for theme in (sessions, steps, workflow, configuration, locks):
        theme.register(tools, context)
    return MCPServer(
        "mcp-prober-reference",
        title="mcp-prober reference server",
        version=__version__,
        instructions=_INSTRUCTIONS,
        tools=tools.tools,
        middleware=(CallMetrics(context.metrics), *middleware),
        cache_hints={"tools/list": _LISTING},
    )


class CallMetrics:
    """Middleware that counts and times tool calls."""

    def __init__(self, metrics: ReferenceMetrics) -> None:
        self._metrics = metrics

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass every message on; count tool calls only."""
        if ctx.method != "tools/call":
            return await call_next(ctx)
        began = time.perf_counter()
        status = "error"
        try:
            result = await call_next(ctx)
            status = "error" if _is_error(result) else "ok"
            return result
        finally:
            name = (ctx.params or {}).get("name")
            self._metrics.call_ended(tool_name=str(name), status=status, seconds=time.perf_counter() - began)


def _is_error(result: HandlerResult) -> bool:
    if isinstance(result, Mapping):
        return bool(result.get("isError"))
    return bool(getattr(result, "is_error", False))
