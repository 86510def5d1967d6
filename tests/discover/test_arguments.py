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
    ("an example of an OpenAPI schema", {"type": "string", "example": "x"}, "x"),
    ("false where a boolean is wanted", {"type": "boolean"}, False),
    ("a list of nothing", {"type": "array", "items": TEXT}, []),
    ("a list of one where one is wanted", {"type": "array", "minItems": 1, "items": {"const": "x"}}, ["x"]),
    ("an object of nothing", {"type": "object"}, {}),
    ("null where it is allowed and nothing else is known", {"anyOf": [TEXT, {"type": "null"}]}, None),
    ("a number", {"type": "integer"}, 1),
    ("a number within bounds", {"type": "integer", "minimum": 10, "maximum": 20}, 10),
    ("a number above an exclusive bound", {"type": "integer", "exclusiveMinimum": 10}, 11),
    ("a number below a bound", {"type": "number", "maximum": -1.5}, -2),
    ("a multiple", {"type": "integer", "minimum": 10, "multipleOf": 25}, 25),
    ("a date", {"type": "string", "format": "date"}, "2025-01-01"),
    ("an address of nobody", {"type": "string", "format": "uri"}, "https://example.com/"),
    ("an email of nobody", {"type": "string", "format": "email"}, "user@example.com"),
    ("a text of a pattern", {"type": "string", "pattern": "^[A-Z]{3}$"}, "AAA"),
    ("a date by a pattern", {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}, "2025-01-01"),
    ("a quoted example in words", {**TEXT, "description": "A city (e.g. 'New York')"}, "New York"),
    ("a bare example in words", {**TEXT, "description": "A symbol, such as AAPL or MSFT."}, "AAPL"),
    ("for example", {**TEXT, "description": "For example: a/b. More."}, "a/b"),
    ("an example that is a number", {"type": "integer", "description": "Year, e.g. 2024"}, 2024),
    ("an example for a list", {"type": "array", "items": TEXT, "minItems": 1, "description": "e.g. `x`"}, ["x"]),
    ("an example for an optional text", {"anyOf": [TEXT, {"type": "null"}], "description": "e.g. x"}, "x"),
    ("a format in words", {**TEXT, "description": "Day (YYYY-MM-DD)"}, "2025-01-01"),
    ("an alternative behind a reference", {"anyOf": [{"$ref": "#/$defs/loop"}, {"$ref": "#/$defs/unit"}]}, "C"),
)


