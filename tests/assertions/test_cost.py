"""What judging may cost is bounded before it begins."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from prober.assertions.cost import MAX_DEPTH, MAX_NODES, MAX_TEXT, pattern_steps, size_of
from prober.assertions.schema import cheap, first_mismatch, load_schema
from prober.assertions.schema_cost import MAX_UNIQUE
from tests.assertions.ticking import PROMISE

STEP = {
    "type": "object",
    "required": ["id", "name"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "note": {"anyOf": [{"type": "string", "maxLength": 500}, {"type": "null"}]},
    },
}
WORKFLOW = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"$ref": "#/$defs/step"}}},
    "$defs": {"step": STEP},
}


def doubling(levels: int) -> dict[str, Any]:
    """A schema of a few lines that applies 2^levels schemas to its instance."""
    definitions: dict[str, Any] = {
        f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}, {"$ref": f"#/$defs/d{level + 1}"}]}
        for level in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": definitions | {f"d{levels}": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("schema", "instance", "expected"),
    [
        (WORKFLOW, {"steps": [{"id": 1, "name": "a", "tags": ["x"], "note": None}] * 8}, True),
        (True, {"a": 1}, True),
        ({"format": "date-time"}, "2024-01-01T00:00:00Z", True),
        (doubling(4), 1, True),
        (doubling(16), 1, False),
        ({"properties": {"child": {"$ref": "#"}}}, {}, False),
        ({"$dynamicAnchor": "a", "properties": {"child": {"$dynamicRef": "#a"}}}, {}, False),
        ({"unevaluatedProperties": False}, {}, False),
        ({"pattern": "^(a+)+$"}, "a", False),
        ({"patternProperties": {"(a|b)*c": {}}}, {}, False),
        ({"pattern": "^[a-z]+$"}, "a" * (MAX_TEXT + 1), False),
        ({"uniqueItems": True}, [{}] * (MAX_UNIQUE - 1), True),
        ({"uniqueItems": True}, [{}] * (MAX_UNIQUE + 1), False),
        ({"type": "array"}, [1] * MAX_NODES, False),
        ({"items": {"required": [f"r{number}" for number in range(100)]}}, [{}] * 100, False),
        ({"items": {"enum": [[[number]] for number in range(1_000)]}}, [[]] * 100, False),
        ({"anyOf": [{"const": number} for number in range(500)]}, 1, True),
        ({"type": "object"}, {"a": "x" * 2_000_000}, False),
    ],
)
def test_only_what_is_surely_quick_is_cheap(schema: Any, instance: Any, *, expected: bool) -> None:
    assert cheap(load_schema(schema, folder=None), size_of(instance)) is expected


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        (WORKFLOW, {"steps": [{"id": "x", "name": 5, "tags": [1, 2], "extra": 1}] * 8}),
        (doubling(7), "x"),
        ({"uniqueItems": True}, [{"a": [1]}] * 3 + [{"b": [number]} for number in range(30)]),
        ({"pattern": "a+b"}, "a" * MAX_TEXT),
        ({"items": {"pattern": "^[a-z]+-[a-z]$"}}, ["a" * MAX_TEXT] * 100),
        ({"items": {"anyOf": [{"required": [f"r{number}"]} for number in range(20)]}}, [{}] * 20),
        ({"items": {"items": {"items": {"not": {}}}}}, [[[1] * 10] * 10] * 3),
    ],
)
def test_what_is_called_cheap_ends_within_the_promise(schema: Any, instance: Any) -> None:
    loaded = load_schema(schema, folder=None)
    if not cheap(loaded, size_of(instance)):
        pytest.fail("this case is to be at the edge of what is cheap, on its near side")
    spent = []
    for _ in range(3):
        started = time.process_time()
        assert first_mismatch(loaded, instance) is not None
        spent.append(time.process_time() - started)
    assert min(spent) < PROMISE


@pytest.mark.parametrize(
    ("pattern", "steps"),
    [
        ("abc", 3 * 101),
        ("^abc$", 5),
        (r"^\d{4}-\d{2}-\d{2}$", 10),
        ("^[a-z0-9_-]+$", 101 * 4),
        ("^a?b?$", 4 * 6),
        ("^[A-Z]{2,10}$", 9 * 4),
        ("^[A-Z]{2,}$", 99 * 4),
        ("^(?:red|green|blue)$", 4 * 18),
        ("a|^b", 2 * 101 * 4),
        ("a+b", 101 * 101 * 3),
        ("^a*a*b", 101 * 101 * 6),
        (r"^https?://[^/]+$", 2 * 101 * 13),
    ],
)
def test_a_pattern_of_a_known_form_has_a_bound(pattern: str, steps: float) -> None:
    re.compile(pattern)
    assert pattern_steps(pattern, 100) == steps


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "(a|a)*",
        "(ab)?",
        "(a){2}",
        "(?=a)b",
        "(?i)a",
        r"(a)\1",
        r"\p{L}",
        "[[a]",
        "[a&&b]",
        "a" + "b*" * 4,
        "a{,3}{2}",
        ")(",
    ],
)
def test_any_other_pattern_has_none(pattern: str) -> None:
    assert pattern_steps(pattern, 100) is None


def test_the_size_of_a_value_is_counted_up_to_a_bound() -> None:
    size = size_of({"name": ["ab", 1, None], "n": {}})
    assert size is not None
    assert (size.objects, size.arrays, size.scalars, size.longest, size.characters) == (2, 1, 3, 4, 7)
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    assert size_of(deep) is None
    assert size_of([0] * MAX_NODES) is None
