"""A runbook for every alert, with commands that exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import pytest
import typer.main
from typer.testing import CliRunner

from prober.cli import app
from prober.outcome import Reason

from .rules import ALERTING, ALERTS, ROOT

RUNBOOKS: Final = {path.stem: path.read_text() for path in sorted((ALERTS / "runbooks").glob("*.md"))}
SECTIONS: Final = [
    *("What it means", "What the user feels", "Look", "First", "Likely causes", "How to silence it", "Escalate"),
]
DASHBOARDS: Final = {
    document["uid"]: {variable["name"] for variable in document["templating"]["list"]}
    for document in (json.loads(path.read_text()) for path in (ROOT / "dashboards").glob("*.json"))
}


def commands(text: str) -> Iterator[str]:
    """The lines of its shell blocks."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from block.strip().splitlines()


def first(text: str) -> list[str]:
    """The commands to begin with."""
    return list(commands(text.split("## First\n")[1].split("## Likely")[0]))


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert RUNBOOKS.keys() == ALERTING.keys() != set()


@pytest.mark.parametrize("name", ALERTING)
def test_an_alert_links_its_own_runbook(name: str) -> None:
    assert ALERTING[name]["annotations"]["runbook_url"] == f"runbooks/{name}.md"


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_says_the_same_things_in_the_same_order(name: str) -> None:
    text = RUNBOOKS[name]
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert len(first(text)) == 3
    assert f"alertname={name}" in list(commands(text))[-1]
    assert len(re.findall(r"^- ", text.split("## Likely causes")[1], re.MULTILINE)) >= 2
    assert len(text) < 4_000


def look(name: str) -> list[str]:
    """What stands between backticks where a runbook says what to look at."""
    return re.findall(r"`([^`]+)`", RUNBOOKS[name].split("## Look\n")[1].split("## First")[0])


LINES: Final = [
    (name, line)
    for name in RUNBOOKS
    for line in (*commands(RUNBOOKS[name]), *look(name))
    if line.startswith("mcp-prober ")
]
ADDRESSES: Final = [
    (name, base, url)
    for name in RUNBOOKS
    for base, url in re.findall(r'["`]\$(PROBER|SERVER)(/[^"`]*)["`]', RUNBOOKS[name])
]


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_begins_with_the_dashboard_the_page_and_the_line_that_asks_again(name: str) -> None:
    dashboard, page, *_, again = look(name)
    uid, _, query = dashboard.removeprefix("$GRAFANA/d/").partition("?")
    assert {key.removeprefix("var-") for key, _ in parse_qsl(query)} <= DASHBOARDS[uid]
    assert page.startswith("$PROBER/")
    assert again.startswith("mcp-prober run probes ")
    assert again.endswith("--verbose")


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_wants_no_label_that_its_alert_has_not(name: str) -> None:
    """By the silence, which names the labels of the alert; $PROBER, $SERVER and the like are the same for all."""
    silence = next(line for line in commands(RUNBOOKS[name]) if f"alertname={name}" in line)
    lines = (*commands(RUNBOOKS[name]), *look(name))
    wanted = set(re.findall(r"\$(TARGET|PROBE|JOB|INSTANCE)\b", "\n".join(lines)))
    assert wanted == set(re.findall(r"\$(TARGET|PROBE|JOB|INSTANCE)\b", silence))


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_ends_with_whom_to_call_when_and_what_they_need(name: str) -> None:
    text = RUNBOOKS[name].split("## Escalate\n")[1].strip()
    assert len(text.splitlines()) == 1
    assert "whoever " in text
    assert ("call " in text) is (ALERTING[name]["labels"]["severity"] == "critical")


def test_every_runbook_gives_the_prober_or_a_server_something_to_do() -> None:
    assert {name for name, *_ in [*LINES, *ADDRESSES]} == set(RUNBOOKS)


@pytest.mark.parametrize(("name", "line"), LINES)
def test_a_command_of_a_runbook_is_one_of_the_command_line(name: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[2:] == ["--help"]:
        help_text = CliRunner().invoke(app, words[1:]).output
        assert [option for option in re.findall(r"--\w[\w-]*", line) if f"{option} " not in help_text] == []
    else:
        command = typer.main.get_command(app).commands[words[1]]  # type: ignore[attr-defined]
        assert command.make_context(words[1], words[2:]).params


@pytest.mark.parametrize(("name", "base", "url"), ADDRESSES)
def test_an_address_in_a_runbook_is_one_of_the_daemon_or_the_reference_server(name: str, base: str, url: str) -> None:
    sources = (ROOT / "prober/web").rglob("*.py") if base == "PROBER" else [ROOT / "prober/reference/http_app.py"]
    routes = re.findall(r'Route\(\s*"([^"]+)"', "".join(path.read_text() for path in sources))
    assert urlsplit(url).path.replace("$TARGET", "{name}") in routes
    known = {"target", "probe", "debug", "limit", "since", "until", "cursor", "verdict", "run"}
    assert {key for key, _ in parse_qsl(urlsplit(url).query)} <= known


def test_metrics_that_runbooks_look_for_are_exported() -> None:
    from .test_names import EXPORTED

    looked_for = {
        metric
        for text in RUNBOOKS.values()
        for metric in re.findall(r"\b((?:mcp|prober|process)_[a-z_]*[a-z])\b", "\n".join(first(text)))
    }
    assert len(looked_for) > 10
    assert looked_for - set(EXPORTED) == set()


def test_reasons_that_runbooks_tell_are_reasons() -> None:
    known = "|".join(Reason)
    for name in ("McpTargetDown", "McpProbeFailing", "McpWrongAnswer", "McpTokenRejected", "McpRaceViolation"):
        causes = RUNBOOKS[name].split("## Likely causes")[1].split("## How")[0]
        reasons = re.findall(r"`([a-z_*]+)`", causes)
        assert reasons, name
        for reason in reasons:
            assert re.search(rf"\b{reason.replace('*', '[a-z]+')}\b", known), f"{name}: {reason}"


def test_the_table_of_alerts_is_that_of_the_rules() -> None:
    readme = (ALERTS / "README.md").read_text()
    rows = re.findall(r"^\| \[(\w+)\]\(runbooks/(\w+)\.md\) \| (\w+) \|", readme, re.MULTILINE)
    assert [name for name, linked, _ in rows if name != linked] == []
    assert {name: severity for name, _, severity in rows} == {
        name: rule["labels"]["severity"] for name, rule in ALERTING.items()
    }


def test_every_variable_of_the_commands_is_told() -> None:
    told = set(re.findall(r"\b([A-Z]+)=", (ALERTS / "README.md").read_text()))
    lines = [line for name, text in RUNBOOKS.items() for line in (*commands(text), *look(name))]
    used = {name for line in lines for name in re.findall(r"\$([A-Z]+)", line)}
    assert used == told
