"""One call of a tool in an open session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prober.client.session import Session
from prober.client.target_cache import Tool
from prober.kinds.answer import tool_error
from prober.kinds.context import ProbeContext


async def call_tool(
    context: ProbeContext, session: Session, name: str, arguments: Mapping[str, Any]
) -> tuple[Tool, Mapping[str, Any]]:
    """The listing of a tool and the result of its call. Raises `tool_error` if the result has `isError`."""
    tool = await context.tool(session, name)
    params = {"name": name, "arguments": dict(arguments)}
    result = await session.request("tools/call", params, input_schema=tool.input_schema)
    if result.get("isError"):
        raise tool_error(name, result)
    return tool, result
