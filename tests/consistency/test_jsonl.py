"""Histories as JSON lines: what is written is read again; what no prober can have written is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from prober.consistency import MODELS
from prober.consistency.jsonl import read_lines, write_lines
from prober.consistency.trace import TraceError, overlap
from tests.consistency.exhaustive import histories
from tests.consistency.writing import history

GOOD = history(
    "counter",
    "0 increment 0-10 value=1\n1 increment 5-15 value=2\n0 read 20-30 value=2\n1 ?increment 21-40",
    seed=7,
    about="reference / steps",
)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_written_is_read_again(model: str) -> None:
    for _, each in histories(model, 200):
        again = read_lines(write_lines(each))
        assert list(write_lines(again)) == list(write_lines(each))
        assert MODELS[model](again) == MODELS[model](read_lines(write_lines(again)))


def test_the_head_carries_what_is_known() -> None:
    again = read_lines(write_lines(GOOD))
    assert (again.seed, again.about, again.model) == (7, "reference / steps", "counter")
    assert again == GOOD


def _changed(number: int, **fields: object) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        line = {**json.loads(lines[number]), **fields}
        return [*lines[:number], json.dumps(line), *lines[number + 1 :]]

    return change


REFUSED: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "empty": (lambda lines: [], "the file is empty"),
    "cut off between lines": (lambda lines: lines[:-1], "3 operations where the head says 4: the file is not whole"),
    "cut off within a line": (
        lambda lines: [*lines[:-1], lines[-1][:20]],
        "line 5 is not JSON: the file was cut off or",
    ),
    "a line twice": (lambda lines: [*lines[:2], *lines[1:-1]], "operation 0 is there twice"),
    "two lines swapped": (
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        "operation 0 was invoked before the one above it: the lines were reordered",
    ),
    "time runs backwards": (_changed(3, returned=0.001), "operation 2 returned before it was invoked"),
    "one client, two things at once": (
        _changed(3, client=1, invoked=0.012),
        "overlaps operation 1 of the same client 1",
    ),
    "no head": (lambda lines: lines[1:], "line 1: no head of a history"),
    "another version": (_changed(0, version=2), "line 1: version 2 of the format; this reads version 1"),
    "unknown model": (_changed(0, model="queue"), "no model is called 'queue'; known: counter"),
    "unknown kind": (_changed(1, kind="append"), "operation 0 is a 'append'; this model knows increment, read"),
    "unknown outcome": (_changed(1, result="maybe"), "line 2: result is one of ok, fail, unknown"),
    "unknown field": (_changed(1, colour="red"), "line 2: colour is no field of an operation"),
    "missing field": (lambda lines: [*lines[:4], '{"id": 3}'], "line 5 has no client"),
    "time that is a text": (_changed(1, invoked="0"), "line 2: invoked has the wrong type"),
    "time that is not a number": (
        lambda lines: [lines[0], lines[1].replace("0.01,", "NaN,"), *lines[2:]],
        "line 2 is not JSON",
    ),
    "answer that is no number": (
        _changed(3, value="2"),
        "operation 2, a read, was ok, but its answer has no whole number",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_record_that_is_none_is_refused(name: str) -> None:
    change, message = REFUSED[name]
    with pytest.raises(TraceError) as caught:
        read_lines(change(list(write_lines(GOOD))))
    assert message in str(caught.value)


def test_an_element_that_two_writes_want_is_refused() -> None:
    with pytest.raises(TraceError, match="which an earlier operation writes as well"):
        history("set", "0 add 0-10 element=a\n1 add 5-15 element=a")


def test_a_history_may_be_judged_by_another_model() -> None:
    lines = list(write_lines(history("log", '0 read 0-10 value=["a","b"]')))
    assert read_lines(lines, model="set").model == "set"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("0 read 0-10 value=0\n1 read 10-20 value=0", 1),
        ("0 read 0-10 value=0\n1 read 9-20 value=0", 2),
        ("0 read 0-30 value=0\n1 read 5-25 value=0\n2 read 6-7 value=0", 3),
    ],
)
def test_overlap_is_the_most_that_was_open_at_once(text: str, most: int) -> None:
    assert overlap(history("counter", text)) == most
