"""What ships with the package can be copied out, and is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prober.cli import app
from prober.loader import load
from tests.kubernetes import programs as cluster
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


def test_probes_are_a_configuration_file_by_file_and_together(tmp_path: Path) -> None:
    code, _ = export("probes", tmp_path)
    assert code == 0
    files = sorted(tmp_path.glob("*.yaml"))
    together = load([tmp_path], environ={})
    assert sum(len(load([file], environ={}).probes) for file in files) == len(together.probes) > 30


@pytest.mark.external
def test_kubernetes_gets_from_an_export_what_it_gets_from_the_repository(tmp_path: Path) -> None:
    """Both shapes by kustomize, and the chart with all that it reads."""
    assert export("deploy", tmp_path)[0] == 0
    shipped = ROOT / "deploy" / "kubernetes"
    exported = tmp_path / "kubernetes"
    assert {path.relative_to(exported) for path in exported.rglob("*")} == {
        path.relative_to(shipped) for path in shipped.rglob("*")
    }
    for shape in ("stateless", "sharded"):
        assert cluster.said("kubectl", "kustomize", exported / shape).count("\nkind: PrometheusRule\n") == 7
    config = f"config={exported / 'base' / 'probes.yaml'}"
    made = cluster.said("helm", "template", "mcp-prober", exported / "chart", "--set-file", config)
    assert (made.count("\nkind: Probe\n"), made.count("\nkind: PrometheusRule\n")) == (2, 7)


@pytest.mark.parametrize("where", ["the repository", "an export"])
def test_the_shipped_probes_pass_check_as_the_readme_runs_them(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "an export":
        export("probes", tmp_path / "probes")
    monkeypatch.chdir(tmp_path if where == "an export" else ROOT)
    result = CliRunner().invoke(app, ["check", "probes"])
    assert (result.exit_code, result.output.rpartition(", ")[2]) == (0, "no mistakes\n")


def test_nothing_is_overwritten_unless_that_is_said(tmp_path: Path) -> None:
    export("dashboards", tmp_path)
    (tmp_path / "fleet.json").write_text("mine")
    code, told = export("dashboards", tmp_path)
    assert (code, (tmp_path / "fleet.json").read_text()) == (2, "mine")
    assert "fleet.json" in told
    assert "--force" in told
    assert export("dashboards", tmp_path, "--force")[0] == 0
    assert json.loads((tmp_path / "fleet.json").read_text())


@pytest.mark.parametrize("what", ["probe", "docs", "../probes"])
def test_what_does_not_ship_is_refused_with_what_does(what: str, tmp_path: Path) -> None:
    code, told = export(what, tmp_path / "new")
    assert code == 2
    assert "probes, dashboards, alerts, deploy" in told
    assert not (tmp_path / "new").exists()
