"""One step of a scenario, or what comes before and after a race: a call, its answer judged, and what it captures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prober.assertions.checks import Instance
from prober.assertions.expectations import SelectionError, compile_path
from prober.assertions.selection import Selection, one_of
from prober.config.model import Step
from prober.config.placeholders import fill
from prober.kinds.answer import MISSING, judge_answer, select
from prober.kinds.call import ask_tool
from prober.kinds.run import Run
from prober.outcome import Failure, Reason
from prober.target.session import Session


async def take(run: Run, session: Session, step: Step, names: dict[str, Any], *, called: str) -> None:
    """Take a step and add to `names` what it captures. A failure tells how the step is `called`, not the method.

    Captured is whatever can be, also from an answer that fails its checks: it may name what has to be cleaned up.
    """
    try:
        tool, result = await ask_tool(run, session, step.tool, fill(step.arguments, names))
        wrong: Failure | None = None
        try:
            await judge_answer(run, step.checks, result, step="tools/call", tool=tool)
        except Failure as failure:
            wrong = failure
        missing = await _capture(run, step.capture, select(step.checks.source, result), names) if step.capture else None
        if (failed := wrong or missing) is not None:
            raise failed
    except Failure as failure:
        # a new one: others may be waiting for the same listing, and get the same failure
        raise Failure(
            failure.reason, failure.message, step=called, evidence=failure.evidence, further=failure.further
        ) from failure


async def select_one(run: Run, path: str, value: Any) -> Any:
    """The one node that a path selects.

    Raises:
        SelectionError: it selects none, or more than one.
        Failure: it cannot be told within the bounds of judging.
    """
    selection = Selection(path=compile_path(path), instance=Instance(value=value), most=2)
    return one_of(await run.judge.select(selection, deadline=run.deadline, target=run.target.name), selection)


async def _capture(run: Run, capture: Mapping[str, str], value: Any, names: dict[str, Any]) -> Failure | None:
    """Capture what can be captured; returns why something could not."""
    first: Failure | None = None
    for name, path in capture.items():
        try:
            names[name] = await _captured(run, name, path, value)
        except Failure as failure:
            first = first or failure
    return first


async def _captured(run: Run, name: str, path: str, value: Any) -> Any:
    if value is MISSING:
        raise Failure(Reason.EXPECTATION_FAILED, f"nothing to capture as {name!r}: the answer has no such content")
    try:
        return await select_one(run, path, value)
    except SelectionError as problem:
        raise Failure(Reason.EXPECTATION_FAILED, f"nothing to capture as {name!r}: {problem}") from problem
