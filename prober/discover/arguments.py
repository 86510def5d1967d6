"""Finds arguments for a tool in its input schema: what a person chose, what the schema writes out, what it implies.

The schema is untrusted. It may be any JSON at all, refer to itself, or branch without end. The search ends after a
bounded number of steps; a value that the search or the schema does not give is left to a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.discover.sample_values import example_in, implied, typed, words_about

MAX_STEPS: Final = 1_000
"""Subschemas that are read for one tool."""

MAX_DEPTH: Final = 20
"""Nesting of arguments, references and alternatives."""


@dataclass(frozen=True, kw_only=True)
class MissingValue:
    """Marks a value that a person has to give. `hint` says what the schema says about the value."""

    hint: str


def arguments_for(
    input_schema: Any,
    chosen: Mapping[str, str] | None = None,
    *,
    also: Collection[str] = (),
    description: Any = None,
    guess: bool = True,
) -> dict[str, Any]:
    """The required arguments, with a `MissingValue` for each value that is neither chosen nor in the schema.

    `chosen` has texts by the name of an argument, or by its path, such as `filter.name`. Paths in `also` are given
    although they are not required. `description` is that of the tool, which may describe its arguments. Without `guess`
    only values count that the schema writes out: what it implies may be refused by a server that is all right.
    """
    reader = _SchemaReader(input_schema, chosen or {}, frozenset(also), description, guess)
    return reader.members(input_schema, path="", depth=0)


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

    def __init__(self, root: Any, chosen: Mapping[str, str], also: frozenset[str], description: Any, guess: bool):
        self._root, self._chosen, self._also, self._description = root, chosen, also, description
        self._guess = guess
        self._steps = MAX_STEPS

    def members(self, schema: Any, *, path: str, depth: int) -> dict[str, Any]:
        """The members of an object that are required, or wanted all the same."""
        properties, required = _member(schema, "properties", dict), _member(schema, "required", list)
        names = [name for name in required if isinstance(name, str)]
        names += [name for name in properties if f"{path}{name}" in self._also and name not in names]
        return {name: self._value(properties.get(name), path=path + name, depth=depth + 1) for name in names}

    def _value(self, schema: Any, *, path: str, depth: int) -> Any:
        self._steps -= 1
        schema = self._resolved(schema)
        if "description" not in schema and (words := words_about(path, self._description)) is not None:
            schema = {**schema, "description": words}
        if self._steps < 0 or depth > MAX_DEPTH:
            return MissingValue(hint=_hint(schema))
        text = self._chosen.get(path, self._chosen.get(path.rpartition(".")[2]))
        if text is not None:
            return _typed_or_missing(text, schema)
        for key in ("default", "const", "example"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if values := _member(schema, key, list):
                return values[0]
        if self._guess and (text := example_in(schema.get("description"))) is not None:
            value = _typed_or_missing(text, schema)
            if not isinstance(value, MissingValue):
                return value
        return self._composed(schema, path=path, depth=depth)

    def _composed(self, schema: dict[str, Any], *, path: str, depth: int) -> Any:
        """The value of an alternative, of the members of an object, of one item of a list, or the implied one."""
        branches = [*_member(schema, "anyOf", list), *_member(schema, "oneOf", list)]
        for branch in sorted(branches, key=lambda branch: branch == {"type": "null"}):
            value = self._value(branch, path=path, depth=depth + 1)
            if not any(_missing(value)):
                return value
        if _member(schema, "required", list) and _member(schema, "properties", dict):
            return self.members(schema, path=path + ".", depth=depth)
        try:
            if self._guess:
                return implied(schema, path.strip(".").rpartition(".")[2])
        except ValueError:
            pass
        if schema.get("type") == "array" and schema.get("minItems") == 1 and isinstance(schema.get("items"), dict):
            item = self._value(schema["items"], path=path + ".0", depth=depth + 1)
            if not any(_missing(item)):
                return [item]
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


def _typed_or_missing(text: str, schema: Mapping[str, Any]) -> Any:
    try:
        return typed(text, schema)
    except (ValueError, RecursionError):
        return MissingValue(hint=_hint(schema))


def _member(schema: Any, key: str, kind: type) -> Any:
    """A member of a schema if it has that type, else the empty value of that type."""
    value = schema.get(key) if isinstance(schema, dict) else None
    return value if isinstance(value, kind) else kind()


def _hint(schema: Mapping[str, Any]) -> str:
    kind, described = schema.get("type"), schema.get("description")
    kinds = [name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)]
    text = " or ".join(kinds) or "any value"
    return f"{text}: {described}" if isinstance(described, str) and described else text
