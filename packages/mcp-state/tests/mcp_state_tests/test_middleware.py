"""Tool calls of real servers, of both frameworks, counted and timed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import fastmcp
import pytest
from fastmcp.tools.base import ToolResult as FastResult
from mcp import Client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent, Tool

from mcp_state import StateMetrics
from mcp_state.errors import StoreUnavailableError
from mcp_state.middleware import fastmcp as for_fastmcp
from mcp_state.middleware import sdk

from .conftest import Sample

BROKEN: Final = "the tool is broken"


async def fine() -> str:
    """Answers."""
    return "fine"


async def broken() -> str:
    """Raises."""
    raise RuntimeError(BROKEN)


class OfTheSdk:
    """A server of the official SDK, and a client of it."""

    def __init__(self, metrics: StateMetrics) -> None:
        self.server: MCPServer[Any] = MCPServer("test", log_level="CRITICAL")
        sdk.instrument(self.server, metrics)

    def add(self, tool: Callable[[], Awaitable[str]]) -> None:
        """Register a tool."""
        self.server.add_tool(tool)

    def add_refusing(self) -> None:
        """A tool that answers with an error, without an exception."""

        @self.server.tool(structured_output=False)
        async def refusing() -> CallToolResult:
            return CallToolResult(content=[TextContent(type="text", text="no")], is_error=True)

    async def call(self, name: str) -> None:
        """Call a tool, whatever it answers."""
        async with Client(self.server) as client:
            await client.call_tool(name, {})


class OfFastMcp:
    """A FastMCP server, and a client of it."""

    def __init__(self, metrics: StateMetrics) -> None:
        self.server: fastmcp.FastMCP[Any] = fastmcp.FastMCP("test")
        for_fastmcp.instrument(self.server, metrics)

    def add(self, tool: Callable[[], Awaitable[str]]) -> None:
        """Register a tool."""
        self.server.tool(tool)

    def add_refusing(self) -> None:
        """A tool that answers with an error, without an exception."""

        @self.server.tool(output_schema=None)
        async def refusing() -> FastResult:
            return FastResult(content="no", is_error=True)

    async def call(self, name: str) -> None:
        """Call a tool, whatever it answers."""
        async with fastmcp.Client(self.server) as client:
            await client.call_tool(name, {}, raise_on_error=False)


@pytest.fixture(params=[OfTheSdk, OfFastMcp])
def server(request: pytest.FixtureRequest, metrics: StateMetrics) -> OfTheSdk | OfFastMcp:
    """One of each framework in turn, with two tools."""
    made: OfTheSdk | OfFastMcp = request.param(metrics)
    for tool in (fine, broken):
        made.add(tool)
    return made


def calls(sample: Sample, name: str) -> dict[str, tuple[float | None, float | None]]:
    """Calls and observed durations of a tool, by status."""
    labels = [(status, {"tool_name": name, "status": status}) for status in ("ok", "error")]
    return {
        status: (sample("mcp_tool_calls_total", **of), sample("mcp_tool_duration_seconds_count", **of))
        for status, of in labels
    }


async def test_each_call_is_counted_and_timed_by_how_it_ended(server: OfTheSdk | OfFastMcp, sample: Sample) -> None:
    server.add_refusing()
    for name in ("fine", "fine", "broken", "refusing"):
        await server.call(name)
    assert calls(sample, "fine") == {"ok": (2, 2), "error": (0, 0)}
    assert calls(sample, "broken") == {"ok": (0, 0), "error": (1, 1)}
    assert calls(sample, "refusing") == {"ok": (0, 0), "error": (1, 1)}
    assert (sample("mcp_tool_duration_seconds_sum", tool_name="fine", status="ok") or 0) > 0


async def test_a_name_that_a_caller_made_up_is_no_label(server: OfTheSdk | OfFastMcp, sample: Sample) -> None:
    for name in ("made up", "fine2", "fine2"):
        await server.call(name)
    assert calls(sample, "unknown") == {"ok": (0, 0), "error": (3, 3)}
    assert calls(sample, "fine2") == {"ok": (None, None), "error": (None, None)}


async def test_a_tool_that_is_added_while_the_server_runs_is_counted_under_its_name(
    server: OfTheSdk | OfFastMcp, sample: Sample
) -> None:
    async def later() -> str:
        return "late"

    await server.call("later")
    server.add(later)
    await server.call("later")
    assert calls(sample, "unknown") == {"ok": (0, 0), "error": (1, 1)}
    assert calls(sample, "later") == {"ok": (1, 1), "error": (0, 0)}


async def test_of_a_low_level_server_the_tools_that_it_was_given_are_known(
    metrics: StateMetrics, sample: Sample
) -> None:
    async def answer(_context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        return CallToolResult(content=[TextContent(type="text", text=params.name)])

    async def listing(
        _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name="known", input_schema={"type": "object"})])

    server: Server[Any] = Server("test", on_call_tool=answer, on_list_tools=listing)
    sdk.instrument(server, metrics, tools=["known"])
    async with Client(server) as client:
        for name in ("known", "other"):
            await client.call_tool(name, {})
    assert calls(sample, "known") == {"ok": (1, 1), "error": (0, 0)}
    assert calls(sample, "unknown") == {"ok": (1, 1), "error": (0, 0)}


@pytest.mark.parametrize(
    ("maybe_written", "told"),
    [
        (False, "the store is down. Nothing was written."),
        (True, "the store is down. The write may or may not have happened; read before trying again."),
    ],
)
async def test_a_tool_of_the_sdk_says_what_became_of_its_write_and_keeps_its_arguments(
    *, maybe_written: bool, told: str
) -> None:
    server: MCPServer[Any] = MCPServer("test", log_level="CRITICAL")

    @server.tool()
    @sdk.readable_errors
    async def write(text: str) -> str:
        """Write."""
        raise StoreUnavailableError("the store is down", detail=f"10.0.0.1 {text}", maybe_written=maybe_written)

    async with Client(server) as client:
        [listed] = (await client.list_tools()).tools
        result = await client.call_tool("write", {"text": "x"})
    assert (listed.description, listed.input_schema["required"]) == ("Write.", ["text"])
    assert [each.text for each in result.content if isinstance(each, TextContent)] == [
        f"Error executing tool write: {told}"
    ]
