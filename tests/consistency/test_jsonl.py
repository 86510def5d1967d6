"""Traces as JSON lines: what is written is read again; what no prober can have written is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import inf

import pytest

from prober.consistency import MODELS
from prober.consistency.jsonl import read_lines, write_lines
from prober.consistency.trace import Trace, TraceError, masked, overlap
from prober.redaction import Redactor
from tests.consistency.exhaustive import traces
from tests.consistency.writing import trace

GOOD = trace(
    "counter",
    "0 increment 0-10 value=1\n1 increment 5-15 value=2\n0 read 20-30 value=2\n1 ?increment 21-40",
    seed=7,
    about="reference / steps",
)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_written_is_read_again(model: str) -> None:
    for _, each in traces(model, 200):
        again = read_lines(write_lines(each))
        assert list(write_lines(again)) == list(write_lines(each))
        assert MODELS[model](again) == MODELS[model](read_lines(write_lines(again)))


def test_the_head_carries_what_is_known() -> None:
    again = read_lines(write_lines(GOOD))
    assert (again.seed, again.about, again.model) == (7, "reference / steps", "counter")
    assert again == GOOD


def test_a_trace_is_written_with_all_that_is_known_and_nothing_else() -> None:
    register = trace(
        "register",
        '0 write 0-10 element=a given=3 version=4\n1 ?write 5-15 element=é\n0 read 20-30 version=4 value=["a"]',
        staleness=0.5,
        ttl=2.0,
        guarantees=frozenset({"read_your_writes", "monotonic_reads"}),
        about="Zürich",
    )
    lines = list(write_lines(register))
    assert lines == [
        '{"format": "mcp-prober-trace", "version": 1, "model": "register", "operations": 3, "ttl": 2.0,'
        ' "staleness": 0.5, "guarantees": ["monotonic_reads", "read_your_writes"], "about": "Zürich"}',
        '{"id": 0, "client": 0, "kind": "write", "invoked": 0.0, "returned": 0.01, "result": "ok", "element": "a",'
        ' "given": 3, "version": 4}',
        '{"id": 1, "client": 1, "kind": "write", "invoked": 0.005, "returned": 0.015, "result": "unknown",'
        ' "element": "é"}',
        '{"id": 2, "client": 0, "kind": "read", "invoked": 0.02, "returned": 0.03, "result": "ok", "version": 4,'
        ' "value": ["a"]}',
    ]
    assert read_lines(lines) == register
    several = replace(register.operations[0], process=2)
    assert read_lines(write_lines(replace(register, operations=(several,)))).operations == (several,)


def test_a_head_that_says_little_is_enough() -> None:
    lines = ['{"format": "mcp-prober-trace", "version": 1, "model": "counter", "operations": 0}']
    assert read_lines(lines) == Trace(model="counter", operations=())


@pytest.mark.parametrize(
    ("model", "line", "wanted"),
    [
        ("counter", "increment 0-1 value=x", "whole number"),
        ("counter", "read 0-1", "whole number"),
        ("counter", "read 0-1 value=true", "whole number"),
        ("register", "write 0-1 element=a", "version, and it expected none"),
        ("register", "write 0-1 element=a version=true", "version, and it expected none"),
        ("register", "read 0-1", "version"),
        ("log", 'read 0-1 value="a"', "list of texts"),
        ("log", "read 0-1 value=[1]", "list of texts"),
        ("set", 'read 0-1 value=["a",1]', "list of texts"),
        ("record", 'read 0-1 value=["a"]', "list of at least two fields"),
        ("record", "read 0-1 value=ab", "list of at least two fields"),
    ],
)
def test_an_answer_without_what_its_model_needs_is_refused(model: str, line: str, wanted: str) -> None:
    kind = line.split()[0]
    with pytest.raises(TraceError) as caught:
        trace(model, f"0 {line}")
    assert str(caught.value) == f"operation 0, a {kind}, was ok, but its answer has no {wanted}"
    assert trace(model, f"0 {line.replace(kind, '?' + kind)}").operations != ()  # what nobody knows lacks nothing


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("counter", "increment, read"),
        ("register", "write, read"),
        ("log", "append, read"),
        ("set", "add, read"),
        ("lock", "acquire, release, write"),
        ("record", "write, read"),
    ],
)
def test_a_model_knows_its_kinds_and_no_others(model: str, kinds: str) -> None:
    with pytest.raises(TraceError, match=f"^operation 0 is a 'x'; this model knows {kinds}$"):
        trace(model, "0 x 0-1")


@pytest.mark.parametrize(("model", "kind"), [("register", "write"), ("log", "append"), ("set", "add")])
def test_what_writes_has_a_text_to_write(model: str, kind: str) -> None:
    for element in ("", " element=3"):
        with pytest.raises(TraceError, match=f"^operation 0, a {kind}, has no text as its element$"):
            trace(model, f"0 ?{kind} 0-1{element}")


@pytest.mark.parametrize("field", ["invoked", "returned"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_time_that_no_clock_shows_is_refused(field: str, number: float) -> None:
    wrong = replace(GOOD.operations[0], **{field: number})  # type: ignore[arg-type]
    with pytest.raises(TraceError, match=r"^operation 0 has a time that is no number$"):
        Trace(model="counter", operations=(wrong,))


def test_times_that_touch_contradict_nothing() -> None:
    touching = trace("counter", "0 read 0-0 value=0\n0 read 0-10 value=0\n0 read 10-20 value=0")
    assert touching.operations[0].ended == 0.0
    assert trace("counter", "0 ?read 0-10").operations[0].ended == inf


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
        "line 5 is not JSON: the file was cut off or changed",
    ),
    "a line twice": (lambda lines: [*lines[:2], *lines[1:-1]], "operation 0 is there twice"),
    "two lines swapped": (
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        "operation 0 was invoked before the one above it: the lines were reordered",
    ),
    "time runs backwards": (
        _changed(3, returned=0.001),
        "operation 2 returned before it was invoked: the clock went backwards",
    ),
    "one client, two things at once": (
        _changed(3, client=1, invoked=0.012),
        "operation 2 overlaps operation 1 of the same client 1, which does one thing at a time",
    ),
    "no head": (lambda lines: lines[1:], "line 1: no head of a trace: it says 'mcp-prober-trace' as its format"),
    "another version": (_changed(0, version=2), "line 1: version 2 of the format; this reads version 1"),
    "unknown model": (
        _changed(0, model="stack"),
        "no model is called 'stack'; known: counter, register, log, set, queue, lock, record",
    ),
    "unknown kind": (_changed(1, kind="append"), "operation 0 is a 'append'; this model knows increment, read"),
    "unknown outcome": (_changed(1, result="maybe"), "line 2: result is one of ok, fail, unknown"),
    "unknown field": (_changed(1, colour="red"), "line 2: colour is no field of an operation"),
    "missing field": (lambda lines: [*lines[:4], '{"id": 3}'], "line 5 has no client"),
    "time that is a text": (_changed(1, invoked="0"), "line 2: invoked has the wrong type"),
    "time that is not a number": (
        lambda lines: [lines[0], lines[1].replace("0.01,", "NaN,"), *lines[2:]],
        "line 2 is not JSON: the file was cut off or changed",
    ),
    "an object that is none": (lambda lines: [*lines[:1], "[]", *lines[2:]], "line 2 is no JSON object"),
    "a head that is none": (lambda lines: ["[]", *lines[1:]], "line 1 is no JSON object"),
    "no model": (_changed(0, model=None), "line 1: no model, and none was named"),
    "a truth for a number": (_changed(1, client=True), "line 2: client has the wrong type"),
    "a lifetime that is a text": (_changed(0, ttl="1"), "line 1: ttl is no number"),
    "a staleness that is a truth": (_changed(0, staleness=True), "line 1: staleness is no number"),
    "guarantees that are a text": (_changed(0, guarantees="monotonic_reads"), "line 1: guarantees is no list of texts"),
    "guarantees that are numbers": (_changed(0, guarantees=["x", 1]), "line 1: guarantees is no list of texts"),
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
    assert str(caught.value) == message


def test_an_element_that_two_writes_want_is_refused() -> None:
    with pytest.raises(TraceError, match=r"^operation 1 writes 'a', which an earlier operation writes as well$"):
        trace("set", "0 add 0-10 element=a\n1 add 5-15 element=a")


def test_a_trace_may_be_judged_by_another_model() -> None:
    lines = list(write_lines(trace("log", '0 read 0-10 value=["a","b"]')))
    assert read_lines(lines, model="set").model == "set"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("0 read 0-10 value=0\n1 read 10-20 value=0", 1),
        ("0 read 0-10 value=0\n1 read 9-20 value=0", 2),
        ("0 read 0-30 value=0\n1 read 5-25 value=0\n2 read 6-7 value=0", 3),
        ("0 read 0-5 value=0\n0 read 10-30 value=0\n1 read 15-20 value=0", 2),
        ("0 read 0-30 value=0\n1 read 5-6 value=0\n2 read 7-8 value=0\n1 read 9-11 value=0", 2),
    ],
)
def test_overlap_is_the_most_that_was_open_at_once(text: str, most: int) -> None:
    assert overlap(trace("counter", text)) == most


ODD = {
    "half a surrogate pair": "a\ud800b",
    "line ends": "a\u2028b\u2029c\x85d",
    "marks that turn the writing round": "a\u202eb\u2066c",
    "characters that nobody sees": "a\u200bb\U000e0041c",
    "a number beyond all floats": [inf, -inf, {"Infinity": "-Infinity"}],
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_whatever_a_server_answers_is_written_as_strict_json_that_shows_it_and_is_read_again(value: object) -> None:
    record = trace("record", '0 write 0-10 element=a\n0 read 20-30 value=["a","a"]')
    read = replace(record.operations[1], value=[value, value])
    odd = replace(record, operations=(record.operations[0], read))
    lines = list(write_lines(odd))
    text = "\n".join(lines)
    text.encode()
    assert text.splitlines() == lines
    assert not {"\u2028", "\u202e", "\u2066", "\x85", "\u200b", "\U000e0041"} & set(text)
    assert read_lines(lines) == odd
    for each in lines:
        json.loads(each, parse_constant=pytest.fail)


def test_a_secret_that_a_server_hands_back_is_masked_in_a_trace() -> None:
    record = trace("record", '0 write 0-10 element=a\n0 read 20-30 value=["x","y"]')
    read = replace(record.operations[1], value=["tok-1234567", {"tok-1234567": 1}])
    shown = masked(replace(record, operations=(record.operations[0], read)), Redactor(["tok-1234567"]))
    assert shown.operations[1].value == ["***", {"***": 1}]


@pytest.mark.parametrize(
    "line", ["?write 0-1 element=a given=9223372036854775808", "read 0-1 version=-9223372036854775809"]
)
def test_a_version_of_more_than_64_bits_is_refused(line: str) -> None:
    with pytest.raises(TraceError):
        trace("register", f"0 {line}")
