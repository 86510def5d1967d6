"""What does not fit was seen by both implementations; where they differ nobody is told that a server failed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from prober.assertions.checks import Case, Check, Finding, Instance, answer_at_once, judge
from prober.assertions.json_schema.ecma_patterns import compile_pattern
from prober.assertions.json_schema.schema import load_schema, load_server_schema
from prober.assertions.worker.protocol import decode_reply, decode_request, encode_case, encode_finding
from prober.outcome import Evidence, Reason
from tests.assertions.random_pairs import compare


def found(schema: Any, value: Any) -> Finding | None:
    """What a probe says, with the way to a worker process and back."""
    check = Check(reason=Reason.SCHEMA_MISMATCH, rule=schema, instance=Instance(value=value))
    left = answer_at_once(Case(checks=(check,)))
    if not isinstance(left, Case):
        return left
    frames = [frame[4:] for frame in encode_case(left, allowance=1)]
    rest = iter(frames[1:])
    parse, _ = decode_request(frames[0], lambda: next(rest))
    case = parse()
    assert isinstance(case, Case)
    reply = decode_reply(encode_finding(judge(case)))
    assert not isinstance(reply, list)
    return reply


def test_a_value_that_only_one_of_them_refuses_is_undecided_with_both_opinions() -> None:
    finding = found(load_schema({"properties": {"a": {"multipleOf": 1.5}}}, folder=None), {"a": 2**53 - 1})
    assert finding == Finding(
        reason=Reason.UNDECIDED,
        message="jsonschema finds that it fits its schema, jsonschema-rs does not: /a: multipleOf: expected"
        " 9007199254740991 is not a multiple of 1.5, seen 9007199254740991",
        evidence=Evidence(
            pointer="/a",
            keyword="multipleOf",
            seen="9007199254740991",
            expected="by jsonschema-rs: 9007199254740991 is not a multiple of 1.5; by jsonschema: as it is",
        ),
    )


def test_a_value_that_jsonschema_cannot_judge_is_undecided_only_if_the_other_refuses_it() -> None:
    schema = load_server_schema({"pattern": r"^\p{Lu}"})
    assert found(schema, "Ümlaut") is None
    finding = found(schema, "x")
    assert finding is not None
    assert finding.reason is Reason.UNDECIDED
    assert finding.message == rf"could not be judged: {re.error.__name__}: bad escape \p at position 1"


def test_a_value_that_both_refuse_is_put_into_the_words_of_jsonschema() -> None:
    finding = found(load_schema({"properties": {"a": {"type": "array"}}}, folder=None), {"a": None})
    assert finding is not None
    assert (finding.reason, finding.message) == (Reason.SCHEMA_MISMATCH, "/a: type: expected array, seen null")


def test_random_pairs_have_no_failure_that_only_one_of_them_sees() -> None:
    tally = compare(pairs=8_000, seed=3)
    assert (tally.unshared, tally.alone) == ([], [])
    assert tally.counts["both: fits"] > 2_000
    assert tally.counts["both: does not fit"] > 1_500
    assert tally.counts["left to the worker"] < 2_000


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        (r"^\d+$", ["12"], ["٣", "1\n"]),
        (r"^\w+$", ["a_1"], ["é", "-"]),
        (r"^[\w-]+$", ["a-1"], ["é"]),
        (r"^\S+$", ["é"], ["a b", "\ufeff", "\u00a0"]),
        (r"^.$", ["a", "😀"], ["\n", "\u2028"]),
        (r"a\$$", ["a$"], ["a"]),
        (r"^[$.]+$", ["$."], ["a"]),
        (r"\\d", [r"\d"], ["1"]),
        (r"^[\]\d]+$", ["]1"], ["a"]),
    ],
)
def test_a_pattern_means_the_same_to_both(pattern: str, fitting: list[str], others: list[str]) -> None:
    schema = load_schema({"pattern": pattern}, folder=None)
    for text in (*fitting, *others):
        assert bool(compile_pattern(pattern).search(text)) is (text in fitting)
        assert schema.fits(text, Instance(value=text).size) is (text in fitting), json.dumps(text)
