"""`scenario`: tool calls in order, with captured values, and a cleanup that runs whatever became of them.

The steps have three quarters of the run's time, the cleanup has the rest: a step that hangs does not keep the cleanup
from running. After a failed step the cleanup opens a session of its own, because the first may be beyond use.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Final

from prober.config.model import ScenarioSettings, Step
from prober.config.placeholders import ALWAYS_THERE, fill, names_in
from prober.judge.expect import SelectionProblem, compile_path, select_one
from prober.kinds.answer import MISSING
from prober.kinds.call import call_tool
from prober.kinds.run import Run
from prober.outcome import Failure, Reason
from prober.target.session import Session

CLEANUP_SHARE: Final = 0.25


async def scenario(run: Run, settings: ScenarioSettings) -> None:
    captured: dict[str, Any] = {ALWAYS_THERE: f"probe-{secrets.token_hex(6)}"}
    now = asyncio.get_running_loop().time()
    steps_end = run.deadline - (run.deadline - now) * (CLEANUP_SHARE if settings.cleanup else 0)
    try:
        async with run.within(steps_end), run.session() as session:
            await _steps(run, session, settings.steps, captured)
            await _steps(run, session, settings.cleanup, captured, cleanup=True)
    except Failure:
        await _clean_up_afresh(run, settings.cleanup, captured)
        raise


async def _clean_up_afresh(run: Run, cleanup: Sequence[Step], captured: dict[str, Any]) -> None:
    """Clean up after a failure, which stays what the run reports; trouble here is a warning beside it."""
    possible = [step for step in cleanup if names_in(step.arguments) <= captured.keys()]
    if not possible:
        return
    try:
        async with run.session() as session:
            await _steps(run, session, possible, captured, cleanup=True)
    except Failure as error:
        run.warnings.append(f"cleanup failed: {error.message}")


async def _steps(
    run: Run, session: Session, steps: Sequence[Step], captured: dict[str, Any], *, cleanup: bool = False
) -> None:
    for step in steps:
        try:
            value = await call_tool(run, session, step.tool, fill(step.arguments, captured), step.checks)
            for name, path in step.capture.items():
                captured[name] = _capture(name, path, value)
        except Failure as failure:
            failure.step = f"{'cleanup ' if cleanup else ''}{step.name}"
            raise


def _capture(name: str, path: str, value: Any) -> Any:
    try:
        return select_one(compile_path(path), None if value is MISSING else value)
    except SelectionProblem as problem:
        raise Failure(Reason.EXPECTATION_FAILED, f"nothing to capture as {name!r}: {problem}") from problem
