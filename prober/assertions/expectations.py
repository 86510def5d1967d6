"""Expectations over a JSON value: a JSONPath (RFC 9535) and what has to hold at every node that it selects.

    path      which nodes. One that selects nothing fails, unless `exists: false`
    type      the JSON type, or a list of them; 1.0 is an integer, as in JSON Schema
    equals    any JSON value; 1 equals 1.0, but true is not 1
    matches   a regular expression of Python found anywhere in a text
    contains  a part of a text, or an element of an array; a member of an object is asked for by its path
    range     {min, max}, either or both, inclusive: a number
    length    a number, or {min, max}: characters of a text, elements of an array, members of an object
    exists    true or false: whether the path selects anything. False stands alone

A line names at least one thing to hold: a path by itself would look like a check and be none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prober.assertions.json_schema.pattern_cost import BUDGET, pattern_steps
from prober.assertions.jsonpath import JsonPath, JsonPathError
from prober.assertions.matchers import MATCHERS, Matcher
from prober.assertions.mismatch import Mismatch
from prober.json_values import Json, cap, pointer, render
from prober.json_values.size import Size, longest_text

_NODE: Final = 5e-6
"""Seconds to select a node and to compare it, at most."""
_STEPS_PER_NODE: Final = 150
"""Steps of a regular expression in that time."""

EXPECTATION_KEYS: Final = ("path", *MATCHERS, "exists")

EXPECTATION_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["path"],
    "minProperties": 2,
    "additionalProperties": False,
    "properties": {
        "path": {"type": "string", "description": "JSONPath (RFC 9535) of the nodes that are looked at."},
        **{key: {"description": matcher.about, **matcher.schema} for key, matcher in MATCHERS.items()},
        "exists": {"type": "boolean", "description": "Whether the path selects anything. False stands alone."},
    },
    "if": {"properties": {"exists": {"const": False}}, "required": ["exists"]},
    "then": {"maxProperties": 2},
}
"""A JSON Schema of one expectation as it is written, for editors."""


class ExpectationError(ValueError):
    """An expectation that cannot be used. `key` is the key of it that is wrong, None for the whole."""

    def __init__(self, message: str, *, key: str | None = None):
        super().__init__(message)
        self.key = key


class SelectionError(ValueError):
    """A path that was to select one node selected none or several."""


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One line of `expect:`, compiled. Made by `compile_expectation`."""

    path: JsonPath
    exists: bool
    matchers: tuple[Matcher, ...] = field(repr=False)
    document: Mapping[str, Json]
    """The line as it was written."""

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], Expectation], tuple[Mapping[str, Json]]]:
        """For another process of the prober, which compiles it anew: what matchers are made of cannot be written."""
        return compile_expectation, (self.document,)


def compile_path(text: str) -> JsonPath:
    """A JSONPath, ready to select.

    Raises:
        ExpectationError: the text is not one; its `key` is `path`.
    """
    if not isinstance(text, str):
        raise ExpectationError(f"expected a JSONPath such as $.name, seen {render(text, 50)}", key="path")
    try:
        return JsonPath.parse(text)
    except JsonPathError as problem:
        raise ExpectationError(f"{text}: {problem}", key="path") from None


def compile_expectation(document: Mapping[str, Any]) -> Expectation:
    """An expectation from its mapping.

    Raises:
        ExpectationError: an unknown key, a missing path, nothing to hold, a value that its key does not take.
    """
    for key in document:
        if key not in EXPECTATION_KEYS:
            raise ExpectationError(f"unknown key; known are {', '.join(EXPECTATION_KEYS)}", key=str(key))
    if "path" not in document:
        raise ExpectationError("path is missing: write $ for the whole value")
    path = compile_path(document["path"])
    if len(document) == 1:
        raise ExpectationError("nothing is expected of this path; write exists: true if it has only to be there")
    exists = document.get("exists", True)
    if not isinstance(exists, bool):
        raise ExpectationError(f"expected true or false, seen {render(exists, 50)}", key="exists")
    if not exists and len(document) > 2:
        raise ExpectationError("what does not exist can be expected to be nothing else", key="exists")
    matchers = []
    for key, argument in document.items():
        if key in MATCHERS:
            try:
                matchers.append(MATCHERS[key].bind(argument))
            except ValueError as error:
                raise ExpectationError(str(error), key=key) from None
    return Expectation(path=path, exists=exists, matchers=tuple(matchers), document=dict(document))


def check_expectation(expectation: Expectation, value: Json) -> Mismatch | None:
    """The first node that is not as expected, None if all are. Takes any time that its path and pattern take."""
    found = False
    for place, node in expectation.path.select(value):
        found = True
        if not expectation.exists:
            return Mismatch(pointer=pointer(place), keyword="exists", seen=render(node), expected="nothing")
        for matcher in expectation.matchers:
            if not matcher.holds(node):
                return Mismatch(
                    pointer=pointer(place), keyword=matcher.key, seen=render(node), expected=matcher.expected
                )
    if expectation.exists and not found:
        return _missing(expectation, value)
    return None


def is_cheap(expectation: Expectation, value: Json, size: Size | None) -> bool:
    """Whether a value of that size can be checked within a few milliseconds, whatever is in it."""
    selections = expectation.path.selections
    if size is None or selections is None:
        return False
    steps = float(size.nodes)
    for matcher in expectation.matchers:
        if matcher.pattern is not None:
            longest = pattern_steps(matcher.pattern, longest_text(value))
            if longest is None:
                return False
            steps += longest * size.nodes / _STEPS_PER_NODE
    return steps * selections * _NODE <= BUDGET


def _missing(expectation: Expectation, value: Json) -> Mismatch:
    """Nothing was selected. What is there instead is shown, for an operator asks that next."""
    place = expectation.path.path()
    first = expectation.matchers[0] if expectation.matchers else None
    expected = first.expected if first else "something"
    return Mismatch(
        pointer=pointer(place or ()),
        keyword=first.key if first else "exists",
        seen=cap(f"nothing in {render(value)}"),
        expected=expected if place is not None else cap(f"{expected} at {expectation.path.text}"),
    )
