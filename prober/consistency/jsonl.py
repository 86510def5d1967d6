"""Traces as JSON lines: a head that says what is to come, then an operation a line, in the order of invocation.

    {"format": "mcp-prober-trace", "version": 1, "model": "counter", "operations": 2, "seed": 7, …}
    {"id": 0, "client": 0, "kind": "increment", "invoked": 0.001, "returned": 0.004, "result": "ok", "value": 1}

What is not said is null. A file that was cut off, put in another order or written by a broken clock is refused: a
judge that guesses would accuse the wrong server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, NoReturn

from prober.consistency.trace import Operation, Result, Trace, TraceError
from prober.json_values import document_text

FORMAT: Final = "mcp-prober-trace"
VERSION: Final = 1

_ABOUT: Final = ("ttl", "staleness", "seed")
_NUMBER: Final = (int, float)
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "id": (int,),
    "client": (int,),
    "kind": (str,),
    "invoked": _NUMBER,
    "returned": _NUMBER,
    "result": (str,),
    "process": (int,),
    "element": (str, type(None)),
    "given": (int, type(None)),
    "version": (int, type(None)),
    "value": (object,),
}
_REQUIRED: Final = ("id", "client", "kind", "invoked", "returned", "result")
_DEFAULTS: Final = {each.name: each.default for each in fields(Operation)}


def write_lines(trace: Trace) -> Iterator[str]:
    """The lines, without their ends."""
    head: dict[str, Any] = {"format": FORMAT, "version": VERSION, "model": trace.model}
    head["operations"] = len(trace.operations)
    head |= {name: value for name in _ABOUT if (value := getattr(trace, name)) is not None}
    if trace.guarantees:
        head["guarantees"] = sorted(trace.guarantees)
    if trace.about:
        head["about"] = trace.about
    yield document_text(head)
    for operation in trace.operations:
        written = {name: getattr(operation, name) for name in _TYPES}
        yield document_text(
            {name: value for name, value in written.items() if name in _REQUIRED or value != _DEFAULTS[name]}
        )


def read_lines(lines: Iterable[str], *, model: str | None = None) -> Trace:
    """The trace, judged by its own model or by `model`.

    Raises:
        TraceError: it is none, not whole, or contradicts itself; the message names the line.
    """
    numbered = ((number, text) for number, text in enumerate(lines, 1))
    first = next(numbered, None)
    if first is None:
        raise TraceError("the file is empty")
    head = _object(*first)
    if head.get("format") != FORMAT:
        raise TraceError(f"line 1: no head of a trace: it says {FORMAT!r} as its format")
    if head.get("version") != VERSION:
        raise TraceError(f"line 1: version {head.get('version')!r} of the format; this reads version {VERSION}")
    operations = tuple(_operation(number, text) for number, text in numbered)
    promised = head.get("operations")
    if promised != len(operations):
        raise TraceError(f"{len(operations)} operations where the head says {promised}: the file is not whole")
    chosen = model or head.get("model")
    if not isinstance(chosen, str):
        raise TraceError("line 1: no model, and none was named")
    about = {name: head.get(name) for name in _ABOUT}
    for name, value in about.items():
        if value is not None and not _is(value, _NUMBER):
            raise TraceError(f"line 1: {name} is no number")
    guarantees = head.get("guarantees", [])
    if not isinstance(guarantees, list) or not all(isinstance(each, str) for each in guarantees):
        raise TraceError("line 1: guarantees is no list of texts")
    return Trace(
        model=chosen,
        operations=operations,
        guarantees=frozenset(guarantees),
        about=str(head.get("about", "")),
        **about,
    )


def _object(number: int, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise TraceError(f"line {number} is not JSON: the file was cut off or changed") from None
    if not isinstance(value, dict):
        raise TraceError(f"line {number} is no JSON object")
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _operation(number: int, text: str) -> Operation:
    written = _object(number, text)
    for name in _REQUIRED:
        if name not in written:
            raise TraceError(f"line {number} has no {name}")
    for name, value in written.items():
        if name not in _TYPES:
            raise TraceError(f"line {number}: {name} is no field of an operation")
        if not _is(value, _TYPES[name]):
            raise TraceError(f"line {number}: {name} has the wrong type")
    try:
        result = Result(written.pop("result"))
    except ValueError:
        raise TraceError(f"line {number}: result is one of {', '.join(Result)}") from None
    return Operation(result=result, **written)


def _is(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (object in types or not isinstance(value, bool))
