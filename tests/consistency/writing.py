"""Traces written by hand, a line an operation: `0 increment 10-20 ok value=3`, times in milliseconds.

The first word is the client. Fields are JSON where they can be, else texts; a leading `?` or `!` at the kind stands for
an outcome that is unknown, or for being turned down.
"""

from __future__ import annotations

import json
from typing import Any

from prober.consistency.trace import Operation, Result, Trace

_RESULTS = {"?": Result.UNKNOWN, "!": Result.FAIL}


def trace(model: str, text: str, **about: Any) -> Trace:
    """The trace of a text; operations are numbered as they are written."""
    lines = [line for line in text.splitlines() if line.strip()]
    return Trace(model=model, operations=tuple(_operation(number, line) for number, line in enumerate(lines)), **about)


def _operation(number: int, line: str) -> Operation:
    client, kind, span, *fields = line.split()
    result = _RESULTS.get(kind[0], Result.OK)
    invoked, _, returned = span.partition("-")
    return Operation(
        id=number,
        client=int(client),
        kind=kind.lstrip("?!"),
        invoked=int(invoked) / 1000,
        returned=int(returned) / 1000,
        result=result,
        **{name: _value(text) for name, _, text in (each.partition("=") for each in fields)},
    )


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
