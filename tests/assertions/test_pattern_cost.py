"""What searching for a pattern may cost is bounded before it begins."""

from __future__ import annotations

import re

import pytest

from prober.assertions.json_schema.pattern_cost import pattern_steps


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
