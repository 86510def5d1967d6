"""The rules: accepted, tested one by one with what fires and what does not, and about every way of failing."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
import yaml

from prober.outcome import Symptom
from tests.programs import said

from .rules import ALERTING, ALERTS, EXPRESSIONS, RECORDED, ROOT, RULES, TESTS, cases

pytestmark = pytest.mark.external


def test_prometheus_accepts_the_rules() -> None:
    assert said("promtool", "check", "rules", *RULES).count("SUCCESS") == len(RULES)


SLOW: Final = {"slo-slow", "recording-long", "slo", "outages"}
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


def annotations_of(name: str) -> set[str]:
    """Of an alert on a target, with links to what shows more of it."""
    links = {"page", "dashboard"} if name in ABOUT_TARGETS else set()
    return {"summary", "description", "runbook_url"} | links


@pytest.mark.parametrize("name", ALERTING)
def test_the_links_of_an_alert_are_those_of_its_runbook_with_its_labels(name: str) -> None:
    text = (ALERTS / "runbooks" / f"{name}.md").read_text()
    for key, base in (("page", "$PROBER/"), ("dashboard", "$GRAFANA/")) if name in ABOUT_TARGETS else ():
        link = ALERTING[name]["annotations"][key]
        link = link.replace("{{ $labels.target }}", "$TARGET").replace("{{ $labels.probe }}", "$PROBE")
        assert f"`{base}{link}`" in text


def test_cases_assert_labels_and_annotations_in_full() -> None:
    for case in cases():
        for check in case.get("alert_rule_test", []):
            for alert in check["exp_alerts"]:
                assert alert["exp_annotations"].keys() == annotations_of(check["alertname"]), case["name"]
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
    assert annotations.keys() == annotations_of(name)
    assert len(re.sub(r"printf `[^`]*`[^|]*", "", annotations["summary"])) < 160
    assert "{{ $labels." in annotations["description"]


ABOUT_TARGETS: Final = {
    name: rule for name, rule in ALERTING.items() if "{{ $labels.target }}" in str(rule["annotations"])
}
_GROUPS: Final = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def labels_named(expression: str) -> set[str]:
    """Every label that an expression groups or joins by."""
    return {label.strip() for labels in _GROUPS.findall(expression) for label in labels.split(",")} - {""}


def test_a_reason_is_in_the_texts_of_an_alert_and_never_in_its_identity() -> None:
    assert len(ABOUT_TARGETS) > 15
    for name, expression in EXPRESSIONS.items():
        by_reason = name == "instance_target:mcp_probes_not_passing:count"  # which only dashboards read
        assert ("reason" in labels_named(expression)) is by_reason, name
    assert all("instance_target:mcp_probes_not_passing:count" not in rule["expr"] for rule in ALERTING.values())
    ask = {name for name, rule in ALERTING.items() if "(reason)" in rule["annotations"]["description"]}
    assert ask == {
        "McpTargetDown",
        "McpTargetDownFromLocation",
        "McpProbeFailing",
        "McpMixedFailures",
        "McpWrongAnswer",
        "McpWrongAnswersNowAndThen",
        "McpTokenRejected",
        "McpRaceViolation",
        "McpScrapedProbeFailing",
        "McpScrapedProbeFailingFromLocation",
        "McpProbeCannotTell",
    }


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_tells_clusters_and_jobs_apart_is_carried_everywhere(name: str) -> None:
    """Else one ruler could not serve two clusters whose targets have the same names."""
    for labels in _GROUPS.findall(EXPRESSIONS[name]):
        if labels.strip():
            across = {"cluster"} if name == "probe:mcp_scraped_locations_failing:ratio" else {"cluster", "job"}
            assert across <= {label.strip() for label in labels.split(",")}, labels
    for query in re.findall(r"printf `([^`]*)`", str(ALERTING.get(name, {}).get("annotations", ""))):
        assert query.count("cluster=%q,job=%q") == query.count("{") > 0, query


def test_every_symptom_of_a_failed_run_belongs_to_an_alert_that_counts_streaks() -> None:
    """And none of a run of which the prober could not tell."""
    streaks = [EXPRESSIONS["probe:mcp_probe_without_answer:in_a_row"]]
    streaks += [rule["expr"] for rule in ALERTING.values()]
    asked = {symptom for expression in streaks for symptom in re.findall(r'in_a_row\{symptom="([^"]*)"\}', expression)}
    assert asked == {*Symptom} - {Symptom.UNKNOWN}


def test_an_alert_on_a_streak_is_over_within_two_rounds_of_the_streak() -> None:
    """But that of a race: one trace is a proof, and the next run that passes disproves nothing."""
    streaks = {name: rule for name, rule in ALERTING.items() if "in_a_row" in rule["expr"]}
    kept = {rule.get("keep_firing_for") for name, rule in streaks.items() if name != "McpRaceViolation"}
    assert kept == {"30s", None}
    assert streaks["McpRaceViolation"]["keep_firing_for"] == "1h"


def test_groups_are_evaluated_often_enough_for_what_they_record_to_last() -> None:
    """A recorded series is gone five minutes after its last sample, and one that reads itself begins anew."""
    seconds = {"30s": 30, "1m": 60, "2m": 120, "4m": 240}
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
