"""The end of the story in a real Prometheus: every question of every panel has an answer, and it is the true one."""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from dashboards.generate.language import STALE_BASE, STALE_SCALE, UNSURE

from .past import Past, remembered
from .reading import NAMES, asked, dashboard, panels, questions

pytestmark = [pytest.mark.external, pytest.mark.slow]  # slow: the past that is asked about is made first

FIRST: Final = 162
"""The minute of the story from which on it is remembered: crm is down, mail in maintenance."""

NO_ANSWER: Final[Mapping[str, str]] = {
    "fleet/Contract changes": "nothing changes at the end of the story",
    "target/Contract changes": "nothing changes at the end of the story",
    "state/Contract changes": "nothing changes at the end of the story",
    "fleet/New server versions": "nothing changes at the end of the story",
    "target/New server versions": "nothing changes at the end of the story",
    "state/New server versions": "nothing changes at the end of the story",
    "target/Phases of a run A": "only child processes are spawned, and payments is none",
    "target/Start and end of the process A": "likewise",
    "target/Start and end of the process B": "likewise",
    "target/Probes, the worst first H": "payments has no maintenance window",
    "target/Probes, the worst first J": "no answer of payments is slow at that minute",
    "target/Ends of the kept process A": "likewise",
    "target/Latency of the judged request C": "no probe of payments makes a warm call",
    "target/Latency of the judged request E": "likewise",
    "target/New rules of clients": "the rules of clients are the same all along",
    "target/Sessions and addresses B": "the name of payments has one address",
    "prober/Worker processes A": "no prober of the story has workers",
    "prober/Worker processes B": "no prober of the story has workers",
    "prober/Worker processes C": "no prober of the story has workers",
    "prober/Worker processes D": "no prober of the story has workers",
    "prober/Worker processes E": "no prober of the story has workers",
    "prober/Shards A": "nor is one a shard",
    "prober/Shards B": "nor is one a shard",
    "prober/Runs lost, by prober A": "no run was left out in those minutes, and nothing was short",
}


SILENT: Final = 19
"""The minutes since then in which, in another telling, no prober could be scraped."""


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """The same minutes, and probers that died after them."""
    with remembered(tmp_path_factory.mktemp("blind"), first=FIRST, silent=SILENT) as past:
        yield past


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """The troubled story's last minutes."""
    with remembered(tmp_path_factory.mktemp("past"), first=FIRST) as past:
        yield past


def answers(past: Past, expr: str) -> list[dict[str, Any]]:
    """What Prometheus says at the end of the story."""
    query = urllib.parse.urlencode({"query": expr, "time": past.end})
    with urllib.request.urlopen(f"{past.url}/api/v1/query?{query}", timeout=30) as response:
        document = json.load(response)
    assert document["status"] == "success", document
    result: list[dict[str, Any]] = document["data"]["result"]
    return result


def of(expr: str, *, target: str = ".*") -> str:
    """A question of a dashboard as asked of the last quarter of an hour."""
    chosen = expr.replace("$__range", "15m").replace('target=~"$target"', f'target=~"{target}"')
    return asked(chosen)


@pytest.mark.parametrize("name", NAMES)
def test_every_question_has_an_answer(past: Past, name: str) -> None:
    document = dashboard(name)
    target = {"target": "payments", "state": "reference"}.get(name, ".*")
    silent = {
        f"{name}/{panel['title']} {query['refId']}"
        for panel in panels(document)
        for query in panel["targets"]
        if not answers(past, of(query["expr"], target=target))
    }
    silent |= {
        f"{name}/{mark['name']}" for mark in document["annotations"]["list"] if not answers(past, of(mark["expr"]))
    }
    assert silent == {place for place in NO_ANSWER if place.startswith(f"{name}/")}


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_has_values(past: Past, name: str) -> None:
    names = {variable["name"] for variable in dashboard(name)["templating"]["list"]}
    for place, expr in questions(dashboard(name)):
        if place in names:
            assert answers(past, expr), place


def table(past: Past, title: str, *, name: str = "fleet") -> list[dict[tuple[str, ...], float]]:
    """What each query of a table says, by the values of the labels."""
    panel = next(panel for panel in panels(dashboard(name)) if panel["title"] == title)
    return [
        {tuple(row["metric"].values()): float(row["value"][1]) for row in answers(past, of(query["expr"]))}
        for query in panel["targets"]
    ]


def test_the_worst_first_table_has_every_target_as_it_stands(past: Past) -> None:
    states, reasons, failing, probes, *_ = table(past, "Targets, the worst first")
    assert states == {
        ("crm",): 4.0,
        ("payments",): pytest.approx(3 + 3 / 10),
        ("inventory",): 3.5,
        ("docs",): 2.0,
        ("mail",): 1.0,
        ("calendar",): 0.0,
        ("notes",): 0.0,
        ("reference",): 0.0,
        ("search",): 0.0,
        ("weather",): 0.0,
    }
    assert sorted(target for _, target in reasons) == sorted(target for (target,) in states), "one reason each"
    assert {("connect_refused", "crm"), ("lost_update", "inventory"), ("not_run", "docs"), ("-", "mail")} <= {*reasons}
    assert failing[("crm",)] == probes[("crm",)] == 3.0
    assert failing[("docs",)] == 0.0, "a run that could not tell is no failure"
    assert failing[("mail",)] == 0.0


