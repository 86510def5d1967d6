"""Reads the answer of an operation's tool call by the paths of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prober.assertions.checks import Instance
from prober.assertions.expectations import SelectionError, compile_path
from prober.assertions.selection import Selection, one_of
from prober.consistency.trace import Result, is_whole
from prober.kinds.answer import MISSING, select, tool_error
from prober.kinds.context import ProbeContext
from prober.kinds.race.models import MODELS
from prober.kinds.race.settings import RaceCall
from prober.kinds.run_step import select_one
from prober.kinds.turned_down import is_turned_down
from prober.outcome import Evidence, Failure, Reason


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The result of a call."""

    result: Result
    value: Any = None
    version: int | None = None


async def read_answer(
    context: ProbeContext, call: RaceCall, result: Mapping[str, Any], *, model: str, kind: str
) -> Answer:
    """The values of an answer that the model needs.

    Raises:
        Failure: the answer is an error or lacks a value: it is unknown whether the call had its effect.
    """
    drains = kind == MODELS[model].drains
    if call.conflict_when and await is_turned_down(context, call.conflict_when, result):
        return Answer(result=Result.OK if drains else Result.FAIL)
    if result.get("isError"):
        raise tool_error(call.tool, result)
    judged = select(call.source, result, context.target)
    shown = None if judged is MISSING else judged
    try:
        if drains and call.value is not None:
            value = await select_one(context, call.value, shown)
        else:
            value = await _value(context, call, shown, many=kind == "read" and MODELS[model].collection)
        version = await select_one(context, call.version, shown) if call.version is not None else None
    except SelectionError as problem:
        raise _unreadable(call, str(problem)) from None
    if version is not None and not is_whole(version):
        raise _unreadable(call, f"{call.version} is no whole number{_of_64_bits(version)}")
    if drains and not isinstance(value, str | None):
        raise _unreadable(call, f"{call.value} is neither a text nor null")
    if model == "counter" and call.value is not None and not is_whole(value):
        raise _unreadable(call, f"{call.value} is no whole number{_of_64_bits(value)}")
    return Answer(result=Result.OK, value=value, version=version)


async def _value(context: ProbeContext, call: RaceCall, shown: Any, *, many: bool) -> Any:
    if call.fields:
        return [await _one_or_null(context, path, shown) for path in call.fields]
    if call.value is None:
        return None
    if not many:
        return await _one_or_null(context, call.value, shown)
    selection = Selection(path=compile_path(call.value), instance=Instance(value=shown))
    nodes = await context.judge.select(selection, deadline=context.deadline, target=context.target.name)
    return nodes[0] if len(nodes) == 1 and isinstance(nodes[0], list) else nodes


async def _one_or_null(context: ProbeContext, path: str, shown: Any) -> Any:
    """The selected node, or null if the path selects none. A counter refuses null later."""
    selection = Selection(path=compile_path(path), instance=Instance(value=shown), most=2)
    nodes = await context.judge.select(selection, deadline=context.deadline, target=context.target.name)
    return one_of(nodes, selection) if nodes else None


def _of_64_bits(value: Any) -> str:
    return " of 64 bits" if isinstance(value, int) and not isinstance(value, bool) else ""


def _unreadable(call: RaceCall, problem: str) -> Failure:
    return Failure(
        Reason.EXPECTATION_FAILED,
        f"{call.tool} does not say what the race needs to know: {problem}",
        step="tools/call",
        evidence=Evidence(keyword="value" if call.version is None else "version"),
    )
