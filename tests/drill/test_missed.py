"""Rules that do not do what they should are found out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from prober.cli.package_data import shipped
from prober.drill import Alerting, Plan, drill, fault_run
from tests.programs import program

pytestmark = [pytest.mark.external, pytest.mark.slow]


async def test_an_alert_that_stays_out_and_one_that_should_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus, alertmanager = Path(program("prometheus")), Path(program("prometheus-alertmanager"))
    alerts = tmp_path / "alerts"
    shutil.copytree(shipped("alerts"), alerts)
    rules = alerts / "rules" / "targets.yml"
    document = yaml.safe_load(rules.read_text())
    rules_of_all_groups = [rule for group in document["groups"] for rule in group["rules"]]
    (down,) = [rule for rule in rules_of_all_groups if rule.get("alert") == "McpTargetDown"]
    down |= {"alert": "McpTargetGone"}
    rules.write_text(json.dumps(document))
    monkeypatch.setattr(fault_run, "PATIENCE", 15.0)
    plan = Plan(
        faults=["http-503"],
        speed=None,
        probes=shipped("probes"),
        alerting=Alerting(prometheus=prometheus, alertmanager=alertmanager, shipped=alerts),
    )
    said: list[str] = []
    report = await drill(plan, said.append)
    (finding,) = report.findings
    assert not report.as_expected
    assert finding.reason == "unavailable"
    assert finding.metric is not None
    assert "McpTargetDown did not fire" in finding.troubles
    assert "wrong alert McpTargetGone" in finding.troubles
    assert any("no alert McpTargetDown within 15 s" in line for line in said)
