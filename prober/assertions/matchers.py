"""What an expectation can ask of a node: one entry for each key, with the form of its argument and its meaning."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.json_values import Json, json_type, render, same

TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")


@dataclass(frozen=True, kw_only=True)
class Matcher:
    """One key of an expectation with its argument: `holds` for a node or not."""

    key: str
    expected: str
    """In words, to follow `expected`."""
    holds: Callable[[Json], bool]
    pattern: str | None = None
    """The regular expression that it searches for, if it does."""


@dataclass(frozen=True, kw_only=True)
class MatcherKind:
    """A key of an expectation. `bind` makes a Matcher of its argument, or raises ValueError with what is wrong."""

    about: str
    schema: Mapping[str, Any]
    bind: Callable[[Any], Matcher]


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _type(argument: Any) -> Matcher:
    names = argument if isinstance(argument, list) else [argument]
    if not names or not all(isinstance(name, str) and name in TYPES for name in names):
        raise ValueError(f"expected one of {', '.join(TYPES)}, or a list of them, seen {render(argument, 50)}")

    def holds(node: Json) -> bool:
        found = json_type(node)
        return found in names or (found == "integer" and "number" in names)

    return Matcher(key="type", expected=" or ".join(names), holds=holds)


def _equals(argument: Any) -> Matcher:
    _require_json(argument)
    return Matcher(key="equals", expected=render(argument), holds=lambda node: same(node, argument))


def _require_json(value: Any) -> None:
    """Refuse what YAML knows and JSON does not: dates, sets, infinities, names that are no texts."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise ValueError(f"the name {name!r} is not a text")  # noqa: TRY004 - callers catch ValueError
            _require_json(inner)
    elif isinstance(value, list):
        for inner in value:
            _require_json(inner)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a JSON number")
    else:
        json_type(value)


def _matches(argument: Any) -> Matcher:
    if not isinstance(argument, str):
        raise ValueError(f"expected a regular expression, seen {render(argument, 50)}")  # noqa: TRY004
    try:
        with warnings.catch_warnings(action="ignore"):
            pattern = re.compile(argument)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return Matcher(
        key="matches",
        expected=f"a match of {render(argument)}",
        holds=lambda node: isinstance(node, str) and pattern.search(node) is not None,
        pattern=argument,
    )


def _contains(argument: Any) -> Matcher:
    _require_json(argument)

    def holds(node: Json) -> bool:
        if isinstance(node, str):
            return isinstance(argument, str) and argument in node
        return isinstance(node, list) and any(same(element, argument) for element in node)

    holder = "a text or an array" if isinstance(argument, str) else "an array"
    return Matcher(key="contains", expected=f"{holder} that contains {render(argument, 150)}", holds=holds)


def _bounds(argument: Any, is_bound: Callable[[Any], bool], kind: str) -> tuple[float, float, str]:
    """Lowest, highest, and both in words."""
    if not isinstance(argument, dict) or not argument or argument.keys() - {"min", "max"}:
        raise ValueError(f"expected {{min, max}} or either of them, seen {render(argument, 50)}")
    for name, bound in argument.items():
        if not is_bound(bound):
            raise ValueError(f"{name}: expected {kind}, seen {render(bound, 50)}")
    low, high = argument.get("min", -math.inf), argument.get("max", math.inf)
    if low > high:
        raise ValueError(f"min {low} is above max {high}")
    words = [f"at least {low}"] if "min" in argument else []
    words += [f"at most {high}"] if "max" in argument else []
    return low, high, " and ".join(words)


def _range(argument: Any) -> Matcher:
    low, high, words = _bounds(argument, _is_number, "a number")
    return Matcher(
        key="range", expected=f"a number of {words}", holds=lambda node: _is_number(node) and low <= node <= high
    )


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _length(argument: Any) -> Matcher:
    if _is_length(argument):
        low, high, words = argument, argument, str(argument)
    else:
        low, high, words = _bounds(argument, _is_length, "a whole number of 0 or more")
    return Matcher(
        key="length",
        expected=f"a length of {words}",
        holds=lambda node: isinstance(node, str | list | dict) and low <= len(node) <= high,
    )


def _between(bound: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"min": bound, "max": bound},
        "additionalProperties": False,
        "minProperties": 1,
    }


_LENGTH: Final = {"type": "integer", "minimum": 0}

MATCHERS: Final[Mapping[str, MatcherKind]] = {
    "type": MatcherKind(
        about="The JSON type, or a list of them of which one has to fit; 1.0 is an integer.",
        schema={"anyOf": [{"enum": list(TYPES)}, {"type": "array", "minItems": 1, "items": {"enum": list(TYPES)}}]},
        bind=_type,
    ),
    "equals": MatcherKind(about="Any JSON value; 1 equals 1.0, but true is not 1.", schema={}, bind=_equals),
    "matches": MatcherKind(
        about="A regular expression (Python's) found anywhere in a text.", schema={"type": "string"}, bind=_matches
    ),
    "contains": MatcherKind(about="A part of a text, or an element of an array.", schema={}, bind=_contains),
    "range": MatcherKind(
        about="A number between min and max, both inclusive, either may be left out.",
        schema=_between({"type": "number"}),
        bind=_range,
    ),
    "length": MatcherKind(
        about="How many characters, elements or members: a number, or min and max.",
        schema={"anyOf": [_LENGTH, _between(_LENGTH)]},
        bind=_length,
    ),
}
