"""`call`: one request to a tool, its answer judged; `warm` makes a second one."""

from __future__ import annotations

from prober.config.answer_checks import Checks
from prober.kinds.answer import judge_answer
from prober.kinds.asked_twice import ask_and_judge
from prober.kinds.call import CallSettings
from prober.kinds.context import ProbeContext
from prober.kinds.tool_call import call_tool


async def run(context: ProbeContext, settings: CallSettings) -> None:
    async with context.session() as session:

        async def ask(checks: Checks) -> None:
            follow = settings.task is not None
            tool, result = await call_tool(context, session, settings.tool, settings.arguments, follow=follow)
            await judge_answer(context, checks, result, step="tools/call", tool=tool)

        await ask_and_judge(context, settings.second, settings.checks, ask, called="call")
