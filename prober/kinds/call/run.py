"""`call`: one request to a tool, its answer judged."""

from __future__ import annotations

from prober.kinds.answer import judge_answer
from prober.kinds.call import CallSettings
from prober.kinds.context import ProbeContext
from prober.kinds.tool_call import call_tool


async def run(context: ProbeContext, settings: CallSettings) -> None:
    async with context.session() as session:
        tool, result = await call_tool(context, session, settings.tool, settings.arguments)
        await judge_answer(context, settings.checks, result, step="tools/call", tool=tool)
