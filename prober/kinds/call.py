"""`call`, `read`, `prompt`: one request, its answer judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prober.config.model import CallSettings, Checks, PromptSettings, ReadSettings
from prober.kinds.answer import judge_answer, tool_error
from prober.kinds.context import ProbeContext
from prober.target.knowledge import Tool
from prober.target.session import Session


async def call(context: ProbeContext, settings: CallSettings) -> None:
    async with context.session() as session:
        await call_tool(context, session, settings.tool, settings.arguments, settings.checks)


async def call_tool(
    context: ProbeContext, session: Session, name: str, arguments: Mapping[str, Any], checks: Checks
) -> None:
    """Call a tool in an open session and judge its answer."""
    tool, result = await ask_tool(context, session, name, arguments)
    await judge_answer(context, checks, result, step="tools/call", tool=tool)


async def ask_tool(
    context: ProbeContext, session: Session, name: str, arguments: Mapping[str, Any]
) -> tuple[Tool, Mapping[str, Any]]:
    """The listing of a tool, and the result of calling it. Raises `tool_error` where that says `isError`."""
    tool = await context.tool(session, name)
    params = {"name": name, "arguments": dict(arguments)}
    result = await session.request("tools/call", params, input_schema=tool.input_schema)
    if result.get("isError"):
        raise tool_error(name, result)
    return tool, result


async def read(context: ProbeContext, settings: ReadSettings) -> None:
    async with context.session() as session:
        result = await session.request("resources/read", {"uri": settings.uri})
        await judge_answer(context, settings.checks, result, step="resources/read")


async def prompt(context: ProbeContext, settings: PromptSettings) -> None:
    async with context.session() as session:
        params = {"name": settings.prompt, "arguments": dict(settings.arguments)}
        result = await session.request("prompts/get", params)
        await judge_answer(context, settings.checks, result, step="prompts/get")
