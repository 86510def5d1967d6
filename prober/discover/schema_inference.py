"""The schema for a probe: what the server declares where that will do, else what its answers have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from prober.assertions.checks import Case, Check, Instance
from prober.assertions.judge import Judge
from prober.assertions.schema import SchemaError, load_schema, load_server_schema
from prober.deadline import Deadline
from prober.outcome import Reason

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PATIENCE: Final = 2.0
"""Seconds for judging the answers by what the server declares."""


async def schema_for(values: Sequence[Any], *, declared: Any, judge: Judge) -> dict[str, Any]:
    """A schema that all values fit, for a probe: `declared`, or one that is inferred.

    A probe's schema asks for more than a server's own: it asserts formats, and is read whenever the probes are. So one
    that does not fit then, or that takes long to load, is not taken over.
    """
    if isinstance(declared, dict) and await _will_do(declared, values, judge):
        return declared
    return infer(values)


def infer(values: Sequence[Any]) -> dict[str, Any]:
    """A schema that all values fit: their types, and as required the members that were always there.

    What was always null says nothing of what it is otherwise, so nothing is asked of it.
    Raises RecursionError for values that are nested too deeply.
    """
    from genson import SchemaBuilder  # type: ignore[import-untyped]

    builder = SchemaBuilder(schema_uri=_DIALECT)
    for value in values:
        builder.add_object(value)
    schema: dict[str, Any] = _without_nothing(builder.to_schema())
    return schema


async def _will_do(declared: dict[str, Any], values: Sequence[Any], judge: Judge) -> bool:
    try:
        if not load_server_schema(declared).checked:
            return False
        schema = load_schema(declared, folder=None)
    except SchemaError:
        return False
    checks = tuple(Check(reason=Reason.SCHEMA_MISMATCH, rule=schema, instance=Instance(value=each)) for each in values)
    return await judge.judge(Case(checks=checks), deadline=Deadline.after(_PATIENCE)) is None


def _without_nothing(schema: Any) -> Any:
    """The schema with `{"type": "null"}` replaced by one that lets everything through."""
    if schema == {"type": "null"}:
        return {}
    if isinstance(schema, dict):
        return {key: _without_nothing(member) for key, member in schema.items()}
    return [_without_nothing(member) for member in schema] if isinstance(schema, list) else schema
