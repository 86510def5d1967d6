"""The page of patterns: its excerpts are the code, its metrics, alerts and probes exist, each fault is found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
import yaml
from prometheus_client import CollectorRegistry

from docs.generate import excerpts
from docs.generate.excerpts import EXCERPT, LONGEST, WHOLE, ExcerptError, refreshed
from mcp_state import StateMetrics
from prober.reference.faults.catalog import FAULTS
from tests.docs.pages import DOCS, ROOT, blocks

PAGE: Final = DOCS / "patterns.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
SECTIONS: Final = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
NO_PATTERN: Final = {"State in Redis", "Watching from outside", "A server of your own"}
NOTHING_LOST: Final = {"Retries after a conflict", "Shared commits"}
"""Patterns for speed, or that go on where another ends: no probe of their own."""


def test_every_block_of_code_is_an_excerpt_of_a_length_that_is_read() -> None:
    shown = [found["text"] for found in EXCERPT.finditer(TEXT)]
    whole = [found["text"] for found in WHOLE.finditer(TEXT)]
    assert shown + whole == [block.text for block in blocks(PAGE, "python", "typescript")]
    assert all(1 <= text.count("\n") <= LONGEST for text in shown)
    assert len(whole) == 1
    assert {found["file"].partition("/")[0] for found in EXCERPT.finditer(TEXT)} == {"packages", "examples"}


@pytest.mark.parametrize("title", sorted(SECTIONS.keys() - NO_PATTERN))
def test_a_pattern_has_its_code_in_both_languages_or_says_why_not(title: str) -> None:
    section = SECTIONS[title]
    assert "```python" in section
    assert "```typescript" in section or "The TypeScript example has" in section
    assert ("<!-- exit 1: " in section) is (title not in NOTHING_LOST)
    for said in ("Metric", "Alert", "Where we differ"):
        assert section.count(f"- **{said}:** ") == 1


def test_every_metric_alert_probe_and_fault_that_the_page_names_exists() -> None:
    registry = CollectorRegistry()
    StateMetrics(registry, store="sqlite")
    families = {family.name + ("_total" if family.type == "counter" else "") for family in registry.collect()}
    told = set(re.findall(r"`(mcp_(?:state|tool|circuit|active)_\w+)`", TEXT))
    assert len(told) > 10
    assert told - families == set()
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "alerts" / "rules").glob("*.yml"))
    alerts = set(re.findall(r"`(Mcp[A-Z]\w+)`", TEXT))
    assert len(alerts) > 6
    assert {name for name in alerts if f"alert: {name}\n" not in rules} == set()
    probes = yaml.safe_load((ROOT / "probes" / "reference-races.yaml").read_text(encoding="utf-8"))["probes"].keys()
    raced = set(re.findall(r"reference-races\.yaml --probe (\S+)", TEXT))
    assert probes - raced == {"reference-audit-trail"}  # the log once more, by its events
    assert raced - probes == set()
    faults = set(re.findall(r'"faults": \["(.+?)"\]', TEXT))
    assert len(faults) == 4
    assert faults <= FAULTS.keys()


SOURCE: Final = (
    "# new\n\nclass A:\n    def one(self):\n        if x:\n            return 2\n        return 3\n\n    y = 1\n"
)


def page(first: str, last: str, numbers: str = "lines 1 to 2") -> str:
    return f"Before.\n\n`a.py`, {numbers}:\n\n```python\n{first}\n{last}\n```\n\nAfter.\n"


@pytest.fixture(autouse=True)
def source(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "made_up" in request.node.name:
        (tmp_path / "a.py").write_text(SOURCE, encoding="utf-8")
        monkeypatch.setattr(excerpts, "ROOT", tmp_path)


def test_a_made_up_excerpt_follows_its_code_to_other_lines() -> None:
    made = refreshed(page("def one(self):", "    return 3"))
    assert (
        "`a.py`, lines 4 to 7:\n\n```python\ndef one(self):\n    if x:\n        return 2\n    return 3\n```\n" in made
    )
    assert refreshed(made) == made
    assert (made.startswith("Before.\n\n"), made.endswith("\n\nAfter.\n")) == (True, True)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("def two(self):", "    return 3", r"begins with 'def two\(self\):' is not in the file"),
        ("def one(self):", "    return 4", "its end '    return 4' is not in the file"),
        ("def one(self):", "return 3", "its end 'return 3' is not in the file"),
    ],
)
def test_a_made_up_excerpt_of_code_that_is_gone_is_an_error(first: str, last: str, told: str) -> None:
    with pytest.raises(ExcerptError, match=told):
        refreshed(page(first, last))


def test_a_made_up_excerpt_that_grew_too_long_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("begin\n" + LONGEST * "between\n" + "end\n", encoding="utf-8")
    with pytest.raises(ExcerptError, match=f"would have {LONGEST + 2} lines, {LONGEST} at most"):
        refreshed(page("begin", "end"))
