"""The compiled schemas of the drafts say what the library says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema.exceptions import SchemaError
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

from prober.assertions.dialects import DIALECTS, Dialect
from prober.assertions.metaschema import _compiled, _documents, first_flaw

COMPILED = [dialect for dialect in DIALECTS.values() if dialect.name in {"draft202012", "draft7", "draft6"}]

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


def library_says_sound(schema: Any, dialect: Dialect) -> bool:
    try:
        dialect.validator.check_schema(schema, format_checker=None)  # type: ignore[call-arg] # not in the protocol
    except SchemaError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("dialect", COMPILED, ids=repr)
def test_the_compiled_check_agrees_with_the_library_on_every_keyword(dialect: Dialect) -> None:
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


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=repr)
def test_the_schema_of_a_draft_is_sound_by_itself(dialect: Dialect) -> None:
    assert first_flaw(dialect.validator.META_SCHEMA, dialect) is None


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=repr)
def test_the_schema_of_a_draft_is_read_as_the_library_reads_it(dialect: Dialect) -> None:
    documents = _documents(dialect)
    assert next(iter(documents)) == dialect.uri
    assert documents[dialect.uri] == dialect.validator.META_SCHEMA
    assert documents == {uri: REGISTRY.contents(uri) for uri in documents}


def test_a_draft_that_is_not_compiled_is_left_to_the_library() -> None:
    dialect = DIALECTS["https://json-schema.org/draft/2019-09/schema"]
    assert _compiled(dialect) is None
    flaw = first_flaw({"properties": {"a": {"type": 5}}}, dialect)
    assert flaw is not None
    assert flaw.pointer == "/properties/a/type"
