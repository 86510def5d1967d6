"""A kind that looks at what breaks clients is to be seen everywhere: metrics, page, panels, alerts, runbooks, docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from docs.generate.pages import example
from prober.kinds import all_kinds
from prober.loader import load
from prober.outcome import Evidence, Reason
from prober.reasons import meaning_of
from prober.report.next_step import next_step
from tests.alerts.rules import ALERTING
from tests.dashboards.reading import NAMES, dashboard, panels
from tests.web.pages.asking import read
from tests.web.pages.world import World, probe, result, served, target

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "dashboards-and-alerts.md").read_text(encoding="utf-8")
KINDS: Final = ("auth", "session", "http", "clients", "stream", "isolation", "metrics")
"""Those that look at what breaks clients of a server that is up."""

OWN: Final[dict[str, tuple[Reason, ...]]] = {
    "auth": (Reason.AUTH_NOT_ENFORCED, Reason.AUTH_CHALLENGE_WRONG, Reason.AUTH_METADATA_BROKEN),
    "session": (Reason.SESSION_LOST, Reason.DEAD_SESSION, Reason.HTTP_RULE_BROKEN, Reason.HEADERS_UNCHECKED),
    "http": (Reason.ORIGIN_UNCHECKED, Reason.HTTP_RULE_BROKEN),
    "clients": (Reason.CLIENT_UNUSABLE,),
    "stream": (Reason.STREAM_CUT,),
    "isolation": (Reason.ANSWER_CROSSED,),
    "metrics": (Reason.METRICS_UNTRUE,),
}
"""The reasons that a kind is there for."""


def metrics_of(kind: str) -> list[str]:
    declared = all_kinds()[kind]
    return [each.name for each in (*declared.metrics, *declared.target_metrics)]


def panels_of(kind: str) -> list[str]:
    """The panels that ask for its own metrics."""
    return sorted(
        {
            panel["title"]
            for name in NAMES
            for panel in panels(dashboard(name))
            for query in panel["targets"]
            if any(re.search(rf"\b{metric}\b", query["expr"]) for metric in metrics_of(kind))
        }
    )


def row(kind: str) -> list[str]:
    """The row of a kind in the table of the documentation."""
    reasons = OWN[kind]
    alerts = dict.fromkeys(meaning_of(reason).alert for reason in reasons)
    return [
        f"[`{kind}`](kinds.md#{kind})",
        ", ".join(f"`{name}`" for name in metrics_of(kind)),
        ", ".join(panels_of(kind)),
        ", ".join(f"[{alert}](../alerts/runbooks/{alert}.md)" for alert in alerts),
        ", ".join(f"`{reason}`" for reason in reasons),
    ]


def test_the_table_of_the_documentation_says_where_each_is_seen() -> None:
    section = PAGE.partition("## What breaks clients\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| \[.*\|$", section, re.MULTILINE)
    table = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert table == [row(kind) for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_metrics_of_its_own_and_a_panel_for_each_on_a_dashboard(kind: str) -> None:
    assert metrics_of(kind)
    text = "".join((ROOT / "dashboards" / f"{name}.json").read_text(encoding="utf-8") for name in NAMES)
    assert [name for name in metrics_of(kind) if name not in text] == []
    assert panels_of(kind)


@pytest.mark.parametrize(("kind", "reason"), [(kind, reason) for kind in KINDS for reason in OWN[kind]])
def test_what_a_kind_finds_has_an_alert_a_runbook_that_names_it_and_a_page_in_the_documentation(
    kind: str, reason: Reason, tmp_path: Path
) -> None:
    alert = meaning_of(reason).alert
    assert alert in ALERTING
    runbook = (ROOT / "alerts" / ALERTING[alert]["annotations"]["runbook_url"]).read_text(encoding="utf-8")
    assert f"`{reason}`" in runbook
    assert f"`{reason}`" in (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    assert f"## `{kind}`" in (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8")
    shown = [each for each in load_example(kind, tmp_path) if each.kind == kind]
    assert any(reason in all_kinds()[kind].reasons(each.settings) for each in shown)


def load_example(kind: str, folder: Path) -> list[Any]:
    file = folder / "example.yaml"
    file.write_text(example(kind), encoding="utf-8")
    tokens = {"TICKETS_TOKEN": "a-token-of-tickets", "WIKI_TOKEN": "a-token-of-the-wiki"}
    return [*load([file], environ=tokens, contracts_may_be_missing=True).probes.values()]


@pytest.mark.parametrize(("kind", "reason"), [(kind, reason) for kind in KINDS for reason in OWN[kind]])
def test_the_page_of_a_target_shows_what_a_kind_found_its_evidence_and_the_next_step(kind: str, reason: Reason) -> None:
    each = probe("p", "a", kind=kind)
    failed = result(each, reason=reason, message="what was found", evidence=(Evidence(expected="this", seen="that"),))
    world = World()
    world.apply_config([target("a")], [each])
    world.record(failed)
    with served(world) as url:
        page = read(f"{url}/targets/a")
    for shown in (reason, "what was found", "this", "that", next_step(failed.outcome).split("`")[0].strip()):
        assert shown in page.text, shown
