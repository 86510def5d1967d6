"""One request of a run, its answer judged; with `warm` the same a second time, by a budget of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from prober.config.answer_checks import Checks
from prober.kinds.context import ProbeContext
from prober.kinds.warm import WARM, Second
from prober.outcome import Failure

_LATENCY: Final = "latency_seconds"


async def ask_and_judge(
    context: ProbeContext, second: Second, checks: Checks, ask: Callable[[Checks], Awaitable[None]], *, called: str
) -> None:
    """Calls `ask` with the checks of each answer. The latency of the run is that of the first: alerts go by it."""
    await ask(checks)
    if not second.warm:
        return
    of_it = f"of the second {called}: "
    budget, first = second.warm_latency, context.facts.pop(_LATENCY)
    for level, seconds in (("warn", budget.warn), ("fail", budget.fail)):
        if seconds is not None:
            context.facts[f"{WARM}_{level}"] = seconds
    warned = len(context.warnings)
    try:
        await ask(replace(checks, latency=budget))
    except Failure as failure:
        failure.message = of_it + failure.message
        raise
    finally:
        context.warnings[warned:] = [of_it + warning for warning in context.warnings[warned:]]
        if (warm := context.facts.get(_LATENCY)) is not None:
            context.facts[WARM] = warm
        context.facts[_LATENCY] = first
