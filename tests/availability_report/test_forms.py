"""The report in its forms: one set of figures, no data said as such, and nothing of a server's that does harm."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from prober.availability_report import Report, csv_table, html_page, report_of, text
from prober.availability_report.document import as_json
from prober.config.model import Target
from prober.history import Retention
from prober.history.availability import availability
from prober.history.notes import add_note
from prober.history.recorded_incidents import recorded_incidents
from prober.history.schema import connect_to_read
from prober.outcome import Reason
from prober.redaction import of_ours
from prober.scheduled_run import ScheduledRun
from tests.history.making import NOON, result
from tests.history.ninety_days import write

SCHEMA = json.loads(resources.files("prober.availability_report").joinpath("report.schema.json").read_text("utf-8"))
HOUR = timedelta(hours=1)
HOSTILE = "=cmd()<script>alert(1)</script>\x1b[2J\u202e"


def made(folder: Path, runs: list[ScheduledRun], configured: Mapping[str, Target], *, hours: int = 2) -> Report:
    write(folder / "history.db", runs, Retention(results=timedelta(days=400)))
    with closing(connect_to_read(folder / "history.db")) as connection:
        past = availability(connection, since=NOON, until=NOON + hours * HOUR)
    return report_of(past, configured=configured, now=NOON + hours * HOUR)


def runs_of(target: str, verdicts: str, **given: Any) -> list[ScheduledRun]:
    """A run each minute: `.` passes, `x` fails."""
    return [
        result(
            NOON + timedelta(minutes=minute),
            target=target,
            probe=f"{target}-call",
            reason=Reason.TIMEOUT if each == "x" else None,
            **given,
        )
        for minute, each in enumerate(verdicts)
    ]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Targets that met their objective, missed it, have no data, are gone; and one with a name."""
    runs = [
        *runs_of("good", "." * 99 + "x"),
        *runs_of("bad", "....xx...."),
        *runs_of("gone", "...."),
        *runs_of(HOSTILE, "x."),
        result(NOON, target="good", probe="maintained", reason=Reason.TIMEOUT, maintenance=True),
    ]
    tagged = {"good": ("eu", "paid"), "bad": ("eu",), "silent": ("us",), HOSTILE: ()}
    labels = {"good": {"team": "search", "id": "1"}, "bad": {"team": "search", "id": "2"}, "silent": {"team": HOSTILE}}
    targets = {
        name: Target(name=name, objective=95.0, tags=tags, labels=labels.get(name, {})) for name, tags in tagged.items()
    }
    return made(tmp_path, sorted(runs, key=lambda run: run.outcome.started_at), targets)


def test_the_document_is_as_its_schema_says(report: Report) -> None:
    document = as_json(report)
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(document)
    targets = {each["target"]: each for each in document["targets"]}
    assert targets["good"]["availability"] == 0.99
    assert targets["good"]["error_budget_spent"] == pytest.approx(0.2)
    assert targets["bad"]["availability"] == 0.8
    assert targets["bad"]["error_budget_spent"] == pytest.approx(4)
    [incident] = targets["bad"]["incidents"]
    assert (incident["seconds"], incident["reasons"]) == (120, {"timeout": 2})
    [still] = targets["good"]["incidents"]
    assert (still["until"], still["seconds"]) == (None, 21 * 60)
    assert (targets["silent"]["availability"], targets["silent"]["error_budget_spent"]) == (None, None)
    assert (targets["gone"]["configured"], targets["gone"]["objective"]) == (False, None)
    groups = {(each["label"], each["group"]): each for each in document["groups"]}
    assert list(groups) == [(None, "eu"), (None, "paid"), (None, "us"), ("team", HOSTILE), ("team", "search")]
    assert groups[None, "eu"]["availability"] == pytest.approx((99 + 8) / 110, abs=1e-6)
    assert groups["team", "search"]["runs"] == groups[None, "eu"]["runs"]
    assert groups["team", "search"]["incidents"] == 2
    assert (groups[None, "us"]["availability"], document["fleet"]["targets"]) == (None, 5)
    assert targets["good"]["labels"] == {"team": "search", "id": "1"}


def test_a_label_that_is_different_on_every_target_makes_no_groups(tmp_path: Path) -> None:
    targets = {name: Target(name=name, labels={"id": name, "env": "prod"}) for name in "ab"}
    groups = made(tmp_path, [*runs_of("a", ".x"), *runs_of("b", "..")], targets).groups
    assert [(each.label, each.summary.name, each.summary.targets) for each in groups] == [("env", "prod", 2)]
    assert groups[0].summary.counts.availability == 0.75


