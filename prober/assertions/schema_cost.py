"""The weight of a schema: what judging by it may cost at any one place of an instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from prober.assertions.cost import BUDGET, MAX_TEXT, Size, pattern_steps
from prober.assertions.keywords import REFERENCES, Applies, is_schema, subschemas
from prober.json_values import Json

# Microseconds, measured with jsonschema 4.26 on a slow core, rounded up.
_SCHEMA: Final = 6.0
_KEYWORD: Final = 5.0
_REFERENCE: Final = 15.0
_ENTRY: Final = 0.2
"""Looking at one declared property, one value of an enum."""
_ERROR: Final = 8.0
_STEP: Final = 0.03
"""Of a regular expression."""
_CHARACTER: Final = 0.004
"""Writing one character of the instance into the message of an error."""
_PAIR: Final = 1.0
"""Comparing two elements for `uniqueItems`, which compares each with each at worst."""

MAX_UNIQUE: Final = 100
"""Values of an instance up to which `uniqueItems` is looked at in the event loop."""

_UNBOUNDED: Final = frozenset(
    {"unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef", "extends", "disallow"}
)
"""Keywords that judge by other schemas than those that stand in them, or by those more than once."""
_OF_OBJECTS: Final = frozenset(
    {
        "properties",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
        "required",
        "dependentRequired",
        "dependentSchemas",
        "dependencies",
        "minProperties",
        "maxProperties",
    }
)
_OF_ARRAYS: Final = frozenset(
    {"items", "prefixItems", "additionalItems", "contains", "minItems", "maxItems", "uniqueItems"}
)
_SILENT: Final = frozenset(
    {
        "$schema",
        "$id",
        "id",
        "$anchor",
        "$comment",
        "$defs",
        "definitions",
        "title",
        "description",
        "default",
        "examples",
    }
)


class _PerNode(NamedTuple):
    """Microseconds at one object, one array, one scalar."""

    objects: float = 0.0
    arrays: float = 0.0
    scalars: float = 0.0

    def plus(self, other: _PerNode) -> _PerNode:
        return _PerNode(*(a + b for a, b in zip(self, other, strict=True)))

    def most(self, other: _PerNode) -> _PerNode:
        return _PerNode(*map(max, self, other))


class _Load(NamedTuple):
    """What a schema costs at the place that it judges, and at any one place below it."""

    here: _PerNode = _PerNode()
    below: _PerNode = _PerNode()

    def plus(self, other: _Load) -> _Load:
        return _Load(self.here.plus(other.here), self.below.plus(other.below))

    @property
    def anywhere(self) -> _PerNode:
        return self.here.most(self.below)


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a schema may cost at any one place of an instance, in microseconds, by the type of what is there."""

    objects: float
    arrays: float
    scalars: float
    patterns: bool
    """Holds only for texts of up to `MAX_TEXT` characters."""
    unique: bool
    """Holds only for instances of up to `MAX_UNIQUE` values."""

    def allows(self, size: Size) -> bool:
        """Whether an instance of that size can be judged within the budget."""
        if (self.patterns and size.longest > MAX_TEXT) or (self.unique and size.nodes > MAX_UNIQUE):
            return False
        most = self.objects * size.objects + self.arrays * size.arrays + self.scalars * size.scalars
        # An error's message holds its whole instance: every keyword on the way down may write each character once.
        most += max(self.objects, self.arrays, self.scalars) / _KEYWORD * size.characters * _CHARACTER
        return most <= BUDGET * 1e6


class EndlessReference(ValueError):  # noqa: N818 - becomes a SchemaError where the schema is loaded
    """A schema that refers to itself without going deeper into the instance: judging by it would not end."""


def weigh(document: Json, targets: Mapping[tuple[int, str], Json]) -> Weight | None:
    """The weight of a schema whose references have been resolved; None where it has no bound.

    Raises:
        EndlessReference: some instance would be judged for ever.
    """
    scale = _Scale(targets=targets)
    scale.refuse_endless(document)
    try:
        most = scale.load(document).anywhere
    except _Unbounded:
        return None
    return Weight(
        objects=most.objects, arrays=most.arrays, scalars=most.scalars, patterns=scale.patterns, unique=scale.unique
    )


class _Unbounded(Exception):  # noqa: N818 - not an error but an answer
    """The weight cannot be told."""


