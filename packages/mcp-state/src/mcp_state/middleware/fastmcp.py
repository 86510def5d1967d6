"""Tool calls of a FastMCP server, version 4: counted and timed.

server = FastMCP("notes")
instrument(server, StateMetrics(store="sqlite"))
"""

from __future__ import annotations

from typing import Any

import mcp_types
from fastmcp import FastMCP
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import ToolResult

from mcp_state.calls import Calls
from mcp_state.metrics import StateMetrics


def instrument(server: FastMCP[Any], metrics: StateMetrics) -> None:
    """Count the server's tool calls as `mcp_tool_*`. Call it before other middleware is added, to be outside of it.

    A request whose parameters are malformed does not reach FastMCP's middleware, and so is not counted.
    """
    server.add_middleware(_CallMetrics(server, metrics))


class _CallMetrics(Middleware):
    """Middleware that counts and times tool calls."""

    def __init__(self, server: FastMCP[Any], metrics: StateMetrics) -> None:
        self._server = server
        self._calls = Calls(metrics, is_tool=self._is_tool)

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Count one call."""
        return await self._calls.count(
            context.message.name, lambda: call_next(context), is_error=lambda result: result.is_error
        )

    async def _is_tool(self, name: str) -> bool:
        return await self._server.get_tool(name) is not None
