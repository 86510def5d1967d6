"""What is said of a value that does not fit its schema."""

from __future__ import annotations

from typing import Any

import pytest

from prober.assertions.json_schema.schema import first_mismatch, load_schema, load_server_schema

LONG = "x" * 400


@pytest.mark.parametrize(
    ("schema", "instance", "message"),
    [
        ({"properties": {"a": {"type": "array"}}}, {"a": None}, "/a: type: expected array, seen null"),
        ({"type": ["string", "null"]}, 4, "(root): type: expected string or null, seen 4"),
        ({"items": {"type": "string"}}, ["a", 1, 2], "/1: type: expected string, seen 1"),
        ({"required": ["a"]}, {"c": 1}, '(root): required: expected member "a", seen {"c": 1}'),
        ({"required": ["a", "b"]}, {}, '(root): required: expected members "a", "b", seen {}'),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"a": 1, "b": 2},
            '(root): additionalProperties: expected no member that is not declared, seen {"b": 2}',
        ),
        ({"enum": [1, "a"]}, 3, '(root): enum: expected one of [1, "a"], seen 3'),
        ({"const": {"a": 1}}, 3, '(root): const: expected {"a": 1}, seen 3'),
        ({"minimum": 3}, 2, "(root): minimum: expected at least 3, seen 2"),
        ({"exclusiveMaximum": 3}, 3, "(root): exclusiveMaximum: expected less than 3, seen 3"),
        ({"multipleOf": 2}, 3, "(root): multipleOf: expected a multiple of 2, seen 3"),
        ({"minLength": 4}, "abc", '(root): minLength: expected at least 4 characters, seen 3 characters: "abc"'),
        ({"maxItems": 1}, [1, 2], "(root): maxItems: expected at most 1 elements, seen 2 elements: [1, 2]"),
        ({"minProperties": 1}, {}, "(root): minProperties: expected at least 1 members, seen 0 members: {}"),
        ({"uniqueItems": True}, [1, 1.0], "(root): uniqueItems: expected no element twice, seen [1, 1.0]"),
        ({"pattern": "^a$"}, "b", '(root): pattern: expected a match of "^a$", seen "b"'),
        ({"format": "date-time"}, "soon", '(root): format: expected format "date-time", seen "soon"'),
        ({"contains": {"const": 1}}, [2], '(root): contains: expected an element that fits {"const": 1}, seen [2]'),
        ({"properties": {"a~/b": False}}, {"a~/b": 1}, "/a~0~1b: not: expected nothing, seen 1"),
        (False, 1, "(root): false: expected nothing, seen 1"),
        ({"not": {"type": "null"}}, None, '(root): not: expected anything but {"type": "null"}, seen null'),
        # A choice: the alternative that came furthest speaks, else all of them.
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, 4, "(root): anyOf: expected null or string, seen 4"),
        (
            {"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "string"}}, "type": "object"}]},
            {"a": 4},
            "/a: type: expected string, seen 4",
        ),
        (
            {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
            3,
            "(root): oneOf: expected exactly one of the alternatives, seen 3",
        ),
        ({"anyOf": [False, {"type": "null"}]}, 3, "(root): anyOf: expected nothing or null, seen 3"),
        # The error closest to the root speaks, and of equals the first.
        (
            {"properties": {"a": {"type": "string"}}, "required": ["b"]},
            {"a": 1},
            '(root): required: expected member "b", seen {"a": 1}',
        ),
        (
            {"properties": {"b": {"type": "null"}, "a": {"type": "null"}}},
            {"a": 1, "b": 2},
            "/b: type: expected null, seen 2",
        ),
        # What is shown is capped, however large or deep the value is.
        ({"type": "null"}, LONG, f'(root): type: expected null, seen "{"x" * 198}…'),
        ({"type": "null"}, [[LONG]], f'(root): type: expected null, seen [["{"x" * 196}…'),
        ({"type": "null"}, {LONG: 1}, f'(root): type: expected null, seen {{"{"x" * 197}…'),
        ({"additionalProperties": {"type": "null"}}, {LONG * 2: 1}, f"/{'x' * 498}…: type: expected null, seen 1"),
    ],
)
def test_a_mismatch_says_where_and_what(schema: Any, instance: Any, message: str) -> None:
    found = first_mismatch(load_schema(schema, folder=None), instance)
    assert found is not None
    assert found.message == message
    assert len(found.seen) <= 200


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        ({"type": "integer"}, 1.0),
        ({"enum": [1]}, 1.0),
        ({"format": "no-such-format"}, "x"),
        ({"format": "date"}, 5),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, {"a": {"a": {}}}),
    ],
)
def test_a_value_that_fits_has_no_mismatch(schema: Any, instance: Any) -> None:
    assert first_mismatch(load_schema(schema, folder=None), instance) is None


def test_true_is_not_one() -> None:
    assert first_mismatch(load_schema({"enum": [1]}, folder=None), True) is not None
    assert first_mismatch(load_schema({"type": "integer"}, folder=None), True) is not None


def test_formats_bind_operators_but_not_servers() -> None:
    document = {"format": "date-time"}
    assert first_mismatch(load_schema(document, folder=None), "soon") is not None
    assert first_mismatch(load_server_schema(document), "soon") is None


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", ["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "2024-02-29 "]),
        ("time", ["23:59:60Z", "01:02:03.5+01:00"], ["24:00:00Z", "01:02:03", "1:2:3Z", "01:02:03+24:00"]),
        (
            "date-time",
            ["2024-01-01T00:00:00Z", "2024-01-01t00:00:00.123456789-05:30"],
            ["2024-01-01", "2024-13-01T00:00:00Z", "2024-01-01 00:00:00Z"],
        ),
        ("duration", ["P1D", "PT5M", "P1Y2M3DT4H", "P2W"], ["P", "PT", "5m", "P1S"]),
        (
            "uri",
            ["https://a.test/b?c#d", "urn:x:y", "file:///a"],
            ["/a/b", "a b", "https://a.test/ b", "1a:b", "http://[::1"],
        ),
        ("email", ["a@b.test"], ["a", "@b", "a@", "a b@c.test"]),
        ("hostname", ["a", "a-b.test.", "1.2"], ["-a", "a-", "a..b", "a_b", "x" * 64, ".".join(["a"] * 200)]),
        ("ipv4", ["127.0.0.1"], ["127.0.0.256", "1.2.3", "01.2.3.4"]),
        ("ipv6", ["::1"], ["127.0.0.1", "::1%eth0", ":::"]),
        (
            "uuid",
            ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
            ["123e4567e89b12d3a456426614174000", "x"],
        ),
        ("json-pointer", ["", "/a/~0~1"], ["a", "/~2"]),
    ],
)
def test_formats_that_are_asserted(name: str, good: list[str], bad: list[str]) -> None:
    schema = load_schema({"format": name}, folder=None)
    assert [text for text in good if first_mismatch(schema, text) is not None] == []
    assert [text for text in bad if first_mismatch(schema, text) is None] == []
