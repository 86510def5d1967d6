"""`scenario`: tool calls in order, with captured values, and a cleanup that always runs.

The steps have three quarters of the run's time, the cleanup has the rest: a step that hangs does not prevent the
cleanup. After a failed step the cleanup opens a new session, because the first may be unusable. The cleanup does not
run if the prober itself is interrupted.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import Any, Final

from prober.client.session import Session
from prober.kinds.context import ProbeContext
from prober.kinds.placeholders import SCRATCH, names_in
from prober.kinds.run_step import run_step
from prober.kinds.scenario import ScenarioSettings
from prober.kinds.step import Step
from prober.outcome import Failure

CLEANUP_SHARE: Final = 0.25

_SPARE: Final = 0.05
"""Seconds before the deadline at which a cleanup after a failure gives up, so that the failure can be reported."""


async def run(context: ProbeContext, settings: ScenarioSettings) -> None:
    captured: dict[str, Any] = {SCRATCH: f"probe-{secrets.token_hex(6)}"}
    cleanup = deque(settings.cleanup)
    deadline = context.deadline
    steps_end = deadline.share(1 - CLEANUP_SHARE) if cleanup else deadline
    try:
        async with context.session() as session:
            async with context.within(context.moved(steps_end, since=deadline)):
                for step in settings.steps:
                    await _run_step(context, session, step, captured)
            while cleanup:
                await _run_step(context, session, cleanup.popleft(), captured, during="cleanup ")
    except Exception:
        await _clean_up_after_failure(context, cleanup, captured)
        raise


async def _clean_up_after_failure(context: ProbeContext, cleanup: deque[Step], captured: dict[str, Any]) -> None:
    """Run the rest of the cleanup in new sessions. The run reports the first failure; failures here are warnings.

    A failed step does not end the cleanup. A step whose values were never captured has nothing to clean up.
    """
    while cleanup:
        left, context.step = len(cleanup), None
        try:
            async with context.within(context.deadline.earlier(_SPARE)), context.session() as session:
                while cleanup:
                    step = cleanup.popleft()
                    if names_in(step.arguments) <= captured.keys():
                        await _run_step(context, session, step, captured, during="cleanup ")
        except Failure as failure:
            context.warnings.append(f"cleanup failed at {failure.step}: {failure.message}")
            if len(cleanup) == left:
                return  # no session could be opened


async def _run_step(
    context: ProbeContext, session: Session, step: Step, captured: dict[str, Any], *, during: str = ""
) -> None:
    """Run one step and keep the values that it captures."""
    context.step = during + step.name
    await run_step(context, session, step, captured, called=context.step)
    context.step = None
