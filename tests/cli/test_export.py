"""What ships with the package can be copied out, and is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prober.cli import app
from prober.config import load
from tests.programs import said

ROOT = Path(__file__).parents[2]


def export(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["export", *map(str, words)])
    return result.exit_code, result.output


def test_dashboards_are_json_for_grafana_and_nothing_else(tmp_path: Path) -> None:
    assert export("dashboards", tmp_path) == (0, f"4 files copied to {tmp_path}\n")
    exported = {path.name: json.loads(path.read_text())["title"] for path in tmp_path.iterdir()}
    assert exported.keys() == {"fleet.json", "target.json", "state.json", "prober.json"}


def test_alerts_come_with_rules_that_prometheus_takes_and_a_runbook_for_each(tmp_path: Path) -> None:
    code, _ = export("alerts", tmp_path)
    assert code == 0
    said("promtool", "check", "rules", *sorted(tmp_path.glob("rules/*.yml")))
    assert sorted(path.name for path in tmp_path.glob("runbooks/*.md")) == sorted(
        path.name for path in (ROOT / "alerts/runbooks").iterdir()
    )


def test_probes_are_a_configuration(tmp_path: Path) -> None:
    code, _ = export("probes", tmp_path)
    assert code == 0
    assert load([tmp_path / "time.yaml"], environ={}).probes


def test_nothing_is_overwritten_unless_that_is_said(tmp_path: Path) -> None:
    export("dashboards", tmp_path)
    (tmp_path / "fleet.json").write_text("mine")
    code, told = export("dashboards", tmp_path)
    assert (code, (tmp_path / "fleet.json").read_text()) == (2, "mine")
    assert "fleet.json" in told
    assert "--force" in told
    assert export("dashboards", tmp_path, "--force")[0] == 0
    assert json.loads((tmp_path / "fleet.json").read_text())


@pytest.mark.parametrize("what", ["probe", "deploy", "../probes"])
def test_what_does_not_ship_is_refused_with_what_does(what: str, tmp_path: Path) -> None:
    code, told = export(what, tmp_path / "new")
    assert code == 2
    assert "probes, dashboards, alerts" in told
    assert not (tmp_path / "new").exists()
