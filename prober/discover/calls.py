"""Calls read-only tools, twice each, and finds the schema of their answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.client.exchange import ExchangeLog
from prober.client.session import Session
from prober.client.target_cache import TargetCache, Tool
from prober.config.model import Checks, Source, Target
from prober.deadline import Deadline
from prober.discover.disguised_error import disguised_error
from prober.discover.identifiers import Plan
from prober.discover.schema_inference import schema_for
from prober.discover.surveyed import CalledTool, SkippedTool, SkipReason
from prober.discover.writable import is_writable
from prober.kinds.answer import judge_answer, select, tool_error
from prober.kinds.context import ProbeContext, session_is_usable
from prober.kinds.placeholders import fill
from prober.kinds.run_step import select_one
from prober.outcome import Failure, Reason

_ENVELOPE = ("_meta", "resultType")
"""Members of a result that belong to the protocol, not to the answer."""

_ARGUMENTS: Final = "its arguments"

Tried = dict[str, CalledTool | SkippedTool]


@dataclass(frozen=True, kw_only=True)
class Surveyor:
    """What a survey calls tools with. Each tool has `timeout` seconds."""

    target: Target
    target_cache: TargetCache
    judge: Judge
    timeout: float

    def context(self, count: int) -> ProbeContext:
        """A context for `count` tools."""
        return ProbeContext(
            target=self.target,
            target_cache=self.target_cache,
            judge=self.judge,
            deadline=Deadline.after(self.timeout * count),
            allow_writes=False,
            log=ExchangeLog(self.target_cache.redact),
        )

    async def call(self, calls: Iterable[Plan]) -> Tried:
        """Call each tool whose call may be written to a file. The tools share a session until it breaks."""
        results: Tried = {}
        waiting: deque[Plan] = deque()
        for plan in calls:
            paths = [each.capture for each in plan.borrowed]
            if is_writable(plan.arguments, paths, redact=self.target_cache.redact):
                waiting.append(plan)
            else:
                results[plan.tool] = SkippedTool(name=plan.tool, reason=SkipReason.UNWRITABLE, detail=_ARGUMENTS)
        self.target_cache.asked_tools.update(plan.tool for plan in waiting)
        while waiting:
            context = self.context(len(waiting) + 1)
            try:
                async with context.within(Deadline.after(self.timeout)) as clock, context.session() as session:
                    while waiting:
                        clock.reschedule(Deadline.after(self.timeout))
                        results[waiting[0].tool] = await _call(context, session, waiting[0])
                        waiting.popleft()
            except Failure as failure:
                if waiting:
                    plan = waiting.popleft()
                    results[plan.tool] = _failed(context, plan, failure)
        return results


def _failed(context: ProbeContext, plan: Plan, failure: Failure) -> SkippedTool:
    text = context.masked(failure).message
    said = text.removeprefix(f"{plan.tool} answered with an error: ")
    is_error = failure.reason is Reason.TOOL_ERROR
    return SkippedTool(
        name=plan.tool,
        reason=SkipReason.ERROR if is_error else SkipReason.FAILED,
        detail=said if is_error else text,
        arguments=plan.arguments or None,
    )


async def _call(context: ProbeContext, session: Session, plan: Plan) -> CalledTool | SkippedTool:
    """Call a tool twice, after the calls whose answers it needs. Raises Failure where the session is broken."""
    try:
        arguments = await _filled(context, session, plan)
        tool = await context.tool(session, plan.tool)
        results = [await _checked_result(context, session, tool, arguments) for _ in range(2)]
        source, values = _select_values(results, context.target)
    except Failure as failure:
        if not session_is_usable(failure):
            raise
        return _failed(context, plan, failure)
    declared = tool.listing.get("outputSchema") if source == "structured" else None
    unwritable = SkippedTool(name=plan.tool, reason=SkipReason.UNWRITABLE)
    try:
        schema = await schema_for(values, declared=declared, judge=context.judge)
    except RecursionError:
        return replace(unwritable, detail="its answer is nested too deeply")
    if not is_writable(schema, redact=context.target_cache.redact):
        return replace(unwritable, detail="the schema of its answer cannot be written to a file")
    return CalledTool(
        name=plan.tool,
        arguments=plan.arguments,
        source=source,
        schema=schema,
        borrowed=plan.borrowed,
        answer=values[-1],
    )


async def _filled(context: ProbeContext, session: Session, plan: Plan) -> Mapping[str, Any]:
    """The arguments with values from the answers of the tools that go before, called anew."""
    captured: dict[str, Any] = {}
    for each in plan.borrowed:
        tool = await context.tool(session, each.tool)
        answer = await _checked_result(context, session, tool, each.arguments)
        value = select(each.source, answer, context.target)
        for name, path in each.capture.items():
            captured[name] = await select_one(context, path, value)
    filled: dict[str, Any] = fill(plan.arguments, captured) if plan.borrowed else dict(plan.arguments)
    return filled


async def _checked_result(
    context: ProbeContext, session: Session, tool: Tool, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The result of one call, checked against the `outputSchema` of the tool. Raises Failure."""
    name = tool.listing["name"]
    params = {"name": name, "arguments": arguments}
    result = await session.request("tools/call", params, input_schema=tool.input_schema)
    if result.get("isError"):
        raise tool_error(name, result)
    await judge_answer(context, Checks(), result, step="tools/call", tool=tool)
    if (said := disguised_error(result)) is not None:
        raise Failure(Reason.TOOL_ERROR, f"{name} answered with an error: {said}", step="tools/call")
    return result


def _select_values(results: Sequence[dict[str, Any]], target: Target) -> tuple[Source, list[Any]]:
    """The first part of the results that is an object or array in all of them, and its values."""
    sources: tuple[Source, ...] = ("result-text", "structured", "text")
    for source in sources:
        values = [select(source, result, target) for result in results]
        if all(isinstance(value, dict | list) for value in values):
            return source, values
    return "result", [{key: each[key] for key in each if key not in _ENVELOPE} for each in results]