@dataclass
class _Scale:
    """One weighing. Schemas are known by identity; a schema that is met again while it is weighed is recursive."""

    targets: Mapping[tuple[int, str], Json]
    patterns: bool = False
    unique: bool = False
    loads: dict[int, _Load | None] = field(default_factory=dict)

    def referred(self, schema: Json) -> list[Json]:
        """What the references of one schema mean."""
        return [self.targets[id(schema), key] for key in REFERENCES if (id(schema), key) in self.targets]

    def load(self, schema: Json) -> _Load:
        if not isinstance(schema, dict):
            return _SCHEMA_ALONE
        if id(schema) not in self.loads:
            self.loads[id(schema)] = None
            self.loads[id(schema)] = self._load(schema)
        found = self.loads[id(schema)]
        if found is None:
            raise _Unbounded
        return found

    def _load(self, schema: dict[str, Json]) -> _Load:
        load = self._own(schema)
        for target in self.referred(schema):
            load = load.plus(self.load(target))
        alternatives: dict[str, _PerNode] = {}
        for inner in subschemas(schema):
            if inner.applies is Applies.IN_PLACE:
                load = load.plus(self.load(inner.schema))
            elif inner.applies is Applies.BELOW:
                below = self.load(inner.schema).anywhere
                # Declared members and elements lie in different places: the heaviest of them counts, once.
                one_place = inner.keyword in {"properties", "prefixItems"}
                slot = inner.keyword if one_place else f"{inner.keyword}/{inner.key}"
                alternatives[slot] = alternatives.get(slot, _PerNode()).most(below)
        for below in alternatives.values():
            load = load.plus(_Load(below=below))
        return load

    def _own(self, schema: dict[str, Json]) -> _Load:
        """What the keywords of one schema cost, without the schemas in them."""
        here, below = _PerNode(_SCHEMA, _SCHEMA, _SCHEMA), _PerNode()
        for keyword, value in schema.items():
            schemas_in_type = keyword == "type" and isinstance(value, list) and any(map(is_schema, value))
            if keyword in _UNBOUNDED or schemas_in_type:
                raise _Unbounded
            if keyword not in _SILENT:
                here = here.plus(self._keyword(keyword, value))
            if keyword == "uniqueItems":
                self.unique = True
                below = below.plus(_evenly(_PAIR * MAX_UNIQUE / 2))
            if keyword == "patternProperties" and isinstance(value, dict):
                # Each name is searched for by the keyword itself and again by `additionalProperties`.
                below = below.plus(_evenly(2 * sum(self._search(pattern) for pattern in value)))
        return _Load(here, below)

    def _keyword(self, keyword: str, value: Json) -> _PerNode:
        cost = _KEYWORD
        if keyword in REFERENCES:
            cost = _REFERENCE
        elif keyword == "required" or keyword.startswith("dependent"):
            cost += _ERROR * _leaves(value)
        elif keyword == "pattern" and isinstance(value, str):
            return _PerNode(scalars=cost + self._search(value))
        else:
            cost += _ENTRY * (_leaves(value) if keyword in {"enum", "const"} else _length(value))
        if keyword in _OF_OBJECTS:
            return _PerNode(objects=cost)
        if keyword in _OF_ARRAYS:
            return _PerNode(arrays=cost)
        return _evenly(cost)

    def _search(self, pattern: str) -> float:
        """Microseconds of searching one text for a pattern."""
        steps = pattern_steps(pattern, MAX_TEXT)
        if steps is None:
            raise _Unbounded
        self.patterns = True
        return _KEYWORD + steps * _STEP

    def refuse_endless(self, document: Json) -> None:
        """Look for a schema that applies itself to the instance it was applied to, from any schema of the document."""
        done: set[int] = set()
        waiting = [document]
        entered: set[int] = set()
        while waiting:
            schema = waiting.pop()
            if isinstance(schema, dict) and id(schema) not in entered:
                entered.add(id(schema))
                self._descend_in_place(schema, [], done)
                waiting.extend(inner.schema for inner in subschemas(schema) if inner.applies is not Applies.NOWHERE)
                waiting.extend(self.referred(schema))

    def _descend_in_place(self, schema: Json, above: list[int], done: set[int]) -> None:
        if not isinstance(schema, dict) or id(schema) in done:
            return
        if id(schema) in above:
            raise EndlessReference("refers to itself without going deeper into the value, so judging would not end")
        above.append(id(schema))
        for inner in subschemas(schema):
            if inner.applies is Applies.IN_PLACE:
                self._descend_in_place(inner.schema, above, done)
        for keyword, anchor in _ANCHORS.items():
            target = self.targets.get((id(schema), keyword), True)
            # With its anchor the reference is dynamic: it may mean another schema by the time it is followed.
            if isinstance(target, dict) and anchor not in target:
                self._descend_in_place(target, above, done)
        above.pop()
        done.add(id(schema))


_ANCHORS: Final = {"$ref": "", "$dynamicRef": "$dynamicAnchor", "$recursiveRef": "$recursiveAnchor"}
"""By kind of reference: the keyword in its target that makes it dynamic."""

_SCHEMA_ALONE: Final = _Load(here=_PerNode(_SCHEMA, _SCHEMA, _SCHEMA))


def _evenly(cost: float) -> _PerNode:
    return _PerNode(cost, cost, cost)


def _length(value: Json) -> int:
    return len(value) if isinstance(value, list | dict) else 1


def _leaves(value: Json) -> int:
    """How many values there are in a value, itself included."""
    count, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        count += 1
        if isinstance(node, list | dict):
            waiting.extend(node.values() if isinstance(node, dict) else node)
    return count
