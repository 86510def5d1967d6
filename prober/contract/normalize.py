"""Schemas in a form in which two of them can be compared: a list of alternatives, each of one type.

`{"type": ["string", "null"]}`, `anyOf` of the two, and a `$ref` to either all become the same two alternatives. What
does not fit the form stays as it is written, as a keyword that can only be equal or different.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Final
from urllib.parse import unquote

from prober.json_values import Json, hashable, json_type, same
from prober.json_values.size import size_of

Alternative = dict[str, Json]
"""The keywords of a schema of one `type`, or of any if it has none. `const` is an `enum` of one; `$ref`, `anyOf`,
`oneOf` and `allOf` are only there if they could not be dissolved."""

MAX_ALTERNATIVES: Final = 64
MAX_STEPS: Final = 300
MAX_COPIED: Final = 20_000
"""Keywords, and values of keywords, that are copied or compared while one schema is taken apart: 20 ms at the worst."""
MAX_VALUES: Final = 2_500

ANNOTATIONS: Final = frozenset(
    {"title", "description", "examples", "$comment", "deprecated", "readOnly", "writeOnly", "contentMediaType"}
    | {"contentEncoding", "contentSchema"}
)
"""What says something to people, or nothing that is judged."""
IDENTITY: Final = frozenset(
    {"$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$vocabulary", "$defs", "definitions"}
)
"""What schemas are found by. Whatever is found there is compared where it is used."""

_TYPED: Final[Mapping[str, frozenset[str]]] = {
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "string": frozenset({"minLength", "maxLength", "pattern"}),
    "array": frozenset(
        {"items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "minItems", "maxItems"}
        | {"uniqueItems", "unevaluatedItems"}
    ),
    "object": frozenset(
        {"properties", "required", "patternProperties", "additionalProperties", "propertyNames", "minProperties"}
        | {"maxProperties", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"}
    ),
}
_OF_SOME_TYPE: Final = frozenset().union(*_TYPED.values())


def base_type(alternative: Alternative) -> str | None:
    """The type by which alternatives are set against each other: an integer is a kind of number."""
    name = alternative.get("type")
    return "number" if name == "integer" else name if isinstance(name, str) else None


def alternatives(schema: Json, root: Json) -> list[Alternative]:
    """The alternatives of a schema; references are looked up in `root`. None at all for `false`."""
    try:
        return _Dissolver(root).dissolve(schema)
    except _TooMany:
        return [{"?": schema}]


class _TooMany(Exception):  # noqa: N818 - an answer
    """It would take more steps than it is worth."""


class _Dissolver:
    """Takes one schema apart, in a bounded number of steps: references and choices may multiply without end."""

    def __init__(self, root: Json):
        self.root = root
        self.steps = 0
        self.copied = 0

    def dissolve(self, schema: Json) -> list[Alternative]:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooMany
        if schema is True:
            return [{}]
        if schema is False:
            return []
        if not isinstance(schema, dict):
            return [{"?": schema}]
        self.count(len(schema))
        known = {"$ref": self.reference, "allOf": self.all, "anyOf": self.choice, "oneOf": self.choice}
        found = [{key: value for key, value in schema.items() if key not in IDENTITY and key not in known}]
        for key, dissolve in known.items():
            if key in schema:
                inner = dissolve(schema[key])
                merged = self.product(found, inner) if inner is not None else None
                found = merged if merged is not None else [{**one, key: schema[key]} for one in found]
        return [single for one in found for single in self.by_type(one)]

    def count(self, copied: int) -> None:
        """Count what is about to be copied or compared."""
        self.copied += copied
        if self.copied > MAX_COPIED:
            raise _TooMany

    def by_type(self, one: Alternative) -> list[Alternative]:
        types, values = one.get("type"), one.get("enum")
        times = len(types) if isinstance(types, list) else 1
        self.count(times * (len(one) + (len(values) if isinstance(values, list) else 0)))
        return _by_type(one)

    def reference(self, reference: Json) -> list[Alternative] | None:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            return None
        target = self.root
        for part in reference.split("/")[1:]:
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict) and name in target:
                target = target[name]
            elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
                target = target[int(name)]
            else:
                return None
        return self.dissolve(target)

    def choice(self, schemas: Json) -> list[Alternative] | None:
        if not isinstance(schemas, list):
            return None
        found = [one for schema in schemas for one in self.dissolve(schema)]
        return found if len(found) <= MAX_ALTERNATIVES else None

    def all(self, schemas: Json) -> list[Alternative] | None:
        if not isinstance(schemas, list):
            return None
        found: list[Alternative] | None = [{}]
        for schema in schemas:
            found = self.product(found, self.dissolve(schema)) if found is not None else None
        return found

    def product(self, some: list[Alternative], others: list[Alternative]) -> list[Alternative] | None:
        """All pairs of alternatives, merged; pairs that no value can satisfy are left out. None if a pair cannot be
        merged."""
        if len(some) * len(others) > MAX_ALTERNATIVES:
            return None
        merged = []
        for one, other in product(some, others):
            both = self.merge(one, other)
            if both is None:
                return None
            if both.get("enum") != []:
                merged.append(both)
        return merged

    def merge(self, one: Alternative, other: Alternative) -> Alternative | None:
        self.count(len(one) + len(other))
        both = {**other, **one}
        for key in (one.keys() & other.keys()) - ANNOTATIONS - {"default"}:
            mine, theirs = one[key], other[key]
            if self.same(mine, theirs):
                continue
            self.count(sum(len(value) for value in (mine, theirs) if isinstance(value, list | dict)))
            if (
                key == "enum"
                and isinstance(mine, list)
                and isinstance(theirs, list)
                and len(mine) < MAX_VALUES > len(theirs)
            ):
                known = set(map(hashable, theirs))
                both[key] = [value for value in mine if hashable(value) in known]
            elif key == "required" and isinstance(mine, list) and isinstance(theirs, list):
                both[key] = list(dict.fromkeys(name for name in [*mine, *theirs] if isinstance(name, str)))
            elif (
                key == "properties" and isinstance(mine, dict) and isinstance(theirs, dict) and not mine.keys() & theirs
            ):
                both[key] = {**mine, **theirs}
            else:
                return None
        return both

    def same(self, mine: Json, theirs: Json) -> bool:
        """Whether two values are equal; it counts what is compared."""
        if mine is theirs:
            return True
        size = size_of(mine, most=MAX_COPIED)
        self.count(MAX_COPIED + 1 if size is None else size.nodes)
        return same(mine, theirs)


def _by_type(one: Alternative) -> list[Alternative]:
    """One alternative for each type that this one may have, with the keywords that judge that type."""
    if "const" in one:
        one = {key: value for key, value in one.items() if key != "const"} | {"enum": [one["const"]]}
    values = one.get("enum")
    types = one.get("type")
    if types is None and isinstance(values, list) and values:
        types = list(dict.fromkeys(map(json_type, values)))
    if types is None:
        return [one]
    names = dict.fromkeys(name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str))
    if "number" in names:
        names.pop("integer", None)  # every integer is a number: as an alternative of its own it would count twice
    return [single for name in names if (single := _of_type(one, name)) is not None]


def _of_type(one: Alternative, name: str) -> Alternative | None:
    base = "number" if name == "integer" else name
    other = _OF_SOME_TYPE - _TYPED.get(base, frozenset())
    single = {key: value for key, value in one.items() if key not in other} | {"type": name}
    if isinstance(one.get("enum"), list):
        single["enum"] = [value for value in one["enum"] if _is(value, name)]
        if not single["enum"]:
            return None
        if name == "null":
            del single["enum"]
    return single


def _is(value: Json, name: str) -> bool:
    found = json_type(value)
    return found == name or (name == "number" and found == "integer")
