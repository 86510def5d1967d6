"""Finds the schema of a probe: the one that the server declares if its answers fit, else one inferred from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from prober.assertions.checks import Case, Check, Instance
from prober.assertions.json_schema.schema import SchemaError, load_schema, load_server_schema
from prober.assertions.judge import Judge
from prober.deadline import Deadline
from prober.outcome import Reason

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TIMEOUT: Final = 2.0
"""Seconds for judging the answers by the declared schema."""


async def schema_for(values: Sequence[Any], *, declared: Any, judge: Judge) -> dict[str, Any]:
    """A schema that all values fit: `declared`, or one that is inferred.

    A schema of a probe is stricter than a schema of a server: a probe asserts formats, and loads its schema with the
    configuration. A declared schema that then does not fit, or that loads slowly, is not used.
    """
    if isinstance(declared, dict) and await _all_fit(declared, values, judge):
        return declared
    return infer(values)


def infer(values: Sequence[Any]) -> dict[str, Any]:
    """A schema that all values fit: their types, and as required the members that every value has.

    A member that was always null may have any type: null says nothing about its other values.
    Raises RecursionError for values that are nested too deeply.
    """
    from genson import SchemaBuilder  # type: ignore[import-untyped]

    builder = SchemaBuilder(schema_uri=_DIALECT)
    for value in values:
        builder.add_object(value)
    schema: dict[str, Any] = _without_null_types(builder.to_schema())
    return schema


async def _all_fit(declared: dict[str, Any], values: Sequence[Any], judge: Judge) -> bool:
    try:
        if not load_server_schema(declared).checked:
            return False
        schema = load_schema(declared, folder=None)
    except SchemaError:
        return False
    checks = tuple(Check(reason=Reason.SCHEMA_MISMATCH, rule=schema, instance=Instance(value=each)) for each in values)
    return await judge.judge(Case(checks=checks), deadline=Deadline.after(_TIMEOUT)) is None


def _without_null_types(schema: Any) -> Any:
    """The schema with each `{"type": "null"}` replaced by `{}`, which allows everything."""
    if schema == {"type": "null"}:
        return {}
    if isinstance(schema, dict):
        return {key: _without_null_types(member) for key, member in schema.items()}
    return [_without_null_types(member) for member in schema] if isinstance(schema, list) else schema
