"""Arguments come from what an input schema itself vouches for; everything else is asked for, in bounded time."""

from __future__ import annotations

from typing import Any, Final

import pytest

from prober.discover.arguments import MissingValue, arguments_for, missing_values


def requiring(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT: Final = {"type": "string"}
DEFS: Final[dict[str, Any]] = {
    "unit": {"enum": ["C", "F"]},
    "a/b~c": {"const": 7},
    "loop": {"$ref": "#/$defs/loop"},
    "chain": {"$ref": "#/$defs/unit"},
    "deep": {"inner": {"default": 1}},
}

FOUND: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("default", {"type": "string", "default": "x"}, "x"),
    ("default of null", {"default": None}, None),
    ("const", {"const": 5}, 5),
    ("the first example", {"examples": ["a", "b"]}, "a"),
    ("the first of an enum", {"enum": [None, 1]}, None),
    ("a default before all others", {"enum": ["a"], "examples": ["b"], "const": "c", "default": "d"}, "d"),
    ("an example before an enum", {"enum": ["a", "b"], "examples": ["b"]}, "b"),
    ("a value that is false", {"type": "boolean", "default": False}, False),
    ("an object by its required members", requiring(unit={"enum": ["C"]}, n={"const": 2}), {"unit": "C", "n": 2}),
    ("objects within objects", requiring(a=requiring(b=requiring(c={"default": []}))), {"a": {"b": {"c": []}}}),
    ("an alternative that has a value", {"anyOf": [TEXT, {"type": "null"}, {"const": 3}]}, 3),
    ("one of several", {"oneOf": [{"default": "a"}, {"default": "b"}]}, "a"),
    ("what a reference leads to", {"$ref": "#/$defs/unit"}, "C"),
    ("a chain of references", {"$ref": "#/$defs/chain"}, "C"),
    ("a reference with escapes", {"$ref": "#/$defs/a~1b~0c"}, 7),
    ("a reference into the middle", {"$ref": "#/$defs/deep/inner"}, 1),
    ("what stands beside a reference", {"$ref": "#/$defs/unit", "default": "K"}, "K"),
    ("an alternative behind a reference", {"anyOf": [{"$ref": "#/$defs/loop"}, {"$ref": "#/$defs/unit"}]}, "C"),
)


@pytest.mark.parametrize(("schema", "value"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_a_value_that_the_schema_vouches_for_is_taken(schema: Any, value: Any) -> None:
    arguments = arguments_for(requiring(argument=schema) | {"$defs": DEFS})
    assert arguments == {"argument": value}
    assert missing_values(arguments) == {}


ASKED: Final[tuple[tuple[str, Any, dict[str, str]], ...]] = (
    ("a text", TEXT, {"argument": "string"}),
    ("described", {"type": "integer", "description": "How many"}, {"argument": "integer: How many"}),
    ("several types", {"type": ["string", "null"]}, {"argument": "string or null"}),
    ("no type", {}, {"argument": "any value"}),
    ("a boolean: which one is for a person to say", {"type": "boolean"}, {"argument": "boolean"}),
    ("a list", {"type": "array", "items": {"default": 1}}, {"argument": "array"}),
    ("an object of which nothing is told", {"type": "object"}, {"argument": "object"}),
    ("a schema that is true", True, {"argument": "any value"}),
    ("no schema at all", None, {"argument": "any value"}),
    (
        "only what is missing of an object",
        requiring(known={"default": 1}, text=TEXT, inner=requiring(n={"type": "number"})),
        {"argument.text": "string", "argument.inner.n": "number"},
    ),
    ("alternatives without a value", {"anyOf": [TEXT, {"type": "null"}]}, {"argument": "any value"}),
    ("a reference elsewhere", {"$ref": "https://schemas.test/unit"}, {"argument": "any value"}),
    ("a reference to nothing", {"$ref": "#/$defs/gone"}, {"argument": "any value"}),
    ("a reference through a text", {"$ref": "#/$defs/unit/enum/0"}, {"argument": "any value"}),
    ("a reference to itself", {"$ref": "#/$defs/loop"}, {"argument": "any value"}),
    ("an enum of nothing", {"enum": []}, {"argument": "any value"}),
    ("an enum that is none", {"enum": {"a": 1}, "examples": "abc"}, {"argument": "any value"}),
    ("a type that is none", {"type": 5, "description": ["x"]}, {"argument": "any value"}),
    ("a type that is an object", {"type": {"a": 1}, "anyOf": {"b": 1}}, {"argument": "any value"}),
    ("a reference that is none", {"$ref": 5}, {"argument": "any value"}),
    ("properties that are none", {"required": ["a"], "properties": 5}, {"argument": "any value"}),
)


@pytest.mark.parametrize(("schema", "wanted"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
def test_a_value_that_nothing_vouches_for_is_asked_for(schema: Any, wanted: dict[str, str]) -> None:
    assert missing_values(arguments_for(requiring(argument=schema) | {"$defs": DEFS})) == wanted


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({"type": "object"}, {}),
        ({"type": "object", "properties": {"optional": {"default": 1}}}, {}),
        ({"type": "object", "properties": {"a": {"default": 1}, "b": {"default": 2}}, "required": ["b"]}, {"b": 2}),
        ({"required": ["a"]}, {"a": MissingValue(hint="any value")}),
        ({"required": "ab"}, {}),
        ({"required": [1, None, {"a": 1}]}, {}),
        ({"properties": [], "required": ["a", "a"]}, {"a": MissingValue(hint="any value")}),
        (None, {}),
        ("object", {}),
        ([], {}),
    ],
    ids=str,
)
def test_only_required_arguments_are_given_whatever_the_schema_is(schema: Any, arguments: dict[str, Any]) -> None:
    assert arguments_for(schema) == arguments


def test_what_is_known_stands_beside_what_is_wanted() -> None:
    arguments = arguments_for(requiring(unit={"default": "C"}, city=TEXT, at=requiring(day={"const": 1}, hour=TEXT)))
    wanted = MissingValue(hint="string")
    assert arguments == {"unit": "C", "city": wanted, "at": {"day": 1, "hour": wanted}}


def _branching(levels: int) -> dict[str, Any]:
    """Alternatives of alternatives: 2 to the power of `levels` ways, and none leads to a value."""
    twice = {f"l{n}": {"anyOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(levels)}
    return requiring(argument={"$ref": "#/$defs/l0"}) | {"$defs": {**twice, f"l{levels}": TEXT}}


def _nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"default": 1}
    for _ in range(levels):
        schema = requiring(inner=schema)
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        _branching(60),
        _nested(400),
        requiring(argument={"$ref": "#/$defs/a"})
        | {"$defs": {"a": requiring(x={"$ref": "#/$defs/a"}, y={"$ref": "#/$defs/a"})}},
        requiring(**{f"a{n}": {"anyOf": [TEXT] * 50} for n in range(200)}),
    ],
    ids=["branching", "nested", "growing", "wide"],
)
def test_a_schema_without_an_end_is_left_to_a_person(schema: dict[str, Any]) -> None:
    assert missing_values(arguments_for(schema))
