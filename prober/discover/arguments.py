"""Finds arguments for a tool in its input schema: defaults, constants, examples, enumerations.

The schema is untrusted. It may be any JSON at all, refer to itself, or branch without end. The search ends after a
bounded number of steps; a value that the search or the schema does not give is left to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_STEPS: Final = 1_000
"""Subschemas that are read for one tool."""

MAX_DEPTH: Final = 20
"""Nesting of arguments, references and alternatives."""


@dataclass(frozen=True, kw_only=True)
class MissingValue:
    """Marks a value that a person has to give. `hint` says what the schema says about the value."""

    hint: str


def arguments_for(input_schema: Any) -> dict[str, Any]:
    """The required arguments, with values from the schema, and a `MissingValue` where the schema gives none."""
    return _SchemaReader(input_schema).members(input_schema, depth=0)


def missing_values(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The hint of each missing value, by its path, such as `filter.name`."""
    return {".".join(path): missing.hint for path, missing in _missing(arguments)}


def _missing(value: Any) -> Iterator[tuple[tuple[str, ...], MissingValue]]:
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:  # not by recursion: a default may be nested as deeply as JSON can be
        path, value = waiting.pop()
        if isinstance(value, MissingValue):
            yield path, value
        elif isinstance(value, dict):
            waiting += [((*path, name), member) for name, member in reversed(value.items())]


class _SchemaReader:
    """Finds values in the subschemas of one schema, in at most `MAX_STEPS` steps."""

    def __init__(self, root: Any):
        self._root = root
        self._steps = MAX_STEPS

    def members(self, schema: Any, *, depth: int) -> dict[str, Any]:
        """The required members of an object."""
        properties, required = _member(schema, "properties", dict), _member(schema, "required", list)
        names = [name for name in required if isinstance(name, str)]
        return {name: self._value(properties.get(name), depth=depth + 1) for name in names}

    def _value(self, schema: Any, *, depth: int) -> Any:
        self._steps -= 1
        schema = self._resolved(schema)
        if self._steps < 0 or depth > MAX_DEPTH:
            return MissingValue(hint=_hint(schema))
        for key in ("default", "const"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if values := _member(schema, key, list):
                return values[0]
        for branch in [*_member(schema, "anyOf", list), *_member(schema, "oneOf", list)]:
            value = self._value(branch, depth=depth + 1)
            if not any(_missing(value)):
                return value
        if _member(schema, "required", list) and _member(schema, "properties", dict):
            return self.members(schema, depth=depth)
        return MissingValue(hint=_hint(schema))

    def _resolved(self, schema: Any) -> dict[str, Any]:
        """`schema` merged with the target of its `$ref`; keywords beside the reference win."""
        found: dict[str, Any] = {}
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, dict):
                break
            found = {**schema, **found}
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                break
            schema = self._at(reference)
        return found

    def _at(self, reference: str) -> Any:
        schema = self._root
        for part in reference.removeprefix("#/").split("/"):
            schema = _member(schema, part.replace("~1", "/").replace("~0", "~"), object)
        return schema


def _member(schema: Any, key: str, kind: type) -> Any:
    """A member of a schema if it has that type, else the empty value of that type."""
    value = schema.get(key) if isinstance(schema, dict) else None
    return value if isinstance(value, kind) else kind()


def _hint(schema: Mapping[str, Any]) -> str:
    kind, described = schema.get("type"), schema.get("description")
    kinds = [name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)]
    text = " or ".join(kinds) or "any value"
    return f"{text}: {described}" if isinstance(described, str) and described else text
