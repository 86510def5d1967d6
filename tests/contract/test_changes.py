"""Every change between two schemas, word for word, and every keyword at its place in the comparison."""

from __future__ import annotations

import copy
import sys
import time
from typing import Any, Final

import pytest

from prober.contract.change import Severity
from prober.contract.compatibility import Side, compare_schemas
from tests.assertions.ticking import PROMISE
from tests.contract.changes import FILE, all_changes
from tests.contract.table_of_schemas import SCHEMAS
from tests.contract.test_compatibility import RULES, STRING, a, compared, of


def test_every_change_is_told_as_committed() -> None:
    assert all_changes() == FILE.read_text(encoding="utf-8")
    assert len({*RULES, *SCHEMAS}) == len(RULES) + len(SCHEMAS) - 1  # one name is in both


BOUNDS: Final = {
    "number": ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
OTHERS: Final = {
    "number": ("multipleOf",),
    "string": ("pattern",),
    "array": (
        *("items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "uniqueItems"),
        "unevaluatedItems",
    ),
    "object": (
        *("properties", "required", "patternProperties", "additionalProperties", "propertyNames"),
        *("dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"),
    ),
}


@pytest.mark.parametrize(("kind", "keyword"), [(kind, each) for kind, several in BOUNDS.items() for each in several])
def test_a_bound_narrows_as_it_grows_or_as_it_shrinks(kind: str, keyword: str) -> None:
    lower, higher = ({"type": kind, keyword: bound} for bound in (3, 4))
    narrows, widens = [Severity.BREAKING], [Severity.ADDITIVE]
    lowest = "min" in keyword.lower()
    for old, new, expected in (
        (lower, higher, narrows if lowest else widens),
        (higher, lower, widens if lowest else narrows),
        ({"type": kind}, lower, narrows),
        (lower, {"type": kind}, widens),
        (lower, lower | {"title": "x"}, [Severity.COSMETIC]),
    ):
        assert [change.severity for change in compared(a(old), a(new), Side.INPUT)] == expected


@pytest.mark.parametrize("keyword", ["minLength", "minItems", "minProperties"])
def test_a_least_size_of_none_is_none(keyword: str) -> None:
    assert compared(a({"title": "x"}), a({"title": "x", keyword: 0}), Side.INPUT) != []
    kind = {"minLength": "string", "minItems": "array", "minProperties": "object"}[keyword]
    assert compared(a({"type": kind}), a({"type": kind, keyword: 0}), Side.INPUT) == []


@pytest.mark.parametrize("kind", ["null", "boolean", "integer", "number", "string", "array", "object"])
def test_keywords_for_other_types_are_not_looked_at(kind: str) -> None:
    base = "number" if kind == "integer" else kind
    foreign: dict[str, Any] = {
        each: 3 for table in (BOUNDS, OTHERS) for other in table if other != base for each in table[other]
    }
    if base != "array":
        foreign["uniqueItems"] = True  # of which nothing else would be a change
    assert compared(a({"type": kind}), a({"type": kind} | foreign), Side.INPUT) == []


JUDGING: Final = [
    *("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "contains"),
    *("minContains", "maxContains", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"),
    *("unevaluatedItems", "additionalItems", "extends", "disallow", "divisibleBy", "x-mcp-header"),
]


@pytest.mark.parametrize("keyword", JUDGING)
def test_a_keyword_that_judges_and_has_no_rule_breaks_when_it_changes(keyword: str) -> None:
    [change] = compared(a({keyword: 1}), a({keyword: 2}), Side.OUTPUT)
    assert (change.severity, change.where) == (Severity.BREAKING, f"schema/properties/a/{keyword}")
    assert compared(a({keyword: 1}), a({keyword: 1, "title": "x"}), Side.OUTPUT)[0].severity is Severity.COSMETIC


ANNOTATIONS: Final = [
    *("title", "description", "examples", "$comment", "deprecated", "readOnly", "writeOnly", "contentMediaType"),
    *("contentEncoding", "contentSchema"),
]


@pytest.mark.parametrize("keyword", ANNOTATIONS)
def test_words_change_and_nothing_else_does(keyword: str) -> None:
    for old, new in ((STRING, STRING | {keyword: "x"}), ({keyword: "x"}, {keyword: "y"}), ({}, {keyword: "y"})):
        [change] = compared(a(old), a(new), Side.INPUT)
        assert (change.severity, change.where) == (Severity.COSMETIC, f"schema/properties/a/{keyword}")
        assert change.message == "changed"
    two = [STRING | {keyword: "x"}, STRING | {keyword: "y"}]
    assert compared(a({"allOf": two}), a(STRING | {keyword: "x"}), Side.INPUT) == []


IDENTITY: Final = ["$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$vocabulary", "$defs", "definitions"]


@pytest.mark.parametrize("keyword", IDENTITY)
def test_what_schemas_are_found_by_is_not_a_change(keyword: str) -> None:
    assert compared(of(), of() | {keyword: {"x": STRING}}, Side.INPUT) == []
    assert compared(of() | {keyword: {"x": {}}}, of() | {keyword: {"x": STRING}}, Side.INPUT) == []


@pytest.mark.parametrize(("count", "in_full"), [(2_500, True), (2_501, False)])
def test_of_many_values_each_is_compared_up_to_a_bound(count: int, *, in_full: bool) -> None:
    values: list[Any] = list(range(count))
    changes = compared(a({"enum": values}), a({"enum": [*values[1:2_500], -1]}), Side.INPUT)
    told = ["no longer has 0", "now also has -1"] if in_full else ["changed, and too many to be compared"]
    assert [change.message for change in changes] == told
    assert compared(a({"enum": values}), a({"enum": list(values), "title": "x"}), Side.INPUT)[1:] == []


@pytest.mark.parametrize(("count", "in_full"), [(2_500, True), (2_501, False)])
def test_of_many_members_each_is_compared_up_to_a_bound(count: int, *, in_full: bool) -> None:
    old, new = ({f"p{number}": STRING for number in range(several)} for several in (2_500, count))
    told = [
        (change.where, change.message) for change in compared(of(**old), of(**new) | {"required": ["p0"]}, Side.INPUT)
    ]
    assert told == [
        ("schema/properties/p0", "is now required")
        if in_full
        else ("schema/properties", "changed, and too many to be compared")
    ]


def test_what_is_more_than_can_be_taken_apart_is_compared_as_it_is_written() -> None:
    deep: Any = STRING
    for _ in range(299):
        deep = {"allOf": [deep]}
    assert compared(a(deep), a(STRING), Side.INPUT) == []
    [one, other] = compared(a({"allOf": [deep]}), a(STRING), Side.INPUT)
    assert (one.message, other.message) == (
        "type was any, is now string",
        "changed in a way that cannot be compared",
    )


@pytest.mark.parametrize(("count", "in_full"), [(2_499, True), (2_500, False)])
def test_values_in_common_are_looked_for_up_to_a_bound(count: int, *, in_full: bool) -> None:
    values = [*range(count)]
    for parts in ([{"enum": values}, {"enum": values[1:]}], [{"enum": values[1:]}, {"enum": values}]):
        changes = compared(a({"allOf": parts}), a({"enum": values[1:]}), Side.INPUT)
        assert ([change.message for change in changes] == []) is in_full


COLLIDING: Final = [number * sys.hash_info.modulus + 7 for number in range(4_900)]
"""Numbers that Python gives one and the same hash."""
WIDE: Final = {f"k{number}": 1 for number in range(60_000)}
DEEP: Final = {"properties": {f"p{number}": {"enum": [number]} for number in range(15_000)}}
HOSTILE: Final[dict[str, Any]] = {
    "values of one hash": a({"enum": COLLIDING}),
    "values of one hash in two parts": a({"allOf": [{"enum": COLLIDING[:2_499]}, {"enum": COLLIDING[2_402:]}]}),
    "values of many parts": a({"allOf": [{"enum": [*range(2_499)]}] * 40 + [{"enum": [*range(2_400)]}]}),
    "keywords": a(WIDE),
    "keywords of a reference": a({"anyOf": [{"$ref": "#/$defs/b"}] * 64}) | {"$defs": {"b": WIDE}},
    "keywords beside alternatives": a({"anyOf": [{"title": "x"}] * 64, **dict(list(WIDE.items())[:10_000])}),
    "parts that are equal": a({"allOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/c"}] * 60})
    | {"$defs": {"b": DEEP, "c": copy.deepcopy(DEEP)}},
    "types": a({"type": [f"t{number}" for number in range(5_000)], "enum": [1]}),
}


@pytest.mark.parametrize("new", HOSTILE.values(), ids=HOSTILE)
def test_no_step_copies_or_compares_much(new: Any) -> None:
    steps = compare_schemas(a({"type": "integer", "enum": [1, 2]}), new, side=Side.INPUT, where=("schema",))
    longest, began, changes = 0.0, time.thread_time(), []
    for step in steps:
        longest = max(longest, time.thread_time() - began)
        changes += step
        began = time.thread_time()
    assert any(change.severity is Severity.BREAKING for change in changes)
    assert longest < 2 * PROMISE


def test_of_many_keywords_it_is_said_that_they_are_too_many() -> None:
    some = {f"k{number}": 1 for number in range(2_600)}
    [one] = compared(a(some), a(some | {"k1": 2}), Side.INPUT)
    assert (one.severity, one.message) == (Severity.BREAKING, "changed, and has too many keywords to be compared")
    assert compared(a(some), a(dict(reversed(some.items()))) | {"title": "x"}, Side.INPUT)[1:] == []
