"""Arguments with which a tool can be called, read off its input schema: defaults, constants, examples, enumerations.

The schema is a stranger's. It may be any JSON at all, refer to itself, or branch without end: what cannot be made out
in a bounded number of steps is left to a person, as is everything for which the schema offers no value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_STEPS: Final = 1_000
"""Subschemas looked at for one tool."""

MAX_DEPTH: Final = 20
"""Levels of arguments, references and alternatives within each other."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Stands where a person has to give a value. `hint` is what the schema says of it."""

    hint: str


def arguments_for(input_schema: Any) -> dict[str, Any]:
    """The smallest set of arguments that the schema itself vouches for, with a `Wanted` wherever it does not."""
    reader = _Reader(input_schema)
    return reader.members(input_schema, depth=0)


def wanted_in(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The hints of what a person has to give, by the path of names that leads there."""
    return {".".join(path): wanted.hint for path, wanted in _wanted(arguments)}


def _wanted(value: Any) -> Iterator[tuple[tuple[str, ...], Wanted]]:
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:  # not by recursion: a default may be nested as deeply as JSON can be
        path, value = waiting.pop()
        if isinstance(value, Wanted):
            yield path, value
        elif isinstance(value, dict):
            waiting += [((*path, name), member) for name, member in reversed(value.items())]


class _Reader:
    """Reads values off the subschemas of one schema, as many as it has steps for."""

    def __init__(self, root: Any):
        self._root = root
        self._steps = MAX_STEPS

    def members(self, schema: Any, *, depth: int) -> dict[str, Any]:
        """The required members of an object."""
        properties, required = _get(schema, "properties", dict), _get(schema, "required", list)
        names = [name for name in required if isinstance(name, str)]
        return {name: self._value(properties.get(name), depth=depth + 1) for name in names}

    def _value(self, schema: Any, *, depth: int) -> Any:
        self._steps -= 1
        schema = self._resolved(schema)
        if self._steps < 0 or depth > MAX_DEPTH:
            return Wanted(hint=_hint(schema))
        for key in ("default", "const"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if values := _get(schema, key, list):
                return values[0]
        for branch in [*_get(schema, "anyOf", list), *_get(schema, "oneOf", list)]:
            value = self._value(branch, depth=depth + 1)
            if not any(_wanted(value)):
                return value
        if _get(schema, "required", list) and _get(schema, "properties", dict):
            return self.members(schema, depth=depth)
        return Wanted(hint=_hint(schema))

    def _resolved(self, schema: Any) -> dict[str, Any]:
        """`schema` with what its `$ref` leads to; what stands beside the reference counts first."""
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
        place = self._root
        for part in reference.removeprefix("#/").split("/"):
            place = _get(place, part.replace("~1", "/").replace("~0", "~"), object)
        return place


def _get(schema: Any, key: str, kind: type) -> Any:
    """A member of a schema if it is of that kind, else nothing of that kind."""
    value = schema.get(key) if isinstance(schema, dict) else None
    return value if isinstance(value, kind) else kind()


def _hint(schema: Mapping[str, Any]) -> str:
    kind, described = schema.get("type"), schema.get("description")
    kinds = [name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)]
    text = " or ".join(kinds) or "any value"
    return f"{text}: {described}" if isinstance(described, str) and described else text
