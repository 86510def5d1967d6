"""`read`: one resource, judged."""

from __future__ import annotations

from prober.kinds.answer import judge_answer
from prober.kinds.context import ProbeContext
from prober.kinds.read import ReadSettings


async def run(context: ProbeContext, settings: ReadSettings) -> None:
    async with context.session() as session:
        result = await session.request("resources/read", {"uri": settings.uri})
        await judge_answer(context, settings.checks, result, step="resources/read")