def test_a_headline_says_what_the_table_says(past: Past) -> None:
    found = {
        panel["title"]: float(answers(past, of(panel["targets"][0]["expr"]))[0]["value"][1])
        for panel in panels(dashboard("fleet"))
        if panel["type"] == "stat"
    }
    assert {title: found[title] for title in ("Targets", "Targets failing", "Probes failing", "Could not tell")} == {
        "Targets": 10.0,
        "Targets failing": 3.0,
        "Probes failing": 7.0,
        "Could not tell": 1.0,
    }
    assert found["Maintenance"] == 1.0
    assert found["Cert < 14 days"] == 2.0
    assert 0.5 < found["Availability"] < 0.9
    assert found["Budget left"] < 0


def number(past: Past, panel: Mapping[str, Any], *, target: str = ".*") -> float | None:
    """The number that a panel with one shows; None stands for "no data"."""
    (query,) = panel["targets"]
    found = [float(row["value"][1]) for row in answers(past, of(query["expr"], target=target))]
    assert len(found) <= 1, panel["title"]
    return None if not found or math.isnan(found[0]) else found[0]


OVER_THE_RANGE: Final = {"Duration, p95"}
"""What is said of the range that is shown, in no colour of well or ill, stays true of the part that has data."""
OF_THE_SERVER: Final = {"Calls", "Conflict ratio", "Given up", "Lock wait, p99", "Cache hit ratio", "Pool in use"}
"""What a server says itself, which is scraped on; the probers are gone, the servers are not."""


@pytest.mark.parametrize("name", NAMES)
def test_without_data_no_number_is_shown_and_never_a_zero(blind: Past, name: str) -> None:
    shown = {
        panel["title"]: number(blind, panel, target="payments" if name == "target" else ".*")
        for panel in panels(dashboard(name))
        if panel["type"] == "stat" and panel["title"] not in OVER_THE_RANGE | OF_THE_SERVER
    }
    first = [panel["title"] for panel in panels(dashboard(name))][:6]
    assert first[:5] == ["Prober", "Newest run", "Overdue", "Targets without data", "Suspects itself"]
    assert shown.pop("Prober") == 0.0, "down"
    assert 1140 <= (shown.pop("Newest run") or 0) <= 1260
    assert (shown.pop("Targets without data") or 0) >= 1
    if name == "target":
        assert 2 < (shown.pop("State") or 0) < 3, "stale"
    if name == "state":
        assert (shown.pop("Server"), shown.pop("Breakers open")) == (1.0, 0.0)
    assert set(shown.values()) == {None}


@pytest.mark.parametrize("name", NAMES)
def test_a_number_that_is_missing_is_said_to_be_so_in_grey(name: str) -> None:
    for panel in panels(dashboard(name)):
        if panel["type"] == "stat":
            *_, last = panel["fieldConfig"]["defaults"]["mappings"]
            assert (last["type"], last["options"]["match"]) == ("special", "null+nan"), panel["title"]
            assert last["options"]["result"]["color"] == UNSURE
            assert panel["options"]["reduceOptions"]["calcs"] == ["last"], "not one of an hour ago"


def test_the_table_keeps_how_every_target_stood_and_says_that_it_is_stale(blind: Past, past: Past) -> None:
    before = table(past, "Targets, the worst first")
    states, reasons, failing, probes, oldest, *_, ages = table(blind, "Targets, the worst first")
    expected: dict[tuple[str, ...], Any] = {
        target: pytest.approx(STALE_BASE + STALE_SCALE * state) for target, state in before[0].items()
    }
    # In this past, series that nobody exports end after five minutes: its maintenance before the count of its probes.
    expected[("mail",)] = STALE_BASE
    assert states == expected
    tied = {"payments"}  # as many of its probes fail for one reason as for another
    assert {each for each in reasons if each[1] not in tied} == {each for each in before[1] if each[1] not in tied}
    assert (failing, probes) == (before[2], before[3])
    assert {*oldest} == {*before[4]}
    assert all(780 <= age <= 1200 for age in ages.values())
    assert len(ages) == len(states)


def test_while_data_are_fresh_the_first_row_says_so(past: Past) -> None:
    shown = {panel["title"]: number(past, panel) for panel in panels(dashboard("prober")) if panel["type"] == "stat"}
    assert (shown["Prober"], shown["Targets without data"], shown["Suspects itself"]) == (1.0, 0.0, 0.0)
    assert 0 < (shown["Newest run"] or 0) < 120
    assert {age // 60 for age in table(past, "Targets, the worst first")[8].values()} == {0.0}


def test_a_chart_of_failures_has_no_calm_line_while_nothing_is_known(blind: Past) -> None:
    panel = next(each for each in panels(dashboard("fleet")) if each["title"] == "Probes that do not pass, by reason")
    assert answers(blind, of(panel["targets"][0]["expr"])) == []


def test_a_prober_that_is_gone_stays_in_its_table(blind: Past, past: Past) -> None:
    for now, up in ((past, 1.0), (blind, 0.0)):
        known, *_, states, newest = table(now, "Probers", name="prober")
        assert len(known) == len(states) == len(newest) == 2
        assert {*states.values()} == {up}


def test_the_table_of_a_target_keeps_how_every_probe_ended(blind: Past, past: Past) -> None:
    before = table(past, "Probes, the worst first", name="target")
    after = table(blind, "Probes, the worst first", name="target")
    assert after[0] == {probe: pytest.approx(STALE_BASE + STALE_SCALE * result) for probe, result in before[0].items()}
    assert after[1].keys() == before[1].keys(), "why"
    assert (after[2].keys(), after[3].keys()) == (before[2].keys(), before[3].keys()), "ran, passed"
