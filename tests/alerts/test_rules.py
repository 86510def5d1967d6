"""The rules: accepted, tested one by one with what fires and what does not, and about every way of failing."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
import yaml

from prober.outcome import Family, Reason, Verdict
from tests.programs import said

from .rules import ALERTING, ALERTS, EXPRESSIONS, RECORDED, ROOT, RULES, TESTS, cases

pytestmark = pytest.mark.external


def test_prometheus_accepts_the_rules() -> None:
    assert said("promtool", "check", "rules", *RULES).count("SUCCESS") == len(RULES)


SLOW: Final = {"slo-slow", "baseline", "recording-long", "slo"}
"""Tests of days and weeks, which promtool works through for seconds."""


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
        for file in TESTS
        for name in [file.name.removesuffix(".test.yml")]
    ],
)
def test_the_rules_do_what_their_tests_say(file: Path) -> None:
    said("promtool", "test", "rules", file, cwd=file.parent)


def test_every_alert_has_a_case_that_fires_and_one_that_is_quiet() -> None:
    fires: set[str] = set()
    quiet: set[str] = set()
    for case in cases():
        for check in case.get("alert_rule_test", []):
            (fires if check["exp_alerts"] else quiet).add(check["alertname"])
    assert fires == set(ALERTING) != set()
    assert quiet == set(ALERTING)


def test_cases_assert_labels_and_annotations_in_full() -> None:
    for case in cases():
        for check in case.get("alert_rule_test", []):
            for alert in check["exp_alerts"]:
                assert alert["exp_annotations"].keys() == {"summary", "description", "runbook_url"}, case["name"]
                assert "severity" in alert["exp_labels"], case["name"]


def test_every_recorded_name_is_asserted() -> None:
    asserted = " ".join(check["expr"] for case in cases() for check in case.get("promql_expr_test", []))
    assert {name for name in RECORDED if name not in asserted} == set()


def test_names_of_cases_are_told_once() -> None:
    assert [name for name, times in Counter(case["name"] for case in cases()).items() if times > 1] == []


@pytest.mark.parametrize("name", ALERTING)
def test_an_alert_has_a_severity_and_says_what_where_and_what_to_do(name: str) -> None:
    rule = ALERTING[name]
    assert name.startswith("Mcp")
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    annotations = rule["annotations"]
    assert annotations.keys() == {"summary", "description", "runbook_url"}
    assert len(annotations["summary"]) < 160
    assert "{{ $labels." in annotations["description"]


def test_alerts_about_targets_name_them_and_those_of_one_reason_tell_it() -> None:
    by_reason = {
        name: rule["annotations"]["description"]
        for name, rule in ALERTING.items()
        if (by := re.findall(r"(?:count|max|sum) by \(([^)]*)\)", rule["expr"])) and "reason" in by[0]
    }
    assert {"McpTargetDown", "McpWrongAnswer"} <= by_reason.keys()
    for name, description in by_reason.items():
        assert "{{ $labels.target }}" in description, name
        assert "$labels.reason" in description, name


def test_every_reason_of_a_failed_run_belongs_to_one_alert_that_counts_streaks() -> None:
    """And none of a run of which the prober could not tell."""
    streaks = [EXPRESSIONS["probe:mcp_probe_without_answer:in_a_row"]]
    streaks += [rule["expr"] for rule in ALERTING.values()]
    patterns = [
        pattern
        for expression in streaks
        for operator, pattern in re.findall(r'in_a_row\{reason(=~|=)"([^"]*)"\}', expression)
    ]
    for reason in Reason:
        times = sum(bool(re.fullmatch(pattern, reason)) for pattern in patterns)
        assert times == (1 if reason.verdict is Verdict.FAIL else 0), reason


@pytest.mark.parametrize(
    ("expression", "family"),
    [
        (EXPRESSIONS["probe:mcp_probe_without_answer:in_a_row"], Family.TRANSPORT),
        (EXPRESSIONS["probe:mcp_probe_without_answer:in_a_row"], Family.DEADLINE),
        (ALERTING["McpWrongAnswer"]["expr"], Family.TOOL),
        (ALERTING["McpRaceViolation"]["expr"], Family.RACE),
    ],
    ids=["transport", "deadline", "tool", "race"],
)
def test_a_family_that_has_an_alert_of_its_own_is_in_it_as_a_whole(expression: str, family: Family) -> None:
    [pattern] = re.findall(r'in_a_row\{reason=~"([^"]*)"', expression)
    assert [reason for reason in family.reasons if not re.fullmatch(pattern, reason)] == []


def test_wrong_answers_are_the_same_in_a_row_and_now_and_then() -> None:
    [row] = re.findall(r'reason=~"([^"]*)"', ALERTING["McpWrongAnswer"]["expr"])
    [now_and_then] = re.findall(r'reason=~"([^"]*)"', ALERTING["McpWrongAnswersNowAndThen"]["expr"])
    assert row == now_and_then


def test_what_the_prober_cannot_tell_is_spelled_alike_wherever_it_is_left_out() -> None:
    own = set(Family.PROBER.reasons)
    told_apart = [
        pattern for expression in EXPRESSIONS.values() for pattern in re.findall(r'"(internal_error[^"]*)"', expression)
    ]
    assert len(told_apart) == 3
    assert {frozenset(pattern.split("|")) for pattern in told_apart} == {frozenset(own)}


def test_groups_are_evaluated_often_enough_for_what_they_record_to_last() -> None:
    """A recorded series is gone five minutes after its last sample, and one that reads itself begins anew."""
    seconds = {"30s": 30, "2m": 120, "4m": 240}
    names = []
    for file in RULES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            assert seconds[group["interval"]] < 300
            names.append(group["name"])
    assert len(names) == len(set(names))


def test_prometheus_accepts_the_shipped_configuration_with_every_rule(tmp_path: Path) -> None:
    (tmp_path / "alerts").symlink_to(ALERTS)
    shutil.copy(ROOT / "deploy" / "prometheus.yml", tmp_path)
    answer = said("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert f"{len(RULES)} rule files found" in answer
