"""The MCP server with all tools."""

from __future__ import annotations

from typing import Any

from mcp.server.caching import CacheHint
from mcp.server.context import ServerMiddleware
from mcp.server.mcpserver import MCPServer

from mcp_state.middleware.sdk import instrument
from prober import __version__
from prober.reference.context import Context
from prober.reference.tools import configuration, locks, registers, sessions, steps, workflow
from prober.reference.tools.registry import ToolRegistry

_INSTRUCTIONS = """\
Keeps the shared state of agents' workflows. Start with create_session; every other tool takes its handle as session_id.
Any number of agents may work on one session at once. A refused write says why and what to do."""

_LISTING = CacheHint(ttl_ms=0, scope="public")
"""The listing never depends on the caller; it is not kept, because faults change it at run time."""


def build(context: Context, *, middleware: tuple[ServerMiddleware[Any], ...]) -> MCPServer[Any]:
    """The server. `middleware` runs inside what counts the calls, so that faults are counted as callers see them."""
    tools = ToolRegistry(context)
    for theme in (sessions, steps, registers, workflow, configuration, locks):
        theme.register(tools, context)
    mcp: MCPServer[Any] = MCPServer(
        "mcp-prober-reference",
        title="mcp-prober reference server",
        version=__version__,
        instructions=_INSTRUCTIONS,
        tools=tools.tools,
        middleware=middleware,
        cache_hints={"tools/list": _LISTING},
    )
    instrument(mcp, context.recorder.metrics)
    return mcp