def test_the_text_says_no_data_and_neither_cuts_a_name_nor_moves_a_cursor(report: Report) -> None:
    lines = list(text.lines(report))
    [silent] = [each for each in lines if each.startswith("silent")]
    assert silent.split() == ["silent", "no", "data", "95", "%", "-", "-", "-", "-", "-"]
    [good] = [each for each in lines if each.startswith("good")]
    assert good.split()[:7] == ["good", "99.00", "%", "95", "%", "20", "%"]
    assert any("goes on" in each for each in lines)
    assert "1 run in maintenance not counted" in lines
    [search] = [each for each in lines if each.startswith("team:search")]
    assert search.split()[1:3] == ["97.2", "%"]
    assert all(each.isprintable() for each in lines)


def test_a_spreadsheet_reads_a_row_for_each_scope_and_no_formula(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table.lines(report))))
    assert [(row["scope"], row["name"]) for row in rows[-6:] if row["name"] != rows[-3]["name"]] == [
        ("tag", "eu"),
        ("tag", "paid"),
        ("tag", "us"),
        ("label", "team:search"),
        ("fleet", "all targets"),
    ]
    assert (rows[-3]["scope"], rows[-3]["name"][:11]) == ("label", "team:=cmd()")
    by_name = {row["name"]: row for row in rows}
    assert (by_name["good"]["availability"], by_name["silent"]["availability"]) == ("0.99", "")
    assert not any(row["name"].startswith("=") for row in rows)
    incidents = list(csv.DictReader(io.StringIO(csv_table.incident_lines(report))))
    assert {row["reasons"] for row in incidents} == {"timeout:1", "timeout:2"}
    assert len(incidents) == 3


def test_what_an_operator_noted_stands_at_the_incident_in_every_form(tmp_path: Path) -> None:
    path, minute = tmp_path / "history.db", timedelta(minutes=1)
    write(path, [*runs_of("bad", ".xx..x.")], Retention(results=timedelta(days=400)))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        latest, first = recorded_incidents(
            connection, since=NOON, until=NOON + HOUR, targets=None, limit=9
        )  # fmt: skip
        add_note(connection, incident=first.name, text=of_ours("power was out"), at=NOON + 3 * minute)
        add_note(connection, incident=first.name, text=of_ours(HOSTILE), at=NOON + 9 * minute)
        past = availability(connection, since=NOON, until=NOON + HOUR)
        later = availability(connection, since=latest.since, until=NOON + HOUR)
    report = report_of(past, configured={}, now=NOON + HOUR)
    [target] = as_json(report)["targets"]
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(as_json(report))
    assert [[note["text"] for note in each["notes"]] for each in target["incidents"]] == [
        ["power was out", HOSTILE],
        [],
    ]
    lines = list(text.lines(report))
    assert any(each.startswith("    ") and each.endswith("power was out") for each in lines)
    assert all(each.isprintable() for each in lines)
    rows = list(csv.DictReader(io.StringIO(csv_table.incident_lines(report))))
    assert [row["notes"].split("; ")[0] for row in rows] == ["", "power was out"]
    read = _Reading(html_page.page(report))
    assert any(word.endswith("power was out") for word in read.words)
    assert "script" not in read.tags
    assert [each.notes for each in later.targets["bad"].incidents] == [()]


class _Reading(HTMLParser):
    """The elements of a page, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_the_page_fetches_nothing_and_shows_hostile_names_as_text(report: Report) -> None:
    read = _Reading(html_page.page(report))
    assert not {"script", "link", "img", "iframe"} & read.tags
    assert not {"src", "href", "onload", "onclick"} & read.attributes
    assert any("<script>alert(1)</script>" in word for word in read.words)
    assert {"no data", "80 %", "400 %", "1 of 3", "By tag", "By team"} <= {*read.words}


def test_without_any_data_nothing_is_green(tmp_path: Path) -> None:
    report = made(tmp_path, [], {"silent": Target(name="silent")})
    read = _Reading(html_page.page(report))
    assert "100 %" not in read.words
    assert "No data." in read.words
    assert "met" not in html_page.page(report).split("</style>")[1].split("<h2>How")[0].replace("objectives met", "")
