"""One call of a tool in an open session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prober.client.session import Session
from prober.client.target_cache import Tool
from prober.client.tasks import wants_task
from prober.kinds.answer import tool_error
from prober.kinds.context import ProbeContext
from prober.outcome import Failure, Reason, Situation


async def call_tool(
    context: ProbeContext, session: Session, name: str, arguments: Mapping[str, Any], *, follow: bool = False
) -> tuple[Tool, Mapping[str, Any]]:
    """The listing of a tool and the result of its call. Raises `tool_error` if the result has `isError`.

    With `follow`, a task that the server answers by is followed to its end.
    """
    tool = await context.tool(session, name)
    params = {"name": name, "arguments": dict(arguments)}
    if follow:
        result: Mapping[str, Any] = await session.call_and_follow(params, listing=tool.listing)
    else:
        result = await _at_once(session, params, tool)
    if result.get("isError"):
        raise tool_error(name, result)
    return tool, result


async def _at_once(session: Session, params: Mapping[str, Any], tool: Tool) -> Mapping[str, Any]:
    try:
        return await session.request("tools/call", params, input_schema=tool.input_schema)
    except Failure as failure:
        if failure.reason is Reason.RPC_ERROR and wants_task(tool.listing) == "required":
            failure.evidence = replace(failure.evidence, situation=Situation.CAPABILITY_WANTED)
        raise
