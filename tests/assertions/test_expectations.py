"""What an expectation holds for, and what is said where it does not."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from prober.assertions.expectations import (
    EXPECTATION_KEYS,
    EXPECTATION_SCHEMA,
    ExpectationError,
    check_expectation,
    compile_expectation,
    compile_path,
    is_cheap,
)
from prober.assertions.json_schema.schema import first_mismatch, load_schema
from prober.json_values import hashable, json_type, same
from prober.json_values.size import size_of

KEYS = "path, type, equals, matches, contains, range, length, exists"

VALUES: Final[list[Any]] = [
    *(None, True, False, 0, 1, 1.0, 1.5, "", "1", "array", [], [1], [1.0], [True], ["array"], [[1]], [1, 2], [2, 1]),
    *({}, {"a": 1}, {"a": 1.0}, {"a": True}, {"b": 1}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": [1]}, [["a", 1]]),
    *(2**61, float(2**61), 2**61 + 1, -(2**61), 10**400, float("inf"), 1e300, int(1e300), "0x2000000000000000"),
    *([2**61], ["number", hex(2**61)], [[False, 1]]),
]
"""Values that are equal to some of the others, and different from those that they only look like."""

GOOD: list[tuple[dict[str, Any], Any]] = [
    ({"path": "$", "type": "null"}, None),
    ({"path": "$.a", "type": "array"}, {"a": []}),
    ({"path": "$.a", "type": ["null", "string"]}, {"a": None}),
    ({"path": "$", "type": "integer"}, 1.0),
    ({"path": "$", "type": "number"}, 1),
    ({"path": "$", "equals": 1}, 1.0),
    ({"path": "$", "equals": {"a": [1, True, None]}}, {"a": [1, True, None]}),
    ({"path": "$", "matches": "b+"}, "abbc"),
    ({"path": "$", "contains": "bb"}, "abbc"),
    ({"path": "$", "contains": {"a": 1}}, [0, {"a": 1}]),
    ({"path": "$", "range": {"min": 1, "max": 2}}, 2),
    ({"path": "$", "range": {"min": 0.5}}, 1e9),
    ({"path": "$", "length": 2}, "ab"),
    ({"path": "$", "length": {"max": 2}}, [1, 2]),
    ({"path": "$", "length": {"min": 1, "max": 1}}, {"a": 1}),
    ({"path": "$.a", "exists": True}, {"a": None}),
    ({"path": "$.a", "exists": False}, {"b": 1}),
    ({"path": "$.a[*].b", "exists": False}, {"a": [{}, {"c": 1}]}),
    ({"path": "$.a[*]", "type": "integer", "range": {"min": 1}}, {"a": [1, 2, 3]}),
    ({"path": "$.a[*]", "type": "integer", "exists": True}, {"a": [1]}),
    ({"path": "$", "type": "boolean"}, False),
    ({"path": "$", "type": ["number", "object"]}, 1.5),
    ({"path": "$", "type": "object"}, {}),
    ({"path": "$", "length": 0}, []),
    ({"path": "$", "matches": "[[a-z]+"}, "[ab"),  # a pattern that Python's compiler warns of
    ({"path": "$..b", "equals": 1}, {"a": {"b": 1}, "b": 1}),
    ({"path": "$[?@.kind == 'x'].value", "equals": 1}, [{"kind": "x", "value": 1}, {"kind": "y", "value": 2}]),
]


@pytest.mark.parametrize(("expectation", "value"), GOOD)
def test_an_expectation_that_holds(expectation: dict[str, Any], value: Any) -> None:
    assert check_expectation(compile_expectation(expectation), value) is None


@pytest.mark.parametrize(
    ("expectation", "value", "message"),
    [
        ({"path": "$.a", "type": "array"}, {"a": None}, "/a: type: expected array, seen null"),
        ({"path": "$", "type": ["null", "integer"]}, 1.5, "(root): type: expected null or integer, seen 1.5"),
        ({"path": "$", "type": "integer"}, True, "(root): type: expected integer, seen true"),
        ({"path": "$", "equals": 1}, True, "(root): equals: expected 1, seen true"),
        (
            {"path": "$", "equals": {"a": 1}},
            {"a": 1, "b": 2},
            '(root): equals: expected {"a": 1}, seen {"a": 1, "b": 2}',
        ),
        (
            {"path": "$", "equals": {"a": 1, "b": 2}},
            {"a": 1, "b": 3},
            '(root): equals: expected {"a": 1, "b": 2}, seen {"a": 1, "b": 3}',
        ),
        ({"path": "$", "equals": [1, 2]}, [1, 3], "(root): equals: expected [1, 2], seen [1, 3]"),
        ({"path": "$", "equals": [1]}, [1, 1], "(root): equals: expected [1], seen [1, 1]"),
        ({"path": "$", "matches": "^b"}, "ab", '(root): matches: expected a match of "^b", seen "ab"'),
        ({"path": "$", "matches": "1"}, 1, '(root): matches: expected a match of "1", seen 1'),
        (
            {"path": "$", "contains": "x"},
            ["xx"],
            '(root): contains: expected a text or an array that contains "x", seen ["xx"]',
        ),
        (
            {"path": "$", "contains": "x"},
            "abc",
            '(root): contains: expected a text or an array that contains "x", seen "abc"',
        ),
        ({"path": "$", "contains": 1}, "1", '(root): contains: expected an array that contains 1, seen "1"'),
        ({"path": "$", "contains": 1}, [True], "(root): contains: expected an array that contains 1, seen [true]"),
        (
            {"path": "$", "contains": "a"},
            {"a": 1},
            '(root): contains: expected a text or an array that contains "a", seen {"a": 1}',
        ),
        ({"path": "$", "range": {"min": 1}}, 0, "(root): range: expected a number of at least 1, seen 0"),
        (
            {"path": "$", "range": {"min": 1, "max": 2}},
            "1",
            '(root): range: expected a number of at least 1 and at most 2, seen "1"',
        ),
        ({"path": "$", "range": {"max": 2}}, False, "(root): range: expected a number of at most 2, seen false"),
        ({"path": "$", "length": 3}, "ab", '(root): length: expected a length of 3, seen "ab"'),
        ({"path": "$", "length": {"min": 1}}, [], "(root): length: expected a length of at least 1, seen []"),
        ({"path": "$", "length": 1}, 1, "(root): length: expected a length of 1, seen 1"),
        # Every node that is selected has to hold; the first that does not is named.
        (
            {"path": "$.a[*]", "range": {"min": 2}},
            {"a": [2, 1, 0]},
            "/a/1: range: expected a number of at least 2, seen 1",
        ),
        ({"path": "$['a~/b']", "type": "null"}, {"a~/b": 1}, "/a~0~1b: type: expected null, seen 1"),
        # A path that selects nothing: what is there instead is shown.
        ({"path": "$.a.b", "type": "array"}, {"a": None}, '/a/b: type: expected array, seen nothing in {"a": null}'),
        ({"path": "$.a[0]", "exists": True}, {"a": []}, '/a/0: exists: expected something, seen nothing in {"a": []}'),
        (
            {"path": "$.a[*].id", "type": "integer"},
            {"a": []},
            '(root): type: expected integer at $.a[*].id, seen nothing in {"a": []}',
        ),
        (
            {"path": "$.a[-1]", "exists": True},
            {"a": []},
            '(root): exists: expected something at $.a[-1], seen nothing in {"a": []}',
        ),
        ({"path": "$..b", "exists": False}, {"a": {"b": 1}}, "/a/b: exists: expected nothing, seen 1"),
    ],
)
def test_an_expectation_that_fails_says_where_and_what(expectation: dict[str, Any], value: Any, message: str) -> None:
    found = check_expectation(compile_expectation(expectation), value)
    assert found is not None
    assert found.message == message


BAD: list[tuple[dict[str, Any], str | None, str]] = [
    ({"pth": "$"}, "pth", f"unknown key; known are {KEYS}"),
    ({"type": "null"}, None, "path is missing: write $ for the whole value"),
    ({"path": "$.a"}, None, "nothing is expected of this path; write exists: true if it has only to be there"),
    ({"path": 3, "type": "null"}, "path", "expected a JSONPath such as $.name, seen 3"),
    ({"path": "a.b", "type": "null"}, "path", "a.b: expected '$', found 'a', line 1, column 0"),
    ({"path": "$.a", "exists": "yes"}, "exists", 'expected true or false, seen "yes"'),
    (
        {"path": "$.a", "exists": False, "type": "null"},
        "exists",
        "what does not exist can be expected to be nothing else",
    ),
    (
        {"path": "$", "type": "text"},
        "type",
        'expected one of null, boolean, integer, number, string, array, object, or a list of them, seen "text"',
    ),
    (
        {"path": "$", "type": []},
        "type",
        "expected one of null, boolean, integer, number, string, array, object, or a list of them, seen []",
    ),
    (
        {"path": "$", "matches": "("},
        "matches",
        "not a regular expression: missing ), unterminated subpattern at position 0",
    ),
    (
        {"path": "$", "type": ["null", "text"]},
        "type",
        "expected one of null, boolean, integer, number, string, array, object, or a list of them,"
        ' seen ["null", "text"]',
    ),
    ({"type": "null", "equals": None}, None, "path is missing: write $ for the whole value"),
    ({"path": "$", "type": "null", "Type": "null"}, "Type", f"unknown key; known are {KEYS}"),
    ({"path": "$", "matches": 1}, "matches", "expected a regular expression, seen 1"),
    ({"path": "$", "equals": float("inf")}, "equals", "inf is not a JSON number"),
    ({"path": "$", "equals": {1: 2}}, "equals", "the name 1 is not a text"),
    ({"path": "$", "equals": {"a": float("inf")}}, "equals", "inf is not a JSON number"),
    ({"path": "$", "equals": [1, float("nan")]}, "equals", "nan is not a JSON number"),
    ({"path": "$", "equals": date(2026, 5, 4)}, "equals", "datetime.date(2026, 5, 4) is not a JSON value"),
    ({"path": "$", "contains": float("inf")}, "contains", "inf is not a JSON number"),
    ({"path": "$", "range": 3}, "range", "expected {min, max} or either of them, seen 3"),
    ({"path": "$", "range": {"low": 3}}, "range", 'expected {min, max} or either of them, seen {"low": 3}'),
    ({"path": "$", "range": {"min": "3"}}, "range", 'min: expected a number, seen "3"'),
    ({"path": "$", "range": {"min": 3, "max": 2}}, "range", "min 3 is above max 2"),
    ({"path": "$", "length": -1}, "length", "expected {min, max} or either of them, seen -1"),
    ({"path": "$", "length": {}}, "length", "expected {min, max} or either of them, seen {}"),
    ({"path": "$", "length": {"low": 1}}, "length", 'expected {min, max} or either of them, seen {"low": 1}'),
    ({"path": "$", "length": {"max": 1.5}}, "length", "max: expected a whole number of 0 or more, seen 1.5"),
]


@pytest.mark.parametrize(("expectation", "key", "message"), BAD)
def test_an_expectation_that_cannot_be_used(expectation: dict[str, Any], key: str | None, message: str) -> None:
    with pytest.raises(ExpectationError) as caught:
        compile_expectation(expectation)
    assert (caught.value.key, str(caught.value)) == (key, message)


@pytest.mark.parametrize(
    ("written", "most"),
    [
        ({"path": ["x" * 99], "type": "null"}, 50),
        ({"path": "$", "exists": "x" * 99}, 50),
        ({"path": "$", "type": "x" * 99}, 50),
        ({"path": "$", "matches": ["x" * 99]}, 50),
        ({"path": "$", "range": "x" * 99}, 50),
        ({"path": "$", "range": {"min": "x" * 99}}, 50),
    ],
)
def test_of_a_long_value_that_cannot_be_used_the_beginning_is_shown(written: dict[str, Any], most: int) -> None:
    with pytest.raises(ExpectationError) as caught:
        compile_expectation(written)
    shown = str(caught.value).partition("seen ")[2]
    assert (len(shown), shown[-2:]) == (most, "x…")


def test_of_a_long_part_the_beginning_is_shown() -> None:
    found = check_expectation(compile_expectation({"path": "$", "contains": "x" * 999}), "")
    assert found is not None
    assert found.expected == f'a text or an array that contains "{"x" * 148}…'


@pytest.mark.parametrize(
    "line",
    [
        ["path", "type"],
        {"path": 3, "type": "null"},
        {"path": "$", "range": 3},
        {"path": "$", "range": {}},
        {"path": "$", "range": {"low": 3}},
        {"path": "$", "range": {"min": "3"}},
        {"path": "$", "matches": 3},
    ],
    ids=str,
)
def test_an_editor_marks_a_value_of_the_wrong_form(line: Any) -> None:
    assert first_mismatch(load_schema(EXPECTATION_SCHEMA, folder=None), line) is not None


def test_an_editor_explains_every_key() -> None:
    assert all(form["description"].endswith(".") for form in EXPECTATION_SCHEMA["properties"].values())


def test_an_expectation_shows_its_path_and_its_line() -> None:
    expectation = compile_expectation({"path": "$.a", "equals": 1})
    assert repr(expectation) == (
        "Expectation(path=JsonPath(text='$.a'), exists=True, document={'path': '$.a', 'equals': 1})"
    )


def test_the_same_line_twice_is_the_same_path() -> None:
    one = compile_path("$.a")
    assert compile_path("$.a") is one, "thousands of probes may have it"
    assert one != compile_path("$['a']")


def test_a_path_goes_down_as_far_as_a_parser_lets_values_be_nested() -> None:
    value: Any = {"a": 1}
    for _ in range(300):
        value = {"b": value}
    assert check_expectation(compile_expectation({"path": "$..a", "equals": 1}), value) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        *((None, "null"), (True, "boolean"), (0, "integer"), (2.0, "integer"), (2.5, "number"), ("", "string")),
        *(([], "array"), ({}, "object"), (float("inf"), "number")),
    ],
)
def test_every_json_value_has_a_type(value: Any, name: str) -> None:
    assert json_type(value) == name


@pytest.mark.parametrize("one", VALUES, ids=repr)
def test_values_are_looked_up_by_what_makes_them_equal(one: Any) -> None:
    assert [hashable(one) == hashable(other) for other in VALUES] == [same(one, other) for other in VALUES]


def test_the_schema_for_editors_agrees_with_the_parser() -> None:
    schema = load_schema(EXPECTATION_SCHEMA, folder=None)
    assert [one for one, _ in GOOD if first_mismatch(schema, one) is not None] == []
    beyond = {"path", "matches", "equals", "contains", "range"}  # texts, values and orders are beyond a schema
    missed = [one for one, key, _ in BAD if first_mismatch(schema, one) is None and key not in beyond]
    assert missed == []
    assert tuple(EXPECTATION_SCHEMA["properties"]) == EXPECTATION_KEYS


@pytest.mark.parametrize(
    ("expectation", "value", "cheap"),
    [
        ({"path": "$.a[*].b", "type": "null"}, {"a": [{"b": 1}] * 300}, True),
        ({"path": "$.a[0:2]['b','c']", "equals": 1}, {"a": [{"b": 1}]}, True),
        ({"path": "$.a", "matches": r"^\d{4}-\d{2}$"}, {"a": "2024-01"}, True),
        ({"path": "$.a", "matches": "b+c"}, {"a": "b" * 100}, True),
        ({"path": "$.a", "matches": "b+c"}, {"a": "b" * 10_000}, False),
        ({"path": "$.a", "matches": "^(a+)+$"}, {"a": "b"}, False),
        ({"path": "$..a", "type": "null"}, {"a": None}, False),
        ({"path": "$[?search(@.a, @.b)]", "exists": False}, [], False),
        ({"path": "$[*]", "type": "null"}, [None] * 5_000, False),
        ({"path": "$" + "[*,*,*]" * 6, "type": "null"}, [[[[[[None] * 3] * 3] * 3] * 3] * 3] * 3, False),
    ],
)
def test_only_what_is_surely_quick_is_cheap(expectation: dict[str, Any], value: Any, *, cheap: bool) -> None:
    assert is_cheap(compile_expectation(expectation), value, size_of(value)) is cheap
