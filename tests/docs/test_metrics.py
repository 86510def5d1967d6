"""The page of metrics is the contract: whatever names a metric of this project names one that the page has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from docs.generate.pages import in_a_pass
from prober.drill import EXPECTED
from prober.metrics import families
from prober.web.probe_endpoint import BLACKBOX
from tests.docs.pages import DOCS

ROOT: Final = DOCS.parent
PAGE: Final = (DOCS / "metrics.md").read_text(encoding="utf-8")
ON_PAGE: Final = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))
_OURS: Final = re.compile(r"(?<![a-z:_])mcp_(?:probe|target|prober|contract|race)_[a-z_]*[a-z](?![a-z_:/*])")
_SUFFIX: Final = re.compile(r"_(bucket|count|sum)$")


def recorded() -> set[str]:
    """What the rules record, by the part between the colons."""
    rules = [
        rule
        for file in (ROOT / "alerts" / "rules").glob("*.yml")
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    return {rule["record"] for rule in rules if "record" in rule}


def files() -> Iterator[Path]:
    """Whatever tells people or programs of metrics."""
    yield ROOT / "README.md"
    yield ROOT / "prober" / "drill" / "pipeline.py"
    for pattern in (
        "alerts/**/*.yml",
        "alerts/**/*.md",
        "dashboards/*.json",
        "dashboards/*.md",
        "deploy/**/*",
        "docs/**/*.md",
    ):
        yield from (path for path in ROOT.glob(pattern) if path.is_file() and path.name != "metrics.md")


def test_every_name_that_is_exported_is_on_the_page() -> None:
    assert {row.name for row in families()} | {*in_a_pass()} | {*BLACKBOX} == ON_PAGE - SYMPTOMS


SYMPTOMS: Final = {"no_answer", "rejected", "wrong_answer", "too_slow", "contract_broken", "race_violation", "unknown"}


@pytest.mark.parametrize("path", sorted(files()), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_that_is_used_is_on_the_page(path: Path) -> None:
    used = {_SUFFIX.sub("", name) for name in _OURS.findall(path.read_text(encoding="utf-8"))}
    assert used - ON_PAGE - {"mcp_probe"} == set()


def test_the_drill_waits_for_metrics_that_are_on_the_page() -> None:
    assert {expected.metric.family for expected in EXPECTED.values()} <= ON_PAGE


def test_the_search_finds_names() -> None:
    text = 'rate(mcp_probe_runs_total{a="b"}[5m]) target:mcp_probe_availability:ratio5m `mcp_target_tools` mcp_state_x'
    assert _OURS.findall(text) == ["mcp_probe_runs_total", "mcp_target_tools"]
    assert any(_OURS.search(path.read_text(encoding="utf-8")) for path in files())
    assert len(recorded()) > 20
