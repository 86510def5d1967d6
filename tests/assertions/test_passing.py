"""A quick yes is one that the library would give as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import pytest

from prober.assertions.dialects import DEFAULT, DIALECTS, Dialect
from prober.assertions.formats import FORMATS, checker
from prober.assertions.metaschema import first_flaw
from prober.assertions.passing import MAX_COMPILED, quick_check
from prober.assertions.schema import Schema, first_mismatch, load_schema, load_server_schema
from tests.assertions.test_metaschema import KEYWORDS, VALUES

INSTANCES: Final[list[Any]] = [
    *VALUES,
    *(False, 1, 1.0, 2, 1e400, "abc", "2024-02-29", "2023-02-29"),
    *([1, 1.0], [0, False], [[1], [True]], [{"a": 1}, {"a": 1.0}], ["a", "b", "c"], [None, "a"]),
    *({"a": None}, {"a": "x"}, {"a": {"a": "x"}}, {"b": 1}, {"a": [1, 1]}, {"kind": "a"}, {"kind": "b", "a": 1}),
]

ARGUMENTS: Final[list[Any]] = [
    *VALUES,
    *(2, 3.0, False, "string", "integer", "date", "^a", "#", "#/$defs/one", "#/$defs/none"),
    *(["string", "null"], [1, "x", None], [{"a": 1}, [True]], [{"type": "string"}, {"type": "null"}], [False, {}]),
    *({"type": "string"}, {"a": {"type": "integer"}}, {"a": {"$ref": "#"}}, {"a": False}),
    [{"required": ["kind"], "properties": {"kind": {"const": kind}}, "maxProperties": 1} for kind in "ab"],
    [{"required": ["kind"], "properties": {"kind": True}}, {"type": "array"}],
    [{"type": "null"}, {"type": "null"}],
]

DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"

TAGGED: Final = '{"kind": {"const": "a"}}'

DEFINED: Final = {"one": {"type": ["string", "array"], "minLength": 1, "maxItems": 1}}


def schemas(dialect: Dialect) -> Iterator[Any]:
    """Every keyword with every argument that its draft allows, alone and inside others."""
    said = {} if dialect is DEFAULT else {"$schema": DRAFT_7}
    for keyword, argument in product(KEYWORDS, ARGUMENTS):
        inner = {keyword: argument}
        if keyword not in {"$schema", "$id", "$ref", "$dynamicRef"} or argument in ("#/$defs/one", "#/$defs/none"):
            for schema in (
                {"$defs": DEFINED, **inner, **said},
                {"properties": {"a": inner}, "additionalProperties": False, "$defs": DEFINED, **said},
                {"items": {"anyOf": [inner, {"type": "null"}]}, "$defs": DEFINED, **said},
            ):
                if first_flaw(schema, dialect) is None:
                    yield schema


def library_says_it_fits(schema: Any, instance: Any, *, asserts_formats: bool, dialect: Dialect = DEFAULT) -> bool:
    validator = dialect.validator(schema, format_checker=checker() if asserts_formats else None)
    try:
        return bool(validator.is_valid(instance))
    except Exception:  # a reference that leads nowhere, `multipleOf` with infinity
        return False


@pytest.mark.slow
@pytest.mark.parametrize("asserts_formats", [True, False], ids=["formats asserted", "formats not asserted"])
@pytest.mark.parametrize("dialect", [DEFAULT, DIALECTS[DRAFT_7.removesuffix("#")]], ids=repr)
def test_the_quick_check_agrees_with_the_library_on_every_keyword(dialect: Dialect, asserts_formats: bool) -> None:
    wrong, unsure, compiled = [], [], set()
    for schema in schemas(dialect):
        quick = quick_check(schema, asserts_formats=asserts_formats)
        if quick is None:
            continue
        compiled |= schema.keys() | set(schema.get("properties", {}).get("a") or ())
        for instance in INSTANCES:
            fits = library_says_it_fits(schema, instance, asserts_formats=asserts_formats, dialect=dialect)
            if quick(instance) is None and not fits:
                wrong.append((schema, instance))
            if quick(instance) is not None and fits:
                unsure.append((schema, instance))
    assert wrong == []
    # Alternatives are chosen by their tag, although what is no object fits where none of them says `type`.
    assert [(schema, value) for schema, value in unsure if TAGGED not in json.dumps(schema)] == []
    assert compiled >= {
        "type",
        "enum",
        "const",
        "minimum",
        "exclusiveMaximum",
        "maxLength",
        "maxItems",
        "minProperties",
    }
    assert compiled >= {"properties", "required", "items", "anyOf", "allOf", "$ref", "uniqueItems", "pattern", "format"}
    assert compiled.isdisjoint({"not", "oneOf", "if", "patternProperties", "unevaluatedProperties", "$dynamicRef"})


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", ["", "x", "2024-02-29", "12:00:00Z", "P1D", "a@b", "::1", "1.2.3.4", "http://a.b/c"])
def test_the_quick_check_agrees_with_the_library_on_every_format(name: str, text: str) -> None:
    quick = quick_check({"format": name}, asserts_formats=True)
    assert quick is not None
    assert (quick(text) is None) is library_says_it_fits({"format": name}, text, asserts_formats=True)


@pytest.mark.parametrize(
    "schema",
    [
        load_schema({"not": {"type": "null"}}, folder=None),
        load_schema({"oneOf": [{"type": "null"}, {"type": "string"}]}, folder=None),
        load_schema({"x-what-is-this": 1}, folder=None),
        load_schema({"$schema": "http://json-schema.org/draft-06/schema#", "type": "string"}, folder=None),
        load_schema({"$schema": DRAFT_7, "$ref": "#/definitions/a", "definitions": {"a": {}}}, folder=None),
        load_schema({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}, folder=None),
        load_schema({"$id": "https://x.test/a", "$ref": "#/$defs/a", "$defs": {"a": {}}}, folder=None),
        load_schema({"$defs": {"a": {"$anchor": "b"}}, "$ref": "#b"}, folder=None),
        load_schema({"$defs": {"a/b": {}}, "$ref": "#/$defs/a~1b"}, folder=None),
        load_schema({"properties": {str(number): {} for number in range(MAX_COMPILED)}}, folder=None),
        load_server_schema({"enum": list(range(MAX_COMPILED))}),
    ],
    ids=lambda schema: json.dumps(schema.document)[:40],
)
def test_what_is_not_that_simple_is_left_to_the_library(schema: Schema) -> None:
    assert schema.quick is None


def test_what_fits_in_draft_2020_12_but_not_in_an_older_draft_is_judged_by_the_older_draft() -> None:
    old = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}
    assert first_mismatch(load_schema({"type": "integer"}, folder=None), 1.0) is None
    assert first_mismatch(load_schema(old, folder=None), 1.0) is not None


def test_what_the_quick_check_is_not_sure_of_is_for_the_library_to_say() -> None:
    schema = load_schema({"minimum": 1}, folder=None)
    assert schema.quick is not None
    assert schema.quick(float("nan")) is not None
    assert first_mismatch(schema, float("nan")) is None


def test_many_unique_elements_take_no_time() -> None:
    schema = load_server_schema({"type": "array", "uniqueItems": True})
    assert first_mismatch(schema, [{"a": number} for number in range(20_000)]) is None
