"""The compiled schemas of the drafts say what the library says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft6Validator, Draft7Validator, Draft201909Validator, Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator

from prober.judge.dialects import DIALECTS
from prober.judge.soundness import _compiled, first_flaw

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "object",
    "#a",
    [],
    ["a"],
    ["a", "a"],
    [{}],
    [1],
    {},
    {"a": {}},
    {"a": 1},
    {"a": ["b"]},
]
KEYWORDS = sorted(
    {
        "$schema",
        "$id",
        "$ref",
        "$anchor",
        "$defs",
        "$comment",
        "$dynamicRef",
        "$dynamicAnchor",
        "$vocabulary",
        "default",
    }
    | {
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "properties",
        "patternProperties",
        "additionalProperties",
    }
    | {"propertyNames", "items", "prefixItems", "contains", "minContains", "maxContains", "unevaluatedItems", "type"}
    | {"unevaluatedProperties", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "minLength"}
    | {"exclusiveMinimum", "maxLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "title"}
    | {"minProperties", "required", "dependentRequired", "dependentSchemas", "dependencies", "definitions", "format"}
    | {"description", "deprecated", "readOnly", "writeOnly", "examples", "contentMediaType", "contentSchema", "x-any"}
)


def library_says_sound(schema: Any, dialect: type[Validator]) -> bool:
    try:
        dialect.check_schema(schema, format_checker=None)  # type: ignore[call-arg] # not in the protocol
    except SchemaError:
        return False
    return True


@pytest.mark.parametrize("dialect", [Draft202012Validator, Draft7Validator, Draft6Validator])
def test_the_compiled_check_agrees_with_the_library_on_every_keyword(dialect: type[Validator]) -> None:
    assert _compiled(dialect) is not None
    different = [
        schema
        for keyword in KEYWORDS
        for value in VALUES
        for schema in (
            {keyword: value},
            {"properties": {"a": {keyword: value}}},
            {"allOf": [{"not": {keyword: value}}]},
        )
        if (first_flaw(schema, dialect) is None) is not library_says_sound(schema, dialect)
    ]
    assert different == []


@pytest.mark.parametrize("dialect", DIALECTS.values())
def test_the_schema_of_a_draft_is_sound_by_itself(dialect: type[Validator]) -> None:
    assert first_flaw(dialect.META_SCHEMA, dialect) is None


def test_a_draft_that_is_not_compiled_is_left_to_the_library() -> None:
    assert _compiled(Draft201909Validator) is None
    flaw = first_flaw({"properties": {"a": {"type": 5}}}, Draft201909Validator)
    assert flaw is not None
    assert flaw.pointer == "/properties/a/type"
