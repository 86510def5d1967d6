"""`{name}` in the arguments of a scenario."""

from __future__ import annotations

from typing import Any

import pytest

from prober.config.placeholders import fill, names_in

VALUES: dict[str, Any] = {"text": "abc", "number": 3, "list": [1, "two"], "nothing": None, "brace": "{text}"}


@pytest.mark.parametrize(
    ("arguments", "filled"),
    [
        ("{text}", "abc"),
        ("{number}", 3),
        ("{list}", [1, "two"]),
        ("{nothing}", None),
        ("{brace}", "{text}"),
        ("id {text}", "id abc"),
        ("id {number}", "id 3"),
        ("{list} and {nothing}", '[1, "two"] and null'),
        ("{text}{text}", "abcabc"),
        ("{{text}}", "{text}"),
        ("a {{text}} b {text}", "a {text} b abc"),
        ("{unknown} {text}", "{unknown} abc"),
        ("{unknown}", "{unknown}"),
        ('{"text": {"a": 1}}', '{"text": {"a": 1}}'),
        ("{}", "{}"),
        ("{ text }", "{ text }"),
        ("{text", "{text"),
        ({"{text}": ["{number}", {"deep": "{text}"}]}, {"{text}": [3, {"deep": "abc"}]}),
        (5, 5),
        (None, None),
    ],
)
def test_placeholders_are_filled_with_values_of_their_own_type(arguments: Any, filled: Any) -> None:
    assert fill(arguments, VALUES) == filled


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ("{a}", {"a"}),
        ("x {a} {b_1}", {"a", "b_1"}),
        ("{{a}}", set()),
        ({"{k}": ["{a}", {"x": "{b}"}], "n": 1}, {"a", "b"}),
        ('{"a": 1}', set()),
        ("{1a}", set()),
        (None, set()),
    ],
)
def test_the_names_that_are_wanted_are_known(arguments: Any, names: set[str]) -> None:
    assert names_in(arguments) == names


def test_what_is_filled_shares_nothing_with_what_was_written() -> None:
    arguments = {"list": ["{text}"]}
    filled = fill(arguments, VALUES)
    filled["list"].append("more")
    assert arguments == {"list": ["{text}"]}
