"""`{name}` in the arguments of a scenario."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prober.config.document.expansion import without_variables
from prober.kinds.placeholders import fill, names_in
from tests.config.conftest import told

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


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("${TOKEN}", set()),
        ("key ${TOKEN} of {handle}", {"handle"}),
        ("${file:token}", set()),
        ("$${TOKEN}", {"TOKEN"}),
        ("{${TOKEN}a}", set()),
        ("costs $$5 {handle}", {"handle"}),
    ],
)
def test_a_variable_is_no_placeholder(written: str, names: set[str]) -> None:
    assert names_in(without_variables(written)) == names


def test_variables_may_stand_in_the_arguments_of_scenarios_and_races(write: Callable[..., Path]) -> None:
    file = write(
        "targets: {server: {url: 'https://mcp.test/mcp', allow_writes: true}}\n"
        "probes:\n"
        "  steps:\n"
        "    {target: server, kind: scenario, steps: [{tool: a, arguments: {key: '${TOKEN}', of: '{scratch}'}}]}\n"
        "  race:\n"
        "    target: server\n"
        "    kind: race\n"
        "    allow_writes: true\n"
        "    model: set\n"
        "    add: {tool: add, arguments: {key: '${TOKEN}', element: '{op}'}}\n"
        "    read: {tool: read, arguments: {key: '${TOKEN}'}, value: '$.elements'}\n"
    )
    assert told(file) == []
