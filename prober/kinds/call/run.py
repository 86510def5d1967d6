"""`call`: one request to a tool, its answer judged; with `warm` the same a second time, by a budget of its own."""

from __future__ import annotations

from dataclasses import replace

from prober.client.session import Session
from prober.config.answer_checks import Checks
from prober.kinds.answer import judge_answer
from prober.kinds.call import WARM, CallSettings
from prober.kinds.context import ProbeContext
from prober.kinds.tool_call import call_tool
from prober.outcome import Failure

_LATENCY = "latency_seconds"
_SECOND = "of the second call: "


async def run(context: ProbeContext, settings: CallSettings) -> None:
    async with context.session() as session:
        await _call(context, session, settings, settings.checks)
        if settings.warm:
            await _call_again(context, session, settings)


async def _call(context: ProbeContext, session: Session, settings: CallSettings, checks: Checks) -> None:
    tool, result = await call_tool(context, session, settings.tool, settings.arguments)
    await judge_answer(context, checks, result, step="tools/call", tool=tool)


async def _call_again(context: ProbeContext, session: Session, settings: CallSettings) -> None:
    """The second call. The latency of the run stays that of the first: alerts and trends go by it."""
    budget, first = settings.warm_latency, context.facts.pop(_LATENCY)
    for level, seconds in (("warn", budget.warn), ("fail", budget.fail)):
        if seconds is not None:
            context.facts[f"{WARM}_{level}"] = seconds
    warned = len(context.warnings)
    try:
        await _call(context, session, settings, replace(settings.checks, latency=budget))
    except Failure as failure:
        failure.message = _SECOND + failure.message
        raise
    finally:
        context.warnings[warned:] = [_SECOND + warning for warning in context.warnings[warned:]]
        if (second := context.facts.get(_LATENCY)) is not None:
            context.facts[WARM] = second
        context.facts[_LATENCY] = first
