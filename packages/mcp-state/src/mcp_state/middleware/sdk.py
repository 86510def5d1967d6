"""Tool calls of a server of the official SDK, version 2: counted and timed, with errors that say what was written.

server = MCPServer("notes")
instrument(server, StateMetrics(store="sqlite"))

@server.tool()
@readable_errors
async def add_note(text: str) -> int: ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, ParamSpec, TypeVar, overload

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from mcp_state.calls import Calls
from mcp_state.errors import StoreError, explained
from mcp_state.metrics import StateMetrics

P = ParamSpec("P")
R = TypeVar("R")


@overload
def instrument(server: MCPServer[Any], metrics: StateMetrics) -> None: ...
@overload
def instrument(server: Server[Any], metrics: StateMetrics, *, tools: Collection[str]) -> None: ...
def instrument(
    server: MCPServer[Any] | Server[Any], metrics: StateMetrics, *, tools: Collection[str] | None = None
) -> None:
    """Count the server's tool calls as `mcp_tool_*`, outside of all other middleware: as its callers see them.

    An MCPServer says itself which tools it has, those that are added later included; of a low-level Server, `tools`
    are their names.
    """
    server.middleware.insert(0, _CallMetrics(server, metrics, tools=tools))


def readable_errors(tool: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Decorate a tool so that its caller reads what the store refused, and whether anything was written.

    The SDK hides the text of all other exceptions, and logs a trace for each.
    """

    @functools.wraps(tool)
    async def readable(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await tool(*args, **kwargs)
        except StoreError as error:
            raise ToolError(explained(error)) from error

    return readable


class _CallMetrics:
    """Middleware that counts and times tool calls."""

    def __init__(
        self, server: MCPServer[Any] | Server[Any], metrics: StateMetrics, *, tools: Collection[str] | None
    ) -> None:
        self._server = server
        self._tools = tools
        self._calls = Calls(metrics, is_tool=self._is_tool)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass every message on; count tool calls only."""
        if ctx.method != "tools/call":
            return await call_next(ctx)
        return await self._calls.count((ctx.params or {}).get("name"), lambda: call_next(ctx), is_error=_is_error)

    async def _is_tool(self, name: str) -> bool:
        if isinstance(self._server, MCPServer):
            return any(tool.name == name for tool in await self._server.list_tools())
        return name in (self._tools or ())


def _is_error(result: HandlerResult) -> bool:
    if isinstance(result, Mapping):
        return bool(result.get("isError"))
    return bool(getattr(result, "is_error", False))
