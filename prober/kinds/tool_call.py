"""One call of a tool in an open session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from prober.client.session import Session
from prober.client.target_cache import Tool
from prober.client.tasks import wants_task
from prober.kinds.answer import tool_error
from prober.kinds.context import ProbeContext
from prober.outcome import Failure, Reason, Situation

_REFUSED: Final = frozenset({Reason.RPC_ERROR, Reason.TOOL_ERROR})
"""How servers turn down a call that has to be followed as a task."""


async def call_tool(
    context: ProbeContext, session: Session, name: str, arguments: Mapping[str, Any], *, follow: bool = False
) -> tuple[Tool, Mapping[str, Any]]:
    """The listing of a tool and the result of its call. Raises `tool_error` if the result has `isError`.

    With `follow`, a task that the server answers by is followed to its end.
    """
    tool = await context.tool(session, name)
    params = {"name": name, "arguments": dict(arguments)}
    try:
        result = await _result(session, params, tool, follow=follow)
        if result.get("isError"):
            raise tool_error(name, result)
    except Failure as failure:
        if not follow and failure.reason in _REFUSED and wants_task(tool.listing) == "required":
            failure.evidence = replace(failure.evidence, situation=Situation.CAPABILITY_WANTED)
        raise
    return tool, result


async def _result(session: Session, params: Mapping[str, Any], tool: Tool, *, follow: bool) -> Mapping[str, Any]:
    if follow:
        return await session.call_and_follow(params, listing=tool.listing)
    return await session.request("tools/call", params, input_schema=tool.input_schema)
