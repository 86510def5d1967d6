"""The order of judging one answer, and the reasons it ends in."""

from __future__ import annotations

from typing import Any

import pytest

from prober.assertions.checks import Case, Check, Instance, case_of, judge
from prober.assertions.expectations import compile_expectation
from prober.assertions.json_schema.schema import load_schema, load_server_schema
from prober.assertions.result_shapes import Shape
from prober.assertions.worker.protocol import decode_reply, decode_request, encode_case, encode_finding
from prober.outcome import Evidence, Reason

SERVERS = load_server_schema({"properties": {"a": {"type": "integer"}}})
OPERATORS = load_schema({"properties": {"a": {"minimum": 10}}}, folder=None)
EXPECT = [
    compile_expectation({"path": "$.a", "range": {"min": 20}}),
    compile_expectation({"path": "$.b", "type": "null"}),
]


@pytest.mark.parametrize(
    ("structured", "reason", "message"),
    [
        ({"a": "x"}, Reason.OUTPUT_SCHEMA_MISMATCH, '/a: type: expected integer, seen "x"'),
        ({"a": 9}, Reason.SCHEMA_MISMATCH, "/a: minimum: expected at least 10, seen 9"),
        ({"a": 19}, Reason.EXPECTATION_FAILED, "/a: range: expected a number of at least 20, seen 19"),
        ({"a": 20, "b": 1}, Reason.EXPECTATION_FAILED, "/b: type: expected null, seen 1"),
        ({"a": 20, "b": None}, None, None),
    ],
)
def test_the_server_is_held_to_its_own_schema_first(
    structured: Any, reason: Reason | None, message: str | None
) -> None:
    result = Instance(value={"content": [], "structuredContent": structured})
    judged = result.inside("structuredContent")
    found = judge(case_of(judged=judged, schema=OPERATORS, expect=EXPECT, result=result, output_schema=SERVERS))
    assert (found and found.reason, found and found.message) == (reason, message)


def test_a_tool_with_an_output_schema_has_to_answer_with_structured_content() -> None:
    found = judge(case_of(result=Instance(value={"content": []}), output_schema=SERVERS))
    assert found is not None
    assert found.reason is Reason.OUTPUT_SCHEMA_MISMATCH
    assert found.evidence == Evidence(
        pointer="", keyword="required", seen='{"content": []}', expected='member "structuredContent"'
    )


def test_the_operator_may_judge_another_part_of_the_answer() -> None:
    result = Instance(value={"content": [], "structuredContent": {"a": 1}})
    found = judge(case_of(judged=Instance(value={"a": 1}), schema=OPERATORS, result=result, output_schema=SERVERS))
    assert found is not None
    assert found.reason is Reason.SCHEMA_MISMATCH


def test_without_checks_everything_passes() -> None:
    assert judge(case_of(judged=Instance(value=1))) is None
    assert judge(case_of(result=Instance(value={}))) is None


def test_a_flaw_that_is_found_while_judging_is_the_servers() -> None:
    flawed = load_server_schema({"pattern": "^(a+)+$", "type": "text"})
    assert not flawed.checked
    found = judge(Case(checks=(Check(reason=Reason.OUTPUT_SCHEMA_MISMATCH, rule=flawed, instance=Instance(value=1)),)))
    assert found is not None
    assert found.reason is Reason.OUTPUT_SCHEMA_INVALID
    assert found.evidence.pointer == "/type"
    assert found.message.startswith("the outputSchema that the server declares cannot be used: #/type: expected ")


def test_what_the_library_cannot_judge_is_undecided() -> None:
    schema = load_schema({"multipleOf": 0.3}, folder=None)
    found = judge(case_of(judged=Instance(value=float("1e400")), schema=schema))
    assert found is not None
    assert found.reason is Reason.UNDECIDED
    assert found.message == "could not be judged: OverflowError: cannot convert Infinity to integer ratio"


def test_a_cheap_case_does_not_depend_on_how_deep_the_callers_are() -> None:
    schema: Any = {"type": "null"}
    value: Any = None
    for _ in range(13):
        schema = {"anyOf": [{"type": "object", "properties": {"a": {"items": schema}}}, {"type": "null"}]}
        value = {"a": [value]}
    check = Check(reason=Reason.SCHEMA_MISMATCH, rule=load_schema(schema, folder=None), instance=Instance(value=value))
    assert check.instance.size is not None

    def called_from(levels: int) -> Any:
        return judge(Case(checks=(check,))) if levels == 0 else called_from(levels - 1)

    assert called_from(300) is None


def test_a_value_too_deep_to_judge_is_undecided() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    recursive = load_schema({"items": {"$ref": "#"}}, folder=None)
    found = judge(case_of(judged=Instance(value=deep), schema=recursive))
    assert found is not None
    assert found.reason is Reason.UNDECIDED
    assert found.message == "could not be judged: the schema or the value is nested too deeply"


def test_a_case_and_its_finding_survive_the_way_to_another_process() -> None:
    text = b'{"id": 1, "result": {"structuredContent": {"a": 19, "b": [1]}, "content": []}}'
    result = Instance(value={"structuredContent": {"a": 19, "b": [1]}, "content": []}, source=text, within=("result",))
    judged = result.inside("structuredContent")
    case = case_of(judged=judged, schema=OPERATORS, expect=EXPECT, result=result, output_schema=SERVERS)
    shape = Check(reason=Reason.BAD_RESULT, rule=Shape(method="tools/call", version="2025-11-25"), instance=result)
    alone = Check(reason=Reason.SCHEMA_MISMATCH, rule=OPERATORS, instance=Instance(value={"a": [None]}))
    case = Case(checks=(shape, *case.checks, alone))
    frames = [frame[4:] for frame in encode_case(case, allowance=1.5)]
    assert frames[1:] == [text, b'{"a": [null]}']
    rest = iter(frames[1:])
    parse, allowance = decode_request(frames[0], lambda: next(rest))
    again = parse()
    assert isinstance(again, Case)
    assert allowance == 1.5
    assert [check.instance.value for check in again.checks] == [check.instance.value for check in case.checks]
    assert judge(again) == judge(case) is not None
    assert decode_reply(encode_finding(judge(case))) == judge(case)
    assert decode_reply(encode_finding(None)) is None
