"""Runs one step of a scenario, or the setup or cleanup of a race: call, judge the answer, capture values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prober.assertions.checks import Instance
from prober.assertions.expectations import SelectionError, compile_path
from prober.assertions.selection import Selection, one_of
from prober.client.session import Session
from prober.kinds.answer import MISSING, judge_answer, select
from prober.kinds.context import ProbeContext
from prober.kinds.placeholders import fill
from prober.kinds.step import Step
from prober.kinds.tool_call import call_tool
from prober.outcome import Failure, Reason


async def run_step(context: ProbeContext, session: Session, step: Step, names: dict[str, Any], *, called: str) -> None:
    """Run a step and add its captured values to `names`. A failure names the step as `called`.

    Values are also captured from an answer that fails its checks: the cleanup may need them.
    """
    try:
        tool, result = await call_tool(context, session, step.tool, fill(step.arguments, names))
        wrong: Failure | None = None
        try:
            await judge_answer(context, step.checks, result, step="tools/call", tool=tool)
        except Failure as failure:
            wrong = failure
        missing = (
            await _capture(context, step.capture, select(step.checks.source, result, context.target), names)
            if step.capture
            else None
        )
        if (failed := wrong or missing) is not None:
            raise failed
    except Failure as failure:
        # a new exception: other runs may wait for the same listing and raise the same one
        raise Failure(
            failure.reason, failure.message, step=called, evidence=failure.evidence, further=failure.further
        ) from failure


async def select_one(context: ProbeContext, path: str, value: Any) -> Any:
    """The one node that a path selects.

    Raises:
        SelectionError: the path selects no node, or more than one.
        Failure: the selection exceeds the bounds of judging.
    """
    selection = Selection(path=compile_path(path), instance=Instance(value=value), most=2)
    return one_of(
        await context.judge.select(selection, deadline=context.deadline, target=context.target.name), selection
    )


async def _capture(
    context: ProbeContext, capture: Mapping[str, str], value: Any, names: dict[str, Any]
) -> Failure | None:
    """Capture all values that can be captured; returns the first failure."""
    first: Failure | None = None
    for name, path in capture.items():
        try:
            names[name] = await _captured(context, name, path, value)
        except Failure as failure:
            first = first or failure
    return first


async def _captured(context: ProbeContext, name: str, path: str, value: Any) -> Any:
    if value is MISSING:
        raise Failure(Reason.EXPECTATION_FAILED, f"nothing to capture as {name!r}: the answer has no such content")
    try:
        return await select_one(context, path, value)
    except SelectionError as problem:
        raise Failure(Reason.EXPECTATION_FAILED, f"nothing to capture as {name!r}: {problem}") from problem
