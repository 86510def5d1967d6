"""`scenario`: tool calls in order, with captured values, and a cleanup that runs whatever became of them.

The steps have three quarters of the run's time, the cleanup has the rest: a step that hangs does not keep the cleanup
from running. After a failed step the cleanup opens a session of its own, because the first may be beyond use. Only
whoever interrupts the prober itself leaves things as they are.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import Any, Final

from prober.client.session import Session
from prober.config.model import ScenarioSettings, Step
from prober.config.placeholders import ALWAYS_THERE, names_in
from prober.kinds.run import Run
from prober.kinds.step import take
from prober.outcome import Failure

CLEANUP_SHARE: Final = 0.25

_SPARE: Final = 0.05
"""Seconds before the deadline at which a cleanup after a failure gives up, so that the failure can still be told."""


async def scenario(run: Run, settings: ScenarioSettings) -> None:
    captured: dict[str, Any] = {ALWAYS_THERE: f"probe-{secrets.token_hex(6)}"}
    cleanup = deque(settings.cleanup)
    steps_end = run.deadline.share(1 - CLEANUP_SHARE) if cleanup else run.deadline
    try:
        async with run.session() as session:
            async with run.within(steps_end):
                for step in settings.steps:
                    await _take(run, session, step, captured)
            while cleanup:
                await _take(run, session, cleanup.popleft(), captured, during="cleanup ")
    except Exception:
        await _clean_up_afresh(run, cleanup, captured)
        raise


async def _clean_up_afresh(run: Run, cleanup: deque[Step], captured: dict[str, Any]) -> None:
    """Take what is left of the cleanup after a failure, which stays what the run reports.

    Each step has its turn, whatever became of the one before it; trouble is a warning. A step that needs what was never
    captured has nothing to clean up.
    """
    while cleanup:
        left, run.step = len(cleanup), None
        try:
            async with run.within(run.deadline.earlier(_SPARE)), run.session() as session:
                while cleanup:
                    step = cleanup.popleft()
                    if names_in(step.arguments) <= captured.keys():
                        await _take(run, session, step, captured, during="cleanup ")
        except Failure as failure:
            run.warnings.append(f"cleanup failed at {failure.step}: {failure.message}")
            if len(cleanup) == left:
                return  # no session, so no step could be taken


async def _take(run: Run, session: Session, step: Step, captured: dict[str, Any], *, during: str = "") -> None:
    """Take one step and keep what it captures."""
    run.step = during + step.name
    await take(run, session, step, captured, called=run.step)
    run.step = None
