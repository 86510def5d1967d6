"""The JSON document and the schema that is published with it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from prober.outcome import Evidence, Phase, Reason, Verdict
from tests.report.golden import report
from tests.report.outcomes import EVERYTHING, HOSTILE, VERDICT, outcome

EXAMPLE_KEYS = ["target", "probe", "kind", "tags", "verdict", "reason", "step", "message", "next", "duration_seconds"]
EXAMPLE_KEYS += ["phases", "protocol", "server", "evidence", "warnings"]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = resources.files("prober.report").joinpath("schema", "run.schema.json").read_text(encoding="utf-8")
    document = json.loads(text)
    Draft202012Validator.check_schema(document)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("outcomes", [EVERYTHING, (HOSTILE,), ()], ids=["everything", "hostile", "empty"])
def test_the_document_is_what_its_schema_says(outcomes: Any, verbose: bool, schema: dict[str, Any]) -> None:
    document = json.loads(report("json", outcomes, verbose=verbose))
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert list(validator.iter_errors(document)) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"version": 2},
        {"started_at": 0},
        {"summary": {"pass": 1, "fail": 0}},
        {"results": [{}]},
    ],
)
def test_the_schema_refuses(broken: dict[str, Any], schema: dict[str, Any]) -> None:
    document = json.loads(report("json", EVERYTHING)) | broken
    assert not Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize("change", [{"verdict": "ok"}, {"reason": "oops"}, {"reason": None}, {"phases": {"lunch": 1}}])
def test_the_schema_refuses_a_failed_result_with(change: dict[str, Any], schema: dict[str, Any]) -> None:
    document = json.loads(report("json", (VERDICT,)))
    document["results"][0] |= change
    assert not Draft202012Validator(schema).is_valid(document)


def test_the_schema_knows_every_reason_phase_and_verdict(schema: dict[str, Any]) -> None:
    definitions = schema["$defs"]
    assert definitions["reason"]["enum"] == [None, *Reason]
    assert definitions["phases"]["propertyNames"]["enum"] == list(Phase)
    assert definitions["result"]["properties"]["verdict"]["enum"] == list(Verdict)
    assert set(definitions["evidence"]["properties"]) == set(Evidence.__dataclass_fields__)


def test_the_schema_names_every_key_of_the_document_and_no_other(schema: dict[str, Any]) -> None:
    document = json.loads(report("json", (VERDICT,), verbose=True))
    result = document["results"][0]
    assert list(document) == list(schema["properties"])
    assert list(result) == list(schema["$defs"]["result"]["properties"])
    assert list(result["exchanges"][0]) == list(schema["$defs"]["exchange"]["properties"])


def test_every_key_is_always_there_in_the_same_order() -> None:
    document = json.loads(report("json", EVERYTHING))
    assert list(document) == ["version", "started_at", "summary", "results"]
    assert {tuple(result) for result in document["results"]} == {tuple(EXAMPLE_KEYS)}


def test_a_failed_result_in_full() -> None:
    assert json.loads(report("json", (VERDICT,)))["results"] == [
        {
            "target": "reference",
            "probe": "workflow-state",
            "kind": "call",
            "tags": [],
            "verdict": "fail",
            "reason": "schema_mismatch",
            "step": "tools/call",
            "message": "/completedSteps: type: expected array, seen null",
            "next": "Compare the answer with the schema at the path where they differ. If the answer is right, change"
            " `schema` of the probe workflow-state.",
            "duration_seconds": 0.012,
            "phases": {"connect": 0.001, "send": 0.0001, "wait": 0.01, "receive": 0.0002},
            "protocol": {"era": "modern", "version": "2026-07-28"},
            "server": {"name": "reference", "version": "1.4.0"},
            "evidence": [{"pointer": "/completedSteps", "keyword": "type", "seen": "null", "expected": "array"}],
            "warnings": [],
        }
    ]


def test_evidence_has_no_null_members_but_keeps_the_pointer_to_the_whole_value() -> None:
    failed = outcome("a", "b", "call", reason=Reason.SCHEMA_MISMATCH, evidence=(Evidence(pointer="", seen="1"),))
    assert json.loads(report("json", (failed,)))["results"][0]["evidence"] == [{"pointer": "", "seen": "1"}]


def test_seconds_have_six_digits_and_phases_the_order_in_which_they_happen() -> None:
    run = outcome("a", "b", "call", took=0.0123456789, phases={Phase.WAIT: 0.0000014999, Phase.DNS: 0.5})
    result = json.loads(report("json", (run,)))["results"][0]
    assert result["duration_seconds"] == 0.012346
    assert list(result["phases"].items()) == [("dns", 0.5), ("wait", 0.000001)]


def test_exchanges_come_with_verbose_only_and_count_from_the_first() -> None:
    assert "exchanges" not in json.loads(report("json", (VERDICT,)))["results"][0]
    exchanges = json.loads(report("json", (VERDICT,), verbose=True))["results"][0]["exchanges"]
    assert [(exchange["step"], exchange["offset_seconds"]) for exchange in exchanges] == [("tools/call", 0.0)]


def test_the_document_does_not_depend_on_the_order_in_which_probes_ended() -> None:
    assert report("json", tuple(reversed(EVERYTHING))) == report("json", EVERYTHING)
