"""`prompt`: one prompt, judged; `warm` gets it a second time."""

from __future__ import annotations

from prober.config.answer_checks import Checks
from prober.kinds.answer import judge_answer
from prober.kinds.asked_twice import ask_and_judge
from prober.kinds.context import ProbeContext
from prober.kinds.prompt import PromptSettings


async def run(context: ProbeContext, settings: PromptSettings) -> None:
    params = {"name": settings.prompt, "arguments": dict(settings.arguments)}
    async with context.session() as session:

        async def ask(checks: Checks) -> None:
            result = await session.request("prompts/get", params)
            await judge_answer(context, checks, result, step="prompts/get")

        await ask_and_judge(context, settings.second, settings.checks, ask, called="request")
