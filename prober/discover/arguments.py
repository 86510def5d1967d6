"""Arguments with which a tool can be called, read off its input schema: defaults, examples, constants, enumerations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Unknown(Exception):  # noqa: N818 - an answer, not an error
    """Required arguments for which the schema offers no value, each with what is known of it."""

    def __init__(self, hints: Mapping[str, str]):
        super().__init__(", ".join(hints))
        self.hints = dict(hints)


def arguments_for(input_schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The smallest set of arguments that the schema itself vouches for. Raises Unknown where it does not."""
    properties = input_schema.get("properties") or {}
    arguments: dict[str, Any] = {}
    hints: dict[str, str] = {}
    for name in input_schema.get("required") or []:
        try:
            arguments[name] = _value(name, properties.get(name, {}), root or input_schema)
        except Unknown as unknown:
            hints |= unknown.hints
    if hints:
        raise Unknown(hints)
    return arguments


def _value(name: str, schema: Any, root: Mapping[str, Any]) -> Any:
    schema = _resolved(schema, root)
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf"):
        for branch in schema.get(key) or []:
            try:
                return _value(name, branch, root)
            except Unknown:
                continue
    kind = schema.get("type")
    if kind == "object" and schema.get("required"):
        return arguments_for(schema, root)
    raise Unknown({name: _hint(schema)})


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """`schema`, or what its local `$ref` leads to; a reference that leads elsewhere counts as no information."""
    for _ in range(10):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        schema = root if reference.startswith("#/") else {}
        for part in reference.removeprefix("#/").split("/"):
            schema = schema.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(schema, Mapping) else {}
    return {}


def _hint(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "any type")
    text = kind if isinstance(kind, str) else " or ".join(map(str, kind))
    described = str(schema.get("description", "")).split("\n", 1)[0]
    return f"{text}: {described}"[:120] if described else text
