"""Operations in words, for the sentences of violations."""

from __future__ import annotations

from typing import Final

from prober.consistency.trace import Operation, Result
from prober.json_values import Json, render

_SHOWN: Final = 60
_LISTED: Final = 3


def call(operation: Operation) -> str:
    """`client 3's write #17 (12.1 to 15.4 ms)`."""
    begin, end = operation.invoked * 1000, operation.returned * 1000
    return f"client {operation.client}'s {operation.kind} #{operation.id} ({begin:.1f} to {end:.1f} ms)"


def show(value: Json) -> str:
    """A value as JSON, cut to what fits into a sentence; of a long list its length says more than its beginning."""
    if isinstance(value, list | tuple) and len(value) > _LISTED:
        return f"{len(value)} elements"
    return render(value, _SHOWN)


def line(operation: Operation) -> str:
    """All of an operation on one line, for the list of a witness."""
    parts = [call(operation)]
    if operation.element is not None:
        parts.append(f"of {show(operation.element)}")
    if operation.given is not None:
        parts.append(f"given {operation.given}")
    told = [operation.result.value]
    if operation.result is Result.OK:
        told += [f"value {show(operation.value)}"] if operation.value is not None else []
        told += [f"version {operation.version}"] if operation.version is not None else []
    process = f" [process {operation.process}]" if operation.process else ""
    return f"{' '.join(parts)}: {', '.join(told)}{process}"
