"""What a schema may cost in the event loop, known before anything is judged by it.

`jsonschema-rs` is quick, but nothing interrupts it: it holds Python's lock, follows references however often they
multiply, and overflows the stack of its process where a value is nested deeply enough. So a schema gets a bound at
load: how many of its values are looked at, and how many patterns are searched for, at any one place of an instance.
Schemas that judge the same place are counted with multiplicity: through `$ref`, `allOf` and the like two lines can
mean 2^n schemas. What times the size of the instance is too much, and what has no bound here, is for a worker process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urldefrag, urljoin

from prober.assertions.json_schema.bound import MAX_EFFORT, Bound
from prober.assertions.json_schema.dialects import DEFAULT, DRAFT_3, SINCE_2019, dialect_of
from prober.assertions.json_schema.keywords import Applies, is_schema, subschemas
from prober.json_values import Json
from prober.json_values.size import size_of

MAX_SCHEMAS: Final = 2_000
MAX_PATTERNS: Final = 100
"""In one schema: to compile one takes up to a millisecond, see `prober.assertions.json_schema.schema_libraries`."""
MAX_CHAIN: Final = 100
"""Schemas that lead from one to the next at one place, and levels of an instance that are calculated."""

_FORMAT: Final = 20
"""States that a `format` counts for: it is checked by Python, but in one go."""
_COUNT: Final = re.compile(r"\{(?:\d*,)?(\d+)")

_REFUSED: Final = frozenset(
    {"unevaluatedProperties", "unevaluatedItems"}  # evaluate what is beside them again: 3^n when nested
    | {"$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$recursiveAnchor"}  # mean what is found elsewhere
)
_DIFFER_BEFORE: Final = frozenset({"contentMediaType", "contentEncoding"})
_DIFFER_SINCE_2019: Final = frozenset({"dependencies"})
"""Keywords that only one of the two implementations asserts in the older, in the newer drafts."""
_SILENT: Final = frozenset(
    {"title", "description", "default", "examples", "$comment", "$schema", "$defs", "definitions"}
)
_NESTED: Final = 4
"""What each value counts for in an `enum` of arrays or objects, for comparing those takes longer."""
_UNIQUE: Final = 30
"""What `uniqueItems` counts for, because it looks at all that is below an element."""
_ONE_OF_THESE: Final[Mapping[str, str]] = {"additionalProperties": "properties", "items": "prefixItems"}
"""Keywords for what another keyword does not name: a member or element is judged by one of the two."""
_OF_ARRAYS: Final = frozenset({"items", "prefixItems", "additionalItems", "contains"})


class EndlessReferenceError(ValueError):
    """A schema that refers to itself without going deeper into the instance: judging by it would not end."""


def bound_of(document: Json, files: Mapping[str, Json]) -> Bound | None:
    """The bound of a schema, whose references may lead into `files`; None where none is known.

    Raises:
        EndlessReferenceError: some instance would be judged for ever.
    """
    try:
        return _Graph(documents={"": document, **files}).bound()
    except _UnboundedError:
        return None


class _UnboundedError(Exception):
    """The schema uses what is not counted here."""


@dataclass
class _Node:
    """One schema: what it looks at and searches for itself, and the schemas in it by where they apply."""

    name: int
    """Its identity."""
    effort: int = 1
    states: int = 0
    """Of the patterns that it searches for, all together."""
    in_place: list[int] = field(default_factory=list)
    members: dict[str, list[int]] = field(default_factory=dict)
    """Schemas for what is below, in groups: only one schema of a group judges any one member."""
    elements: dict[str, list[int]] = field(default_factory=dict)


@dataclass
class _Graph:
    """The schemas of a document by their identity, and what leads from one to another."""

    documents: Mapping[str, Json]
    nodes: dict[int, _Node] = field(default_factory=dict)
    formats: set[str] = field(default_factory=set)
    patterns: bool = False
    unbounded: bool = False
    """Whether something was met that is not counted."""

    def bound(self) -> Bound:
        root = self.documents[""]
        dialect = dialect_of(root, inherited=DEFAULT)
        others = [dialect_of(one, inherited=DEFAULT) for one in self.documents.values()]
        if dialect is None or dialect is DRAFT_3 or any(other is not dialect for other in others):
            raise _UnboundedError
        self._enter(root, refused=_REFUSED | (_DIFFER_SINCE_2019 if dialect in SINCE_2019 else _DIFFER_BEFORE))
        order = self._inner_first(id(root))
        if self.unbounded or _patterns_in(list(self.documents.values())) > MAX_PATTERNS:
            raise _UnboundedError
        effort, settled = self._by_depth(id(root), order, lambda node: node.effort)
        states, also_settled = self._by_depth(id(root), order, lambda node: node.states)
        lengths = [len(values) for values, ends in ((effort, settled), (states, also_settled)) if not ends]
        length = min(lengths, default=max(len(effort), len(states)))
        return Bound(
            effort=_as_long(effort, length),
            states=_as_long(states, length),
            settled=settled and also_settled,
            formats=frozenset(self.formats),
            patterns=self.patterns,
        )

    def _enter(self, root: Json, *, refused: frozenset[str]) -> None:
        """Walk through all schemas that judge something."""
        waiting = [(root, "")]
        while waiting:
            schema, uri = waiting.pop()
            if id(schema) in self.nodes:
                continue
            node = self.nodes[id(schema)] = _Node(name=id(schema))
            if not isinstance(schema, dict):
                continue
            alone = schema is root and len(self.documents) == 1
            named = not alone and _is_named(schema)
            drafted = "$schema" in schema and schema is not self.documents[uri]
            if named or drafted or len(self.nodes) > MAX_SCHEMAS:
                raise _UnboundedError
            self.unbounded = self.unbounded or not refused.isdisjoint(schema)
            self._count(node, schema)
            for inner in subschemas(schema):
                if inner.applies is not Applies.NOWHERE:
                    waiting.append((inner.schema, uri))
                if inner.applies is Applies.IN_PLACE:
                    node.in_place.append(id(inner.schema))
                elif inner.applies is Applies.BELOW:
                    groups = node.elements if inner.keyword in _OF_ARRAYS else node.members
                    name = _ONE_OF_THESE.get(inner.keyword, inner.keyword)
                    name = f"{name}/{inner.key}" if name == "patternProperties" else name
                    groups.setdefault(name, []).append(id(inner.schema))
            if "$ref" in schema:
                target = self._target(schema["$ref"], uri)
                if target is None:
                    self.unbounded = True
                else:
                    node.in_place.append(id(target[0]))
                    waiting.append(target)

    def _count(self, node: _Node, schema: Mapping[str, Json]) -> None:
        """What the keywords of one schema look at and search for."""
        for keyword, value in schema.items():
            if keyword in {"enum", "const", "required"} or keyword.startswith("dependent"):
                size = size_of(value)
                if size is None:
                    raise _UnboundedError
                node.effort += size.nodes * (_NESTED if size.depth > 2 else 1)
            elif keyword == "uniqueItems":
                node.effort += _UNIQUE
            elif keyword not in _SILENT:
                node.effort += len(value) if isinstance(value, dict | list) else 1
        if isinstance(schema.get("format"), str):
            self.formats.add(schema["format"])
            node.states += _FORMAT
        named = schema.get("patternProperties")
        for pattern in (schema.get("pattern"), *(named if isinstance(named, dict) else ())):
            if isinstance(pattern, str):
                node.states += _states_of(pattern)
                self.patterns = True

    def _target(self, reference: Json, base: str) -> tuple[Json, str] | None:
        """What a reference means, where that is a place in one of the documents, and the document's URI."""
        if not isinstance(reference, str):
            return None
        try:
            uri, fragment = urldefrag(urljoin(base, reference) if base else reference)
        except ValueError:
            return None
        target = self.documents.get(uri)
        if fragment and not fragment.startswith("/"):
            return None
        for part in fragment.split("/")[1:]:
            if isinstance(target, dict) and _is_named(target) and target is not self.documents[uri]:
                return None
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict):
                target = target.get(name)
            elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
                target = target[int(name)]
            else:
                return None
        if not is_schema(target):
            return None
        return target, uri

    def _inner_first(self, root: int) -> list[_Node]:
        """All judging nodes, each after the nodes it applies to the same value."""
        order: list[_Node] = []
        finished: dict[int, bool] = {}
        waiting = [root]

        def visit(name: int, chain: int) -> None:
            if name in finished:
                if not finished[name]:
                    raise EndlessReferenceError(
                        "refers to itself without going deeper into the value, so judging would not end"
                    )
                return
            if chain > MAX_CHAIN:
                raise _UnboundedError
            finished[name] = False
            node = self.nodes[name]
            for inner in node.in_place:
                visit(inner, chain + 1)
            finished[name] = True
            order.append(node)
            for group in (*node.members.values(), *node.elements.values()):
                waiting.extend(group)

        while waiting:
            visit(waiting.pop(), 1)
        return order

    def _by_depth(self, root: int, order: list[_Node], own: Callable[[_Node], int]) -> tuple[list[int], bool]:
        """The highest sum of `own` at one place, for instances of 1, 2, … levels; and whether deeper instances add
        nothing."""
        here: dict[int, int] = {}
        for node in order:
            here[node.name] = own(node) + sum([here[inner] for inner in node.in_place])
        found, most = [here[root]], here
        members, elements = dict.fromkeys(here, 0), dict.fromkeys(here, 0)
        branching = [node for node in order if node.in_place or node.members or node.elements]
        while len(found) < MAX_CHAIN and found[-1] <= MAX_EFFORT:
            deeper = most.copy()
            for node in branching:
                for below, groups in ((members, node.members), (elements, node.elements)):
                    total = sum([below[inner] for inner in node.in_place])
                    for group in groups.values():
                        total += max([most[inner] for inner in group])
                    below[node.name] = total
                deeper[node.name] = max(here[node.name], members[node.name], elements[node.name])
            if deeper == most:
                return found, True
            most = deeper
            found.append(most[root])
        return found, False


def _is_named(schema: Mapping[str, Json]) -> bool:
    """Whether the schema has an `$id` of its own: references to it and inside it resolve against another base."""
    return isinstance(schema.get("$id"), str) or isinstance(schema.get("id"), str)


def _patterns_in(documents: list[Json]) -> int:
    """How many patterns there are, those of schemas that judge nothing included: they are compiled as well."""
    count, waiting = 0, documents
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            named = node.get("patternProperties")
            count += isinstance(node.get("pattern"), str) + (len(named) if isinstance(named, dict) else 0)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return count


def _states_of(pattern: str) -> int:
    """How many states an automaton for a pattern has, roughly: what is counted is written out."""
    counts = [int(count) for count in _COUNT.findall(pattern)]
    return len(pattern) * math.prod(counts) if "){" in pattern else len(pattern) + 8 * sum(counts)


def _as_long(values: list[int], length: int) -> tuple[int, ...]:
    return tuple(values[:length]) + (values[-1],) * (length - len(values))
