"""`--arg NAME=VALUE`: the tool's input schema says what kind of value a text is."""

from __future__ import annotations

from typing import Any, Final

import pytest

from prober.cli.tool_arguments import ArgumentMistake, GivenArguments, described, typed

NAMED: Final = {"unit": {"enum": ["m", "km"]}, "level": {"type": "integer"}, "self": {"$ref": "#/$defs/self"}}

VALUES: Final[tuple[tuple[Any, str, Any], ...]] = (
    ({"type": "string"}, "3", "3"),
    ({"type": "string"}, "", ""),
    ({"type": "string"}, "a=b", "a=b"),
    ({"type": "integer"}, "3", 3),
    ({"type": "number"}, "-1.5e3", -1500.0),
    ({"type": "boolean"}, "false", False),
    ({"type": "null"}, "null", None),
    ({"type": "array"}, '["a", 1]', ["a", 1]),
    ({"type": "object"}, '{"a": {}}', {"a": {}}),
    ({"type": ["integer", "null"]}, "3", 3),
    ({"type": ["string", "null"]}, "null", "null"),
    ({"type": ["integer", "string"]}, "3", "3"),
    ({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}, "null", None),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "3", "3"),
    ({"oneOf": [{"type": "number"}, {"type": "boolean"}]}, "true", True),
    ({"allOf": [{"type": "integer"}, {"minimum": 1}]}, "3", 3),
    ({"$ref": "#/$defs/unit"}, "km", "km"),
    ({"$ref": "#/$defs/level"}, "3", 3),
    ({"$ref": "#/$defs/self"}, "3", 3),
    ({"$ref": "https://example.com/schema"}, "3", 3),
    ({"enum": ["1", "2"]}, "1", "1"),
    ({"enum": [1, 2]}, "1", 1),
    ({"const": "3"}, "3", "3"),
    ({}, "3", 3),
    ({}, "three", "three"),
    (True, '{"a": 1}', {"a": 1}),
    ({"type": 7}, "3", 3),
    ("nonsense", "three", "three"),
)


def schema(properties: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "$defs": NAMED, **more}


@pytest.mark.parametrize(("property_schema", "text", "value"), VALUES)
def test_a_text_is_what_the_schema_allows(property_schema: Any, text: str, value: Any) -> None:
    found = typed(GivenArguments(texts={"x": text}), schema({"x": property_schema}))
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


@pytest.mark.parametrize(
    ("property_schema", "text", "message"),
    [
        ({"type": "integer"}, "three", 'expected integer, such as 3, seen "three"'),
        ({"type": "boolean"}, "True", 'expected boolean, such as true, seen "True"'),
        ({"type": ["null", "integer"]}, "", 'expected integer or null, such as 3, seen ""'),
        ({"type": "object"}, "{", 'expected object, such as \'{"a": 1}\', seen "{"'),
        ({"type": "number"}, "Infinity", 'expected number, such as 1.5, seen "Infinity"'),
        ({"type": "array"}, "[" * 100_000, "expected array, such as"),
    ],
)
def test_a_text_that_is_no_such_value_is_a_mistake(property_schema: Any, text: str, message: str) -> None:
    with pytest.raises(ArgumentMistake, match=r"^--arg x: ") as mistake:
        typed(GivenArguments(texts={"x": text}), schema({"x": property_schema}))
    assert message in str(mistake.value)
    assert len(str(mistake.value)) < 200


@pytest.mark.parametrize(
    ("input_schema", "allowed"),
    [
        (schema({"name": {}}), False),
        (schema({"name": {}}, additionalProperties=False), False),
        (schema({"name": {}}, additionalProperties=True), True),
        (schema({"name": {}}, additionalProperties={"type": "integer"}), True),
        (schema({"name": {}}, patternProperties={"^o": {}}), True),
        ({"type": "object"}, True),
        ({}, True),
        ({"type": "object", "additionalProperties": False}, False),
        ({"type": "object", "properties": {}}, False),
        ({"type": "object", "properties": "none"}, False),
    ],
)
def test_a_name_that_the_schema_does_not_list_is_a_mistake_unless_it_allows_others(
    input_schema: dict[str, Any], allowed: bool
) -> None:
    given = GivenArguments(texts={"other": "1"})
    if allowed:
        assert typed(given, input_schema) == {"other": 1}
        return
    with pytest.raises(ArgumentMistake, match="'other'"):
        typed(given, input_schema)


def test_single_arguments_win_over_the_document() -> None:
    given = GivenArguments(values={"a": 1, "b": 2}, texts={"b": "3"})
    assert typed(given, schema({"a": {}, "b": {"type": "string"}})) == {"a": 1, "b": "3"}


def test_the_arguments_of_a_tool_are_described_on_one_line() -> None:
    properties = {"a": {"type": "string"}, "b": {"type": ["null", "integer"]}, "c": {}}
    assert described(schema(properties, required=["b"])) == "a (string), b* (integer or null), c"
    assert described({"required": 3, "properties": 4}) == "none"
