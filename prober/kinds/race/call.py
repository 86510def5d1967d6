"""One operation as a tool call: its arguments filled, its answer read by the paths of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prober.config.model import RaceCall
from prober.judge.expect import SelectionProblem, check_expectation, compile_path, select_one
from prober.judge.race.history import Result
from prober.kinds.answer import MISSING, select, tool_error
from prober.outcome import Evidence, Failure, Reason

COLLECTIONS = frozenset({"log", "set"})
"""Models whose reads show many elements."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a call came to."""

    result: Result
    value: Any = None
    version: int | None = None


def read_answer(call: RaceCall, result: Mapping[str, Any], *, model: str, kind: str) -> Answer:
    """What an answer says.

    Raises:
        Failure: it is an error, or does not say what the model needs: nobody knows whether the call had its effect.
    """
    if call.conflict_when and all(check_expectation(each, dict(result)) is None for each in call.conflict_when):
        return Answer(result=Result.FAIL)
    if result.get("isError"):
        raise tool_error(call.tool, result)
    judged = select(call.source, result)
    shown = None if judged is MISSING else judged
    try:
        value = _value(call, shown, many=kind == "read" and model in COLLECTIONS)
        version = select_one(compile_path(call.version), shown) if call.version is not None else None
    except SelectionProblem as problem:
        raise _unreadable(call, str(problem)) from None
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise _unreadable(call, f"{call.version} is no whole number")
    if model == "counter" and call.value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise _unreadable(call, f"{call.value} is no whole number")
    return Answer(result=Result.OK, value=value, version=version)


def _value(call: RaceCall, shown: Any, *, many: bool) -> Any:
    if call.fields:
        return [_one_or_null(path, shown) for path in call.fields]
    if call.value is None:
        return None
    if not many:
        return _one_or_null(call.value, shown)
    nodes = [node for _, node in compile_path(call.value).select(shown)]
    return nodes[0] if len(nodes) == 1 and isinstance(nodes[0], list) else nodes


def _one_or_null(text: str, shown: Any) -> Any:
    """What is not there yet is null. Where a number is needed, that is told apart."""
    path = compile_path(text)
    return select_one(path, shown) if next(path.select(shown), None) is not None else None


def _unreadable(call: RaceCall, problem: str) -> Failure:
    return Failure(
        Reason.EXPECTATION_FAILED,
        f"{call.tool} does not say what the race needs to know: {problem}",
        step="tools/call",
        evidence=Evidence(keyword="value" if call.version is None else "version"),
    )
