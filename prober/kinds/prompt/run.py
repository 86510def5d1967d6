"""`prompt`: one prompt, judged."""

from __future__ import annotations

from prober.kinds.answer import judge_answer
from prober.kinds.context import ProbeContext
from prober.kinds.prompt import PromptSettings


async def run(context: ProbeContext, settings: PromptSettings) -> None:
    async with context.session() as session:
        params = {"name": settings.prompt, "arguments": dict(settings.arguments)}
        result = await session.request("prompts/get", params)
        await judge_answer(context, settings.checks, result, step="prompts/get")
