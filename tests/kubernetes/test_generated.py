"""The generated manifests are those of the alerts, the dashboards and the configuration as they are now."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml

import prober
from manifests.manifests import FOLDER, MONITORING, written

ROOT: Final = Path(__file__).parents[2]


def test_the_committed_files_are_what_the_generator_writes() -> None:
    made = written()
    there = {f"{MONITORING}/{path.name}" for path in (FOLDER / MONITORING).iterdir()}
    assert there == {name for name in made if name.startswith(MONITORING)}
    stale = [name for name, text in made.items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run python -m manifests"


@pytest.mark.parametrize("path", sorted((ROOT / "alerts/rules").glob("*.yml")), ids=lambda path: path.stem)
def test_rules_are_those_of_the_plain_file(path: Path) -> None:
    resource = yaml.safe_load((FOLDER / MONITORING / f"rules-{path.stem}.yaml").read_text(encoding="utf-8"))
    assert resource["spec"] == yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((ROOT / "dashboards").glob("*.json")), ids=lambda path: path.stem)
def test_dashboards_are_those_of_the_plain_file_and_small_enough_to_be_applied(path: Path) -> None:
    text = (FOLDER / MONITORING / f"dashboard-{path.stem}.yaml").read_text(encoding="utf-8")
    resource = yaml.load(text, Loader=yaml.CSafeLoader)
    assert json.loads(resource["data"][path.name]) == json.loads(path.read_text(encoding="utf-8"))
    # kubectl keeps what was applied in an annotation, and annotations have 256 KiB together.
    assert len(json.dumps(resource)) < 250_000


def test_chart_and_overlays_run_this_version() -> None:
    chart = yaml.safe_load((FOLDER / "chart/Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (prober.__version__, prober.__version__)
    for shape in ("stateless", "sharded"):
        text = (FOLDER / shape / "kustomization.yaml").read_text(encoding="utf-8")
        assert re.findall(r"newTag: (\S+)", text) == [prober.__version__]
