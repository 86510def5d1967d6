"""One tool call, counted and timed: what the middleware of every framework does."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mcp_state.metrics import UNKNOWN_TOOL, StateMetrics

R = TypeVar("R")


class Calls:
    """Counts the tool calls of one server."""

    def __init__(self, metrics: StateMetrics, *, is_tool: Callable[[str], Awaitable[bool]]) -> None:
        """`is_tool` says whether there is a tool of this name, and is asked once for each that there is.

        A name that callers made up is counted as `unknown`: their texts never become label values.
        """
        self._metrics = metrics
        self._is_tool = is_tool

    async def count(self, name: object, answer: Callable[[], Awaitable[R]], *, is_error: Callable[[R], bool]) -> R:
        """Answer a call of the tool `name`. An exception and what `is_error` says so are counted as `error`."""
        began = time.perf_counter()
        tool, status = UNKNOWN_TOOL, "error"
        try:
            tool = await self._label(name)
            result = await answer()
            status = "error" if is_error(result) else "ok"
            return result
        finally:
            self._metrics.call_ended(tool_name=tool, status=status, seconds=time.perf_counter() - began)

    async def _label(self, name: object) -> str:
        if not isinstance(name, str):
            return UNKNOWN_TOOL
        if not self._metrics.expects(name):
            if not await self._is_tool(name):
                return UNKNOWN_TOOL
            self._metrics.expect_calls(name)
        return name
