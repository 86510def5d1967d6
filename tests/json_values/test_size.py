"""The size of a value is told, or that it has more than can be counted in a moment."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prober.json_values.size import MAX_DEPTH, MAX_NODES, Size, longest_text, size_of


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, Size(nodes=1, depth=1, characters=0, exact=True)),
        ("text", Size(nodes=1, depth=1, characters=4, exact=True)),
        ([1, [2.5, "a"]], Size(nodes=5, depth=3, characters=1, exact=True)),
        ({"name": {"of": []}}, Size(nodes=3, depth=3, characters=6, exact=True)),
        ([2**53], Size(nodes=2, depth=2, characters=0, exact=True)),
        ([2**53 + 1], Size(nodes=2, depth=2, characters=0, exact=False)),
        (json.loads("[1e999]"), Size(nodes=2, depth=2, characters=0, exact=False)),
    ],
)
def test_values_levels_and_characters_are_counted(value: Any, size: Size) -> None:
    assert size_of(value) == size


def test_what_has_more_values_or_levels_than_asked_for_has_no_size() -> None:
    assert size_of([0] * 9, most=10) is not None
    assert size_of([0] * 10, most=10) is None
    assert size_of([[[]]], deepest=3) is not None
    assert size_of([[[[]]]], deepest=3) is None


def test_without_a_bound_given_there_is_one() -> None:
    assert size_of([0] * MAX_NODES) is None
    value: Any = []
    for _ in range(MAX_DEPTH):
        value = [value]
    assert size_of(value) is None


def test_the_longest_text_may_be_a_value_and_no_name() -> None:
    assert longest_text({"a long name": ["ab", "abc"]}) == 3


def test_no_value_is_too_deep_to_be_looked_at() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    assert size_of(value) is None
