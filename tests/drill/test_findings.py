"""A verdict is good only where everything came that should and nothing else; what did not is said in words."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from prober.drill import Finding, Report, write_json, write_table
from prober.drill.findings import ObservedChange

MOVED: Final = ObservedChange(family="mcp_probe_runs_total", labels={"result": "no_answer"}, before=0, after=2)
GOOD: Final = Finding(
    fault="http-503",
    target="reference-1",
    probe="reference-1.reference-session",
    expected_reason="unavailable",
    reason="unavailable",
    metric=MOVED,
    expected_alert="McpTargetDown",
    alert={"alertname": "McpTargetDown", "target": "reference-1"},
    receivers=("hook", "page"),
    probe_seconds=0.8,
    alert_seconds=3.2,
    resolved_seconds=10.0,
)

TROUBLES: Final[tuple[tuple[dict[str, Any], tuple[str, ...]], ...]] = (
    ({}, ()),
    ({"echoes": ("McpSloBurnFast",)}, ()),
    (
        {"probe_seconds": None, "reason": None, "metric": None, "alert": None, "alert_seconds": None},
        ("missed by the probe, which said pass instead of unavailable", "McpTargetDown did not fire"),
    ),
    (
        {"probe_seconds": None, "reason": "timeout", "metric": None},
        ("missed by the probe, which said timeout instead of unavailable",),
    ),
    ({"metric": None}, ("no metric moved",)),
    ({"alert": None, "alert_seconds": None, "resolved_seconds": None}, ("McpTargetDown did not fire",)),
    ({"resolved_seconds": None}, ("did not resolve",)),
    ({"expected_alert": None, "alert": None, "alert_seconds": None}, ()),
    ({"expected_alert": None, "alert": None, "alert_seconds": None, "resolved_seconds": None}, ("did not resolve",)),
    ({"wrong": ("McpTooSlow (too_slow)",)}, ("wrong alert McpTooSlow (too_slow)",)),
)


@pytest.mark.parametrize(("changes", "troubles"), TROUBLES)
def test_what_is_not_as_expected_is_said(changes: dict[str, Any], troubles: tuple[str, ...]) -> None:
    finding = replace(GOOD, **changes)
    assert finding.troubles == troubles
    assert finding.as_expected == (not troubles)


def report(*findings: Finding, **changes: Any) -> Report:
    about = {"started_at": datetime(2026, 1, 2, tzinfo=UTC), "seconds": 61.0, "speed": 60.0, "chain": None}
    return Report(findings=findings, **{**about, **changes})


def test_a_prober_that_complains_of_itself_has_proven_nothing() -> None:
    assert report(GOOD).as_expected
    assert not report(GOOD, own=("McpProberLate",)).as_expected


def table(told: Report) -> list[str]:
    stream = io.StringIO()
    write_table(told, stream)
    return [" ".join(line.split()) for line in stream.getvalue().splitlines() if line.strip()]


def test_the_table_has_a_row_for_each_fault_and_ends_with_the_sum() -> None:
    bad = replace(GOOD, fault="hang", alert=None, alert_seconds=None, resolved_seconds=None)
    assert table(report(GOOD, bad)) == [
        "fault probe says metric alert probe alert resolved verdict",
        "http-503 unavailable mcp_probe_runs_total 0 → 2 McpTargetDown 0.8 3.2 10.0 as expected",
        "hang unavailable mcp_probe_runs_total 0 → 2 0.8 NOT as expected",
        "hang: McpTargetDown did not fire",
        "1 of 2 faults as expected in 61 s, time constants divided by 60",
    ]


def test_the_table_says_why_no_alerts_were_looked_for() -> None:
    quiet = replace(GOOD, expected_alert=None, alert=None, alert_seconds=None)
    assert table(report(quiet, chain="Prometheus is not installed"))[1:] == [
        "http-503 unavailable mcp_probe_runs_total 0 → 2 not looked for 0.8 10.0 as expected",
        "No alerts were looked for: Prometheus is not installed",
        "1 of 1 faults as expected in 61 s",
    ]


def test_the_document_holds_all_that_the_table_does() -> None:
    stream = io.StringIO()
    write_json(report(GOOD), stream)
    document = json.loads(stream.getvalue())
    assert {key: value for key, value in document.items() if key != "faults"} == {
        "version": 1,
        "started_at": "2026-01-02T00:00:00+00:00",
        "duration_seconds": 61.0,
        "speed": 60.0,
        "alerts": True,
        "as_expected": True,
        "own_alerts": [],
        "deliveries": [],
    }
    (fault,) = document["faults"]
    assert fault["alert"] == GOOD.alert
    assert fault["metric"] == {
        "family": "mcp_probe_runs_total",
        "labels": {"result": "no_answer"},
        "before": 0,
        "after": 2,
    }
    assert (fault["probe_seconds"], fault["alert_seconds"], fault["resolved_seconds"]) == (0.8, 3.2, 10.0)
    assert (fault["as_expected"], fault["troubles"], fault["receivers"]) == (True, [], ["hook", "page"])
