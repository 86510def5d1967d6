"""Judges one answer of a tool, a resource or a prompt: selection, schemas, expectations, latency."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from prober.assertions.checks import Instance, case_of
from prober.assertions.json_schema.schema import Schema, SchemaError
from prober.client.target_cache import Tool
from prober.client.tasks import TASK_STEPS
from prober.config.model import Checks, Latency, Source, Target
from prober.json_values import cap, count_values, integers_of, most_values
from prober.kinds.context import ProbeContext
from prober.kinds.token_budget import require_light_answer
from prober.outcome import Evidence, Exchange, Failure, Phase, Reason

MISSING: Final = object()
"""Stands for a missing value: None is JSON's null."""

_EXCERPT: Final = 200
_IN_BUDGET: Final = (Phase.SEND, Phase.WAIT, Phase.RECEIVE)
"""Phases that count towards the latency budget. Connecting does not: an agent keeps its connection."""

_WANTED: Final[Mapping[str, tuple[str, str]]] = {
    "structured": ("structuredContent", "; judge its text with `from: text`, or the whole result with `from: result`"),
    "text": ("text that is JSON", ""),
    "result-text": ("structuredContent with a `result` that is JSON as text", "; judge it with `from: structured`"),
}
"""By source: what an answer lacks, and what to write instead."""


def tool_error(name: str, result: Mapping[str, Any]) -> Failure:
    """The failure of a result that says `isError`."""
    text = " ".join(texts_of(result))
    said = cap(" ".join(text.split()), _EXCERPT) or "nothing"
    return Failure(
        Reason.TOOL_ERROR,
        f"{name} answered with an error: {said}",
        step="tools/call",
        evidence=Evidence(seen=cap(text, _EXCERPT) or "nothing"),
    )


async def judge_answer(
    context: ProbeContext, checks: Checks, result: Mapping[str, Any], *, step: str, tool: Tool | None = None
) -> Any:
    """Raise the first failed check of `result`, the answer of the run's latest exchange.

    Returns the judged value, from which a scenario captures; MISSING if the answer has none.
    """
    exchanges = _of_the_answer(context.log.finished)
    try:
        return await _judge(context, checks, result, exchanges=exchanges, tool=tool)
    except Failure as failure:
        failure.step = failure.step or step
        raise


async def _judge(
    context: ProbeContext,
    checks: Checks,
    result: Mapping[str, Any],
    *,
    exchanges: Sequence[Exchange],
    tool: Tool | None,
) -> Any:
    # To read a text of a hundred thousand values takes as long as the event loop may stand still: in a turn of its own.
    await asyncio.sleep(0)
    judged = select(checks.source, result, context.target)
    await asyncio.sleep(0)
    case = case_of(
        result=Instance(value=result),
        output_schema=_output_schema(tool) if tool is not None else None,
        judged=Instance(value=judged) if judged is not MISSING else None,
        schema=checks.schema,
        expect=checks.expect,
    )
    finding = await context.judge.judge(case, deadline=context.deadline, target=context.target.name)
    if finding is not None:
        raise Failure(finding.reason, finding.message, evidence=finding.evidence)
    if judged is MISSING and (checks.schema is not None or checks.expect):
        raise _nothing_to_judge(checks, result)
    require_light_answer(result, checks.max_tokens)
    _judge_latency(context, checks.latency, exchanges)
    return judged


def select(source: Source, result: Mapping[str, Any], target: Target) -> Any:
    """The value to judge, or MISSING if the answer has none.

    `text` is the first text of the answer, parsed as JSON; `result-text` is the text that a server made of FastMCP puts
    into the member `result` of structured content, parsed as JSON.

    Raises Failure with `too_large` for a text of more values than an answer of the target may hold.
    """
    match source:
        case "result":
            return result
        case "structured":
            return result.get("structuredContent", MISSING)
        case "text":
            return _parsed(next(texts_of(result), None), target)
        case "result-text":
            structured = result.get("structuredContent")
            return _parsed(structured.get("result") if isinstance(structured, dict) else None, target)


def _parsed(text: Any, target: Target) -> Any:
    """JSON from a text; MISSING if it is none. The bound on an answer counted the text as one value."""
    if not isinstance(text, str):
        return MISSING
    limits = target.limits
    most = most_values(limits.line if target.transport == "stdio" else limits.decompressed)
    body = text.encode(errors="surrogatepass")
    if count_values(body) > most:
        raise Failure(Reason.TOO_LARGE, f"the text of the answer holds more than {most} JSON values")
    try:
        return json.loads(text, parse_int=integers_of(body))
    except (ValueError, RecursionError, OverflowError):
        return MISSING


def texts_of(result: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a tool's, a resource's or a prompt's answer, in order.

    Only the member that is due has been looked at; of the others, a server may have made anything.
    """
    blocks = [*_listed(result, "content"), *_listed(result, "contents")]
    blocks += [message.get("content") for message in _listed(result, "messages") if isinstance(message, dict)]
    for block in blocks:
        if isinstance(block, dict) and isinstance(block.get("text"), str):
            yield block["text"]


def _listed(result: Mapping[str, Any], name: str) -> list[Any]:
    member = result.get(name)
    return member if isinstance(member, list) else []


def _output_schema(tool: Tool) -> Schema | None:
    try:
        return tool.output_schema
    except SchemaError as problem:
        raise Failure(
            problem.reason,
            f"the outputSchema that the server declares cannot be used: {problem}",
            evidence=Evidence(pointer=problem.pointer),
        ) from problem


def _nothing_to_judge(checks: Checks, result: Mapping[str, Any]) -> Failure:
    text = next(texts_of(result), "no text")[:_EXCERPT]
    wanted, hint = _WANTED[checks.source]
    return Failure(
        Reason.SCHEMA_MISMATCH if checks.schema is not None else Reason.EXPECTATION_FAILED,
        f"the answer has no {wanted}{hint}",
        evidence=Evidence(pointer="", keyword="from", expected=wanted, seen=text),
    )


def _of_the_answer(finished: Sequence[Exchange]) -> Sequence[Exchange]:
    """The last exchange; of an answer that came by a task, all exchanges since its call."""
    last = len(finished) - 1
    while last > 0 and finished[last].step in TASK_STEPS:
        last -= 1
    return finished[last:]


def _judge_latency(context: ProbeContext, budget: Latency, exchanges: Sequence[Exchange]) -> None:
    seconds = sum(exchange.phases.get(phase, 0.0) for exchange in exchanges for phase in _IN_BUDGET)
    seconds += sum(  # of a task, the time between two polls
        after.started_at - (before.started_at + before.duration_seconds) for before, after in pairwise(exchanges)
    )
    context.facts["latency_seconds"] = seconds
    took = f"the answer took {seconds * 1000:.0f} ms"
    if budget.fail is not None and seconds > budget.fail:
        raise Failure(
            Reason.TOO_SLOW,
            f"{took}, the budget is {budget.fail * 1000:.0f} ms",
            evidence=Evidence(keyword="latency", expected=f"<= {budget.fail:g} s", seen=f"{seconds:.3f} s"),
        )
    if budget.warn is not None and seconds > budget.warn:
        context.warnings.append(f"{took}, more than {budget.warn * 1000:.0f} ms")
