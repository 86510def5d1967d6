"""Which keywords of JSON Schema hold further schemas, and how each of them is applied: one table for draft 4 and later.

A keyword that a draft does not know is harmless here: a schema under it is looked at although it never judges. What
draft 3 did otherwise (`extends`, `disallow`, schemas in `type`) is left to the validator.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from prober.json_values import Json


class Applies(Enum):
    """To what a schema inside a schema is applied."""

    IN_PLACE = auto()
    """To the very value that the outer schema judges."""
    BELOW = auto()
    """To members or elements of that value."""
    NOWHERE = auto()
    """To nothing until something refers to it."""


class _Shape(Enum):
    ONE = auto()
    LIST = auto()
    MAP = auto()


class Subschema(NamedTuple):
    """A schema inside a schema: the keyword that holds it, its name or index there if any, and its use."""

    keyword: str
    key: str | int | None
    schema: Json
    applies: Applies

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where it is in the outer schema."""
        return (self.keyword,) if self.key is None else (self.keyword, self.key)


REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")

_HOLDERS: Final[dict[str, tuple[Applies, tuple[_Shape, ...]]]] = {
    "allOf": (Applies.IN_PLACE, (_Shape.LIST,)),
    "anyOf": (Applies.IN_PLACE, (_Shape.LIST,)),
    "oneOf": (Applies.IN_PLACE, (_Shape.LIST,)),
    "not": (Applies.IN_PLACE, (_Shape.ONE,)),
    "if": (Applies.IN_PLACE, (_Shape.ONE,)),
    "then": (Applies.IN_PLACE, (_Shape.ONE,)),
    "else": (Applies.IN_PLACE, (_Shape.ONE,)),
    "dependentSchemas": (Applies.IN_PLACE, (_Shape.MAP,)),
    "dependencies": (Applies.IN_PLACE, (_Shape.MAP,)),
    "properties": (Applies.BELOW, (_Shape.MAP,)),
    "patternProperties": (Applies.BELOW, (_Shape.MAP,)),
    "additionalProperties": (Applies.BELOW, (_Shape.ONE,)),
    "propertyNames": (Applies.BELOW, (_Shape.ONE,)),
    "unevaluatedProperties": (Applies.BELOW, (_Shape.ONE,)),
    "items": (Applies.BELOW, (_Shape.ONE, _Shape.LIST)),
    "prefixItems": (Applies.BELOW, (_Shape.LIST,)),
    "additionalItems": (Applies.BELOW, (_Shape.ONE,)),
    "contains": (Applies.BELOW, (_Shape.ONE,)),
    "unevaluatedItems": (Applies.BELOW, (_Shape.ONE,)),
    "$defs": (Applies.NOWHERE, (_Shape.MAP,)),
    "definitions": (Applies.NOWHERE, (_Shape.MAP,)),
}


def subschemas(schema: Json) -> Iterator[Subschema]:
    """The schemas directly inside one schema, in the order they stand there."""
    if not isinstance(schema, dict):
        return
    for keyword, held in schema.items():
        holder = _HOLDERS.get(keyword)
        if holder is None:
            continue
        applies, shapes = holder
        for key, inner in _held(held, shapes):
            yield Subschema(keyword, key, inner, applies)


def _held(held: Json, shapes: tuple[_Shape, ...]) -> Iterator[tuple[str | int | None, Json]]:
    if isinstance(held, list) and _Shape.LIST in shapes:
        yield from ((index, inner) for index, inner in enumerate(held) if is_schema(inner))
    elif isinstance(held, dict) and _Shape.MAP in shapes:
        yield from ((name, inner) for name, inner in held.items() if is_schema(inner))
    elif _Shape.ONE in shapes and is_schema(held):
        yield None, held


def is_schema(value: Json) -> bool:
    """Whether a JSON value has the form of a schema. The texts in `type` and `dependencies` lists have not."""
    return isinstance(value, dict | bool)


def every_schema(document: Json) -> Iterator[Json]:
    """All schemas of a document, in no particular order."""
    waiting = [document]
    while waiting:
        schema = waiting.pop()
        yield schema
        waiting.extend(inner.schema for inner in subschemas(schema))