@pytest.mark.parametrize(("schema", "value"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_a_value_that_the_schema_vouches_for_is_taken(schema: Any, value: Any) -> None:
    arguments = arguments_for(requiring(argument=schema) | {"$defs": DEFS})
    assert arguments == {"argument": value}
    assert missing_values(arguments) == {}


ASKED: Final[tuple[tuple[str, Any, dict[str, str]], ...]] = (
    ("a text", TEXT, {"argument": "string"}),
    ("described", {"type": "string", "description": "Which one"}, {"argument": "string: Which one"}),
    ("several types", {"type": ["string", "array"], "minItems": 1}, {"argument": "string or array"}),
    ("no type", {}, {"argument": "any value"}),
    ("a list that must not be empty", {"type": "array", "minItems": 2}, {"argument": "array"}),
    ("an object that must not be empty", {"type": "object", "minProperties": 1}, {"argument": "object"}),
    ("bounds that nothing is within", {"type": "integer", "minimum": 5, "maximum": 4}, {"argument": "integer"}),
    ("bounds that are none", {"type": "string", "pattern": "(", "format": 5}, {"argument": "string"}),
    ("a pattern of which no well-known text is an example", {**TEXT, "pattern": "^zx{40}$"}, {"argument": "string"}),
    ("a pattern that only backtracking can match", {**TEXT, "pattern": "^(?=a)a$"}, {"argument": "string"}),
    (
        "an example of another type",
        {"type": ["object"], "minProperties": 1, "description": "e.g. five"},
        {"argument": "object: e.g. five"},
    ),
    (
        "a sentence and no example",
        {**TEXT, "description": "such as the one before"},
        {"argument": "string: such as the one before"},
    ),
    ("a schema that is true", True, {"argument": "any value"}),
    ("no schema at all", None, {"argument": "any value"}),
    (
        "only what is missing of an object",
        requiring(known={"default": 1}, title=TEXT, inner=requiring(n=TEXT)),
        {"argument.title": "string", "argument.inner.n": "string"},
    ),
    ("alternatives without a value", {"anyOf": [TEXT, TEXT]}, {"argument": "any value"}),
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


CHOSEN: Final[tuple[tuple[str, dict[str, Any], dict[str, str], dict[str, Any]], ...]] = (
    ("by name", requiring(owner=TEXT), {"owner": "me"}, {"owner": "me"}),
    ("before a default", requiring(owner={"default": "you"}), {"owner": "me"}, {"owner": "me"}),
    ("as a number", requiring(n={"type": "integer"}), {"n": "7"}, {"n": 7}),
    ("as a boolean", requiring(b={"type": "boolean"}), {"b": "true"}, {"b": True}),
    ("as JSON", requiring(ids={"type": "array"}), {"ids": "[1, 2]"}, {"ids": [1, 2]}),
    ("a text that looks like a number", requiring(id=TEXT), {"id": "7"}, {"id": "7"}),
    ("by path", requiring(a=requiring(id=TEXT), id=TEXT), {"a.id": "x", "id": "y"}, {"a": {"id": "x"}, "id": "y"}),
    ("not what is not required", {"properties": {"owner": TEXT}}, {"owner": "me"}, {}),
)


@pytest.mark.parametrize(("schema", "chosen", "arguments"), [row[1:] for row in CHOSEN], ids=[row[0] for row in CHOSEN])
def test_a_chosen_value_is_taken_with_the_type_that_is_wanted(
    schema: dict[str, Any], chosen: dict[str, str], arguments: dict[str, Any]
) -> None:
    assert arguments_for(schema, chosen) == arguments


def test_an_argument_that_is_not_required_is_given_where_it_is_wanted_all_the_same() -> None:
    schema = {"properties": {"owner": TEXT, "other": TEXT}, "required": []}
    assert arguments_for(schema, {"owner": "me", "other": "x"}, also=["owner"]) == {"owner": "me"}


def test_a_chosen_value_of_the_wrong_type_is_no_value() -> None:
    assert missing_values(arguments_for(requiring(n={"type": "integer"}), {"n": "seven"})) == {"n": "integer"}


DOCSTRING: Final = """Forecast for a city.

    Args:
        place: Name of the place, e.g. 'Paris'
        unit (str, optional): One of 'C' or 'F'
        - `when`: Day as YYYY-MM-DD
    """


@pytest.mark.parametrize(("name", "value"), [("place", "Paris"), ("unit", "C"), ("when", "2025-01-01")], ids=str)
def test_an_argument_may_be_described_in_the_words_of_the_tool(name: str, value: str) -> None:
    assert arguments_for(requiring(**{name: TEXT}), description=DOCSTRING) == {name: value}
    assert missing_values(arguments_for(requiring(**{name: TEXT}), description=None)) == {name: "string"}
    own = {**TEXT, "description": "Of its own"}
    assert missing_values(arguments_for(requiring(**{name: own}), description=DOCSTRING))


@pytest.mark.parametrize("description", [5, "lace: 'x'", "the place: no", "place\n: e.g. 'x'", ":" * 100_000], ids=str)
def test_words_that_are_not_about_an_argument_are_not_taken(description: Any) -> None:
    assert missing_values(arguments_for(requiring(place=TEXT), description=description)) == {"place": "string"}


NAMED: Final = {
    "query": "test",
    "search_query": "test",
    "startDate": "2025-01-01",
    "target_url": "https://example.com/",
    "language": "en",
}


@pytest.mark.parametrize(("name", "value"), NAMED.items(), ids=list(NAMED))
def test_a_well_known_name_has_a_well_known_value(name: str, value: str) -> None:
    assert arguments_for(requiring(**{name: TEXT})) == {name: value}
    assert missing_values(arguments_for(requiring(**{f"{name}_thing": TEXT})))


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
    arguments = arguments_for(requiring(unit={"default": "C"}, place=TEXT, at=requiring(day={"const": 1}, hour=TEXT)))
    wanted = MissingValue(hint="string")
    assert arguments == {"unit": "C", "place": wanted, "at": {"day": 1, "hour": wanted}}


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
