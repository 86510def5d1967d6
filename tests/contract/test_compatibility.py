"""The rules of compatibility: one row for each, as seen by who writes and by who reads the value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from prober.contract.change import Change, Severity
from prober.contract.compatibility import Side, compare_schemas

BREAKING, ADDITIVE, COSMETIC, NOTHING = Severity.BREAKING, Severity.ADDITIVE, Severity.COSMETIC, None


def compared(old: Any, new: Any, side: Side) -> list[Change]:
    return [change for step in compare_schemas(old, new, side=side, where=("schema",)) for change in step]


def worst(changes: Iterable[Change]) -> Severity | None:
    """The most severe of the changes, None if there are none."""
    return min((change.severity for change in changes), key=list(Severity).index, default=None)


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def a(schema: Any) -> dict[str, Any]:
    """An object with one property."""
    return of(a=schema)


STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
NULL: dict[str, Any] = {"type": "null"}
CAT: dict[str, Any] = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": INTEGER}}
DOG: dict[str, Any] = {"type": "object", "properties": {"kind": {"const": "dog"}, "name": STRING}}

# Old schema, new schema; what that is for arguments, and what it is for results.
RULES: dict[str, tuple[Any, Any, Severity | None, Severity | None]] = {
    # properties
    "a property added": (of(), a(STRING), ADDITIVE, ADDITIVE),
    "a required property added": (of(), a(STRING) | {"required": ["a"]}, BREAKING, ADDITIVE),
    "a property removed": (a(STRING), of(), BREAKING, BREAKING),
    "a property removed from a closed object": (
        a(STRING) | {"additionalProperties": False},
        of() | {"additionalProperties": False},
        BREAKING,
        BREAKING,
    ),
    "a property is now required": (a(STRING), a(STRING) | {"required": ["a"]}, BREAKING, ADDITIVE),
    "a property is no longer required": (a(STRING) | {"required": ["a"]}, a(STRING), ADDITIVE, BREAKING),
    "a name is required that is not declared": (of(), of() | {"required": ["a"]}, BREAKING, ADDITIVE),
    "the object closes": (of(), of() | {"additionalProperties": False}, BREAKING, ADDITIVE),
    "the object opens": (of() | {"additionalProperties": False}, of(), ADDITIVE, ADDITIVE),
    "members beyond get a type": (of(), of() | {"additionalProperties": STRING}, BREAKING, ADDITIVE),
    "the values of a map change type": (
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "additionalProperties": INTEGER},
        BREAKING,
        BREAKING,
    ),
    "the names of a map narrow": (
        {"type": "object"},
        {"type": "object", "propertyNames": {"maxLength": 3}},
        BREAKING,
        ADDITIVE,
    ),
    "a member matched by a pattern narrows": (
        {"type": "object", "patternProperties": {"^x": {}}},
        {"type": "object", "patternProperties": {"^x": STRING}},
        BREAKING,
        ADDITIVE,
    ),
    "another pattern of names": (
        {"type": "object", "patternProperties": {"^x": STRING}},
        {"type": "object", "patternProperties": {"^y": STRING}},
        BREAKING,
        BREAKING,
    ),
    # types
    "another type": (a(STRING), a(INTEGER), BREAKING, BREAKING),
    "a type more": (a(STRING), a({"type": ["string", "integer"]}), ADDITIVE, BREAKING),
    "a type less": (a({"type": ["string", "integer"]}), a(STRING), BREAKING, ADDITIVE),
    "null as well": (a(STRING), a({"anyOf": [STRING, NULL]}), ADDITIVE, BREAKING),
    "null no longer": (a({"type": ["null", "string"]}), a(STRING), BREAKING, ADDITIVE),
    "a number for an integer": (a(INTEGER), a({"type": "number"}), ADDITIVE, BREAKING),
    "an integer for a number": (a({"type": "number"}), a(INTEGER), BREAKING, ADDITIVE),
    "anything for a type": (a(STRING), a({}), ADDITIVE, BREAKING),
    "a type for anything": (a({}), a(STRING), BREAKING, ADDITIVE),
    "several types for anything": (a(True), a({"type": ["string", "null"]}), BREAKING, ADDITIVE),
    "a type where there were only keywords": (
        a({"properties": {"b": STRING}}),
        a({"type": "object", "properties": {}}),
        BREAKING,
        BREAKING,
    ),
    "nothing any more": (a(STRING), a(False), BREAKING, ADDITIVE),
    "something where there was nothing": (a(False), a(STRING), ADDITIVE, BREAKING),
    # values
    "an enum for any text": (a(STRING), a({"enum": ["x", "y"]}), BREAKING, ADDITIVE),
    "any text for an enum": (a({"enum": ["x", "y"]}), a(STRING), ADDITIVE, BREAKING),
    "a value less": (a({"enum": ["x", "y"]}), a({"enum": ["x"]}), BREAKING, ADDITIVE),
    "a value more": (a({"enum": ["x"]}), a({"enum": ["x", "y"]}), ADDITIVE, BREAKING),
    "a value for another": (a({"enum": ["x"]}), a({"enum": ["y"]}), BREAKING, BREAKING),
    "another constant": (a({"const": 1}), a({"const": 2}), BREAKING, BREAKING),
    "a constant as an enum": (a({"const": "x"}), a({"enum": ["x"]}), NOTHING, NOTHING),
    # numbers
    "a least value": (a(INTEGER), a(INTEGER | {"minimum": 1}), BREAKING, ADDITIVE),
    "a higher least value": (a(INTEGER | {"minimum": 1}), a(INTEGER | {"minimum": 2}), BREAKING, ADDITIVE),
    "a lower least value": (a(INTEGER | {"minimum": 1}), a(INTEGER | {"minimum": 0}), ADDITIVE, BREAKING),
    "a lower greatest value": (a(INTEGER | {"maximum": 9}), a(INTEGER | {"maximum": 8}), BREAKING, ADDITIVE),
    "no greatest value": (a(INTEGER | {"exclusiveMaximum": 9}), a(INTEGER), ADDITIVE, BREAKING),
    "a multiple of the step": (a(INTEGER | {"multipleOf": 2}), a(INTEGER | {"multipleOf": 4}), BREAKING, ADDITIVE),
    "a divisor of the step": (a(INTEGER | {"multipleOf": 4}), a(INTEGER | {"multipleOf": 2}), ADDITIVE, BREAKING),
    "another step": (a(INTEGER | {"multipleOf": 4}), a(INTEGER | {"multipleOf": 3}), BREAKING, BREAKING),
    # texts
    "longer texts": (a(STRING | {"maxLength": 5}), a(STRING | {"maxLength": 6}), ADDITIVE, BREAKING),
    "no empty texts": (a(STRING), a(STRING | {"minLength": 1}), BREAKING, ADDITIVE),
    "a least length of none": (a(STRING), a(STRING | {"minLength": 0}), NOTHING, NOTHING),
    "a pattern": (a(STRING), a(STRING | {"pattern": "^x"}), BREAKING, ADDITIVE),
    "no pattern": (a(STRING | {"pattern": "^x"}), a(STRING), ADDITIVE, BREAKING),
    "another pattern": (a(STRING | {"pattern": "^x"}), a(STRING | {"pattern": "^y"}), BREAKING, BREAKING),
    "a format": (a(STRING), a(STRING | {"format": "date"}), BREAKING, ADDITIVE),
    # arrays
    "other elements": ({"type": "array", "items": STRING}, {"type": "array", "items": INTEGER}, BREAKING, BREAKING),
    "elements of any type": ({"type": "array", "items": STRING}, {"type": "array"}, ADDITIVE, BREAKING),
    "more elements needed": ({"type": "array"}, {"type": "array", "minItems": 1}, BREAKING, ADDITIVE),
    "no element twice": ({"type": "array"}, {"type": "array", "uniqueItems": True}, BREAKING, ADDITIVE),
    "a place in a tuple widens": (
        {"type": "array", "prefixItems": [STRING, INTEGER]},
        {"type": "array", "prefixItems": [STRING, {"type": "number"}]},
        ADDITIVE,
        BREAKING,
    ),
    "a longer tuple": (
        {"type": "array", "prefixItems": [STRING]},
        {"type": "array", "prefixItems": [STRING, STRING]},
        BREAKING,
        BREAKING,
    ),
    # choices
    "an alternative more": ({"anyOf": [CAT]}, {"anyOf": [CAT, DOG]}, ADDITIVE, BREAKING),
    "an alternative less": ({"oneOf": [CAT, DOG]}, {"oneOf": [DOG]}, BREAKING, ADDITIVE),
    "alternatives in another order": ({"anyOf": [CAT, DOG]}, {"anyOf": [DOG, CAT]}, NOTHING, NOTHING),
    "an alternative changes inside": (
        {"anyOf": [CAT, DOG]},
        {"anyOf": [DOG, {"type": "object", "properties": CAT["properties"] | {"lives": STRING}}]},
        BREAKING,
        BREAKING,
    ),
    "a choice written as a list of types": (
        a({"anyOf": [STRING, NULL]}),
        a({"type": ["null", "string"]}),
        NOTHING,
        NOTHING,
    ),
    # references
    "a definition behind a reference": (
        {**a({"$ref": "#/$defs/x"}), "$defs": {"x": STRING}},
        {**a({"$ref": "#/$defs/x"}), "$defs": {"x": {"type": ["string", "null"]}}},
        ADDITIVE,
        BREAKING,
    ),
    "a reference in place of what it means": (
        a(STRING),
        {**a({"$ref": "#/$defs/x"}), "$defs": {"x": STRING}},
        NOTHING,
        NOTHING,
    ),
    "a definition of another name": (
        {**a({"$ref": "#/$defs/x"}), "$defs": {"x": STRING}},
        {**a({"$ref": "#/definitions/y"}), "definitions": {"y": STRING}},
        NOTHING,
        NOTHING,
    ),
    "a definition that nobody refers to": (of(), of() | {"$defs": {"x": STRING}}, NOTHING, NOTHING),
    "a part of all of": (
        a({"allOf": [STRING, {"maxLength": 5}]}),
        a({"allOf": [STRING, {"maxLength": 4}]}),
        BREAKING,
        ADDITIVE,
    ),
    "a recursive schema": (of(child={"$ref": "#"}), of(child={"$ref": "#"}, b=STRING), ADDITIVE, ADDITIVE),
    # what cannot be put in order
    "a condition": (of(), of() | {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, BREAKING, BREAKING),
    "a negation": (a({"not": STRING}), a({"not": INTEGER}), BREAKING, BREAKING),
    "what an element has to contain": (
        {"type": "array", "contains": STRING},
        {"type": "array", "contains": INTEGER},
        BREAKING,
        BREAKING,
    ),
    "a reference to elsewhere": (a({"$ref": "#name"}), a({"$ref": "#other"}), BREAKING, BREAKING),
    "definitions that are referred to in an unknown way": (
        {**of(a=STRING), "not": {"$ref": "#/$defs/x"}, "$defs": {"x": STRING}},
        {**of(a=STRING), "not": {"$ref": "#/$defs/x"}, "$defs": {"x": INTEGER}},
        BREAKING,
        BREAKING,
    ),
    "an argument is sent another way": (
        a(STRING | {"x-mcp-header": "One"}),
        a(STRING | {"x-mcp-header": "Two"}),
        BREAKING,
        BREAKING,
    ),
    "something that is no schema": ({"properties": 1}, {"properties": [2], "required": 5}, BREAKING, BREAKING),
    # words
    "a description": (a(STRING), a(STRING | {"description": "x"}), COSMETIC, COSMETIC),
    "a title of the whole": (of(), of() | {"title": "x"}, COSMETIC, COSMETIC),
    "a keyword of one's own": (a(STRING), a(STRING | {"x-order": 1}), COSMETIC, COSMETIC),
    "another draft": (of(), of() | {"$schema": "http://json-schema.org/draft-07/schema#"}, NOTHING, NOTHING),
    "a default": (a(STRING), a(STRING | {"default": "x"}), ADDITIVE, COSMETIC),
    "another default": (a(STRING | {"default": "x"}), a(STRING | {"default": "y"}), BREAKING, COSMETIC),
    "no default": (a(STRING | {"default": "x"}), a(STRING), BREAKING, COSMETIC),
    # nothing
    "the same": (a(STRING), a(STRING), NOTHING, NOTHING),
    "keywords for another type": (a(STRING), a(STRING | {"minimum": 3}), NOTHING, NOTHING),
}


@pytest.mark.parametrize(("old", "new", "for_input", "for_output"), RULES.values(), ids=RULES)
def test_a_rule(old: Any, new: Any, for_input: Severity | None, for_output: Severity | None) -> None:
    assert worst(compared(old, new, Side.INPUT)) == for_input
    assert worst(compared(old, new, Side.OUTPUT)) == for_output


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        (a({"type": ["integer", "null"]}), a(INTEGER), "schema/properties/a", "null is no longer allowed"),
        (a(STRING), a(INTEGER), "schema/properties/a", "type changed from string to integer"),
        (a({"type": "number"}), a(INTEGER), "schema/properties/a", "type was number, is now integer"),
        (a(STRING), of(), "schema/properties/a", "removed"),
        (of(), a(STRING) | {"required": ["a"]}, "schema/properties/a", "added, and required"),
        (a({"enum": ["x", "y"]}), a({"enum": ["x"]}), "schema/properties/a/enum", 'no longer has "y"'),
        (a(INTEGER), a(INTEGER | {"minimum": 1}), "schema/properties/a/minimum", "was absent, is now 1"),
        (of(**{"b/c": STRING}), of(**{"b/c": NULL}), "schema/properties/b~1c", "type changed from string to null"),
        (
            of(a={"type": "array", "items": STRING}),
            of(a={"type": "array", "items": {}}),
            "schema/properties/a/items",
            None,
        ),
        (
            a({"not": STRING}),
            a({"not": INTEGER}),
            "schema/properties/a/not",
            "changed in a way that cannot be compared",
        ),
    ],
)
def test_a_change_says_where_and_what(old: Any, new: Any, where: str, message: str | None) -> None:
    changes = compared(old, new, Side.INPUT)
    assert where in [change.where for change in changes]
    assert message is None or message in [change.message for change in changes]


def doubling(last: Any) -> Any:
    levels = 20
    definitions: dict[str, Any] = {
        f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}, {"$ref": f"#/$defs/d{level + 1}"}]}
        for level in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": definitions | {f"d{levels}": last}}


def nested(levels: int, last: Any) -> Any:
    for _ in range(levels):
        last = {"type": "array", "items": last}
    return last


def many(count: int, schema: dict[str, Any]) -> dict[str, Any]:
    return of(**{f"p{number}": dict(schema) for number in range(count)})


def branching(last: Any) -> Any:
    definitions = {f"d{n}": of(a={"$ref": f"#/$defs/d{n + 1}"}, b={"$ref": f"#/$defs/d{n + 1}"}) for n in range(40)}
    return {"$ref": "#/$defs/d0", "$defs": definitions | {"d40": last}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(doubling(STRING), doubling(INTEGER), id="references that double"),
        pytest.param(nested(500, STRING), nested(500, INTEGER), id="a deep schema"),
        pytest.param(nested(5_000, STRING), nested(5_000, INTEGER), id="a very deep schema"),
        pytest.param(branching(STRING), branching(INTEGER), id="references that branch"),
        pytest.param({"anyOf": [{"$ref": "#"}, STRING]}, {"anyOf": [{"$ref": "#"}, INTEGER]}, id="a circle"),
        pytest.param(
            {"anyOf": [{"type": "array", "minItems": n} for n in range(200)]},
            {"anyOf": [{"type": "array", "maxItems": n} for n in range(200)]},
            id="many alternatives",
        ),
        pytest.param(many(20_000, STRING), many(20_000, INTEGER), id="many properties"),
        pytest.param({"enum": list(range(20_000))}, {"enum": list(range(1, 20_000))}, id="many values"),
        pytest.param(
            {"allOf": [{"enum": list(range(20_000))}, {"enum": list(range(1, 20_000))}]},
            {"allOf": [{"enum": list(range(20_000))}, {"enum": list(range(2, 20_000))}]},
            id="many values of all of",
        ),
    ],
)
def test_a_hostile_schema_is_compared_in_bounded_steps_and_is_breaking(old: Any, new: Any) -> None:
    changes = compared(old, new, Side.INPUT)
    assert worst(changes) is Severity.BREAKING


def test_more_than_can_be_compared_is_said() -> None:
    rows = [(f"r{number}", many(100, STRING), many(100, STRING | {"title": "x"})) for number in range(200)]
    changes = compared(of(**{row: old for row, old, _ in rows}), of(**{row: new for row, _, new in rows}), Side.OUTPUT)
    assert [change.message for change in changes if change.severity is Severity.BREAKING] == [
        "changed, and too large or too deep to be compared in full"
    ]
