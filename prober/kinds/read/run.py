"""`read`: one resource, judged; `warm` reads it a second time."""

from __future__ import annotations

from prober.config.answer_checks import Checks
from prober.kinds.answer import judge_answer
from prober.kinds.asked_twice import ask_and_judge
from prober.kinds.context import ProbeContext
from prober.kinds.read import ReadSettings


async def run(context: ProbeContext, settings: ReadSettings) -> None:
    async with context.session() as session:

        async def ask(checks: Checks) -> None:
            result = await session.request("resources/read", {"uri": settings.uri})
            await judge_answer(context, checks, result, step="resources/read")

        await ask_and_judge(context, settings.second, settings.checks, ask, called="read")
