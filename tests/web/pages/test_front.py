"""The front page: the sentence at the top, the order of targets, what is told of each, and what is asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prober.config.model import Window
from prober.outcome import Reason
from prober.web.pages.formatting import clock
from prober.web.pages.list_query import PAGE_SIZE
from tests.web.pages.asking import ask, read
from tests.web.pages.world import World, aged, history_of, hourly, probe, result, served, small_world, target

F, U = Reason.CONNECT_REFUSED, Reason.UNDECIDED


@pytest.mark.parametrize(
    ("reasons", "headline", "details"),
    [
        ([None, None, None], "All 3 targets pass", "3 probes"),
        ([None], "The target passes", "1 probe"),
        ([F, None, None], "1 of 3 targets fails", "1 of 3 probes fails"),
        ([F, F, None], "2 of 3 targets fail", "2 of 3 probes fail"),
        ([F, F], "All 2 targets fail", "2 of 2 probes fail"),
        ([F], "The target fails", "1 of 1 probe fails"),
        ([F, U, None], "1 of 3 targets fails", "1 of 3 probes fails · 1 target unknown"),
        ([U, None], "1 of 2 targets is unknown", "2 probes"),
        ([U, U, None], "2 of 3 targets are unknown", "3 probes"),
    ],
)
def test_the_verdict_on_everything_is_one_sentence(reasons: list[Reason | None], headline: str, details: str) -> None:
    with served(small_world({f"t{n}": reason for n, reason in enumerate(reasons)})) as url:
        page = read(url)
    assert f"{headline} {details}" in page.text
    assert page.titles[0] == f"{headline} · mcp-prober"


def test_an_empty_configuration_has_a_page_that_says_what_to_do() -> None:
    with served(World()) as url:
        page = read(url)
    assert "Nothing is probed" in page.text
    assert "mcp-prober init URL" in page.text


def test_probes_that_have_not_run_yet_are_unknown_and_said_to_be_waited_for() -> None:
    world = World()
    world.apply_config([target("a"), target("b")], [probe("pa", "a"), probe("pb", "b")])
    with served(world) as url:
        assert "No target has been probed yet" in read(url).text
        assert "not run yet" in read(url).text
        assert "has not run yet" in read(f"{url}/targets/a").text


def test_targets_come_worst_first_and_the_latest_trouble_before_older() -> None:
    world = small_world({"good": None, "older": F, "odd": U, "newer": F, "also-good": None})
    world.apply_config([*(t.target for t in world.statuses.targets())], [s.probe for s in world.statuses.probes()])
    world.record(result(probe("older-probe", "older")))
    world.record(aged(result(probe("older-probe", "older"), reason=F), by=600))
    with served(world) as url:
        body = ask(url).body
    names = re.findall(r'id="target-([^"]+)"', body)
    assert names == ["newer", "older", "odd", "also-good", "good"]


def test_a_failure_is_told_with_step_reason_message_and_since_when() -> None:
    world = small_world({"a": None})
    world.record(result(probe("a-probe", "a"), ago=725, reason=F, step="initialize", message="Connection refused"))
    with served(world) as url:
        answer = ask(url)
    began = world.statuses.probe("a-probe").stands_since
    assert began is not None
    told = f"a-probe connect_refused at initialize for 12 min , since {clock(began, datetime.now(UTC))} Exchange"
    assert f"{told} Connection refused" in answer.page.text
    assert re.search(r'<time datetime="[\d:T+-]+" title="[\d :-]+ UTC">for 12 min</time>', answer.body)


def test_more_failing_probes_than_fit_are_counted() -> None:
    world = World()
    probes = [probe(f"p{n}", "a") for n in range(7)]
    world.apply_config([target("a")], probes)
    world.record(*(result(each, reason=F, message=f"port {n}") for n, each in enumerate(probes)))
    with served(world) as url:
        assert "and 4 more" in read(url).text


def test_probes_that_fail_alike_are_one_complaint_with_the_next_step() -> None:
    world = World()
    probes = [probe(f"p{n}", "a") for n in range(7)]
    world.apply_config([target("a")], probes)
    world.record(*(result(each, reason=F, message="Connection refused") for each in probes))
    with served(world) as url:
        text = read(url).text
    assert text.count("Connection refused") == 1
    assert "p0 and 6 more connect_refused" in text
    assert "Next Start the server, or correct host and port in url ." in text


def test_a_late_probe_is_marked_with_how_late_it_is() -> None:
    world = World()
    probes = [probe("slow", "a", interval=30.0), probe("nightly", "b", cron="0 3 * * *", interval=30.0)]
    world.apply_config([target("a"), target("b")], probes)
    world.record(*(result(each, ago=300) for each in probes))
    with served(world) as url:
        page = read(url)
    assert "late: last run 5 min ago, due every 30 s" in page.text
    assert page.text.count("late:") == 1, "nobody here knows when a cron expression was due"
    assert "1 target with late runs" in page.text


def test_maintenance_is_marked_and_excuses() -> None:
    world = World(maintained=frozenset({"pa"}))
    windowed = (Window(cron="* * * * *", duration=60.0),)
    world.apply_config([target("a", maintenance=windowed), target("b")], [probe("pa", "a"), probe("pb", "b")])
    world.record(result(probe("pa", "a"), reason=F, maintenance=True), result(probe("pb", "b"), reason=F, ago=900))
    with served(world) as url:
        answer = ask(url)
    assert "1 of 2 targets fails 1 of 2 probes fails · 1 target in maintenance" in answer.page.text
    assert re.findall(r'id="target-([^"]+)"', answer.body) == ["b", "a"], "what is excused comes after what is not"


STANDINGS = {
    "a failure in an open window": ([(F, "open")], "In maintenance 1", "The target is in maintenance"),
    "a failure of a window that is over, until the next run": ([(F, "over")], "In maintenance 1", None),
    "a failure outside of the window of another probe": ([(F, ""), (None, "open")], "Failing 1", "The target fails"),
    "a failure inside and one outside": ([(F, "open"), (F, "")], "Failing 1", "The target fails"),
    "what passes while the window is open for all of it": ([(None, "open"), (None, "open")], "In maintenance 1", None),
    "what passes while it is open for a part": ([(None, "open"), (None, "")], "Passing 1", "The target passes"),
    "what cannot be told in a window": ([(U, "open")], "In maintenance 1", None),
}


@pytest.mark.parametrize(("probes", "group", "headline"), STANDINGS.values(), ids=STANDINGS)
def test_a_target_is_listed_in_maintenance_where_its_trouble_is_expected(
    probes: list[tuple[Reason | None, str]], group: str, headline: str | None
) -> None:
    made = [probe(f"p{number}", "a") for number in range(len(probes))]
    world = World(
        maintained=frozenset(each.name for each, (_, window) in zip(made, probes, strict=True) if window == "open")
    )
    world.apply_config([target("a")], made)
    for each, (reason, window) in zip(made, probes, strict=True):
        world.record(result(each, reason=reason, maintenance=window == "over"))
    with served(world) as url:
        text = read(url).text
    assert group in text.split("Find ")[1]
    assert headline is None or headline in text


def test_what_is_in_maintenance_makes_nothing_green_and_can_be_chosen() -> None:
    world = small_world({"a": F, "b": None, "c": None}, maintained=frozenset({"a-probe"}))
    with served(world) as url:
        assert "2 of 3 targets pass 3 probes · 1 target in maintenance" in read(url).text
        chosen = ask(f"{url}/?verdict=maintenance")
        assert re.findall(r'id="target-([^"]+)"', chosen.body) == ["a"]
        world.maintained |= {"b-probe", "c-probe"}
        answer = ask(url)
    assert "All 3 targets are in maintenance" in answer.page.text
    assert 'class="hero unknown"' in answer.body


def test_response_times_are_drawn_by_the_minute_until_two_hours_are_known() -> None:
    world, each = World(), probe("p", "a")
    world.apply_config([target("a")], [each])
    world.record(result(each, ago=70, took=0.02))
    with served(world) as url:
        assert "Response time: 20 ms" in read(url).text
        assert "Response time 20 ms" in read(f"{url}/targets/a").text
        world.record(result(each, ago=5, took=0.04))
        for path in ("/", "/targets/a"):
            assert 'aria-label="Response time by the minute: 20 ms to 40 ms, last 40 ms"' in ask(url + path).body


def test_the_probers_doubt_of_itself_is_a_banner() -> None:
    world = small_world({"a": F})
    with served(world) as url:
        assert "doubts itself" not in read(url).text
        world.suspects = True
        assert "The prober doubts itself" in read(url).text


def test_without_history_the_page_is_whole_and_says_so() -> None:
    with served(small_world({"a": F, "b": None})) as url:
        page = read(url)
    assert "No history is at hand" in page.text
    assert "90 days" not in page.text


def test_history_gives_days_response_times_and_uptime(tmp_path: Path) -> None:
    runs = list(hourly(probe("a-probe", "a"), days=4, bad=lambda hour: hour == 30))
    world = small_world({"a": None, "new": None})
    with history_of(runs, tmp_path / "history.db") as world.history, served(world) as url:
        answer = ask(url)
    assert re.search(r'aria-label="Last 90 days, [45] with runs: failures on 1 day', answer.body)
    assert "Response time by the hour: 2" in answer.body
    assert "Uptime of 30 days: 98.9 %" in answer.page.text
    assert "No uptime yet" in answer.page.text, "a target that history has not heard of has none"


def test_history_that_cannot_be_read_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    world = small_world({"a": None})
    with history_of([], path) as world.history:
        path.write_bytes(b"not a database" * 1000)
        with served(world) as url:
            assert "No history is at hand" in read(url).text
            assert "No history is at hand" in read(f"{url}/targets/a").text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["bad-mail", "odd-mail", "good-mail", "good-news"]),
        ("?verdict=fail", ["bad-mail"]),
        ("?verdict=unknown", ["odd-mail"]),
        ("?verdict=pass", ["good-mail", "good-news"]),
        ("?verdict=sideways", ["bad-mail", "odd-mail", "good-mail", "good-news"]),
        ("?q=NEWS", ["good-news"]),
        ("?q=mail.example", ["bad-mail", "odd-mail", "good-mail"]),
        ("?q=good-mail-probe", ["good-mail"]),
        ("?q=mail&verdict=pass", ["good-mail"]),
        ("?q=%3Cscript%3E", []),
        ("?page=99", ["bad-mail", "odd-mail", "good-mail", "good-news"]),
        ("?page=-1&page=x", ["bad-mail", "odd-mail", "good-mail", "good-news"]),
    ],
)
def test_the_query_chooses_what_is_shown_and_never_the_headline(query: str, shown: list[str]) -> None:
    world = small_world({"good-mail": None, "good-news": None, "bad-mail": F, "odd-mail": U})
    with served(world) as url:
        answer = ask(f"{url}/{query}")
    assert re.findall(r'id="target-([^"]+)"', answer.body) == shown
    assert "1 of 4 targets fails" in answer.page.text


def test_many_targets_come_page_by_page() -> None:
    count = PAGE_SIZE * 2 + 20
    reasons: dict[str, Reason | None] = {f"t{n:03}": None for n in range(count)}
    with served(small_world(reasons | {"t060": F})) as url:
        first, last = ask(url), ask(f"{url}/?page=3")
    names = re.findall(r'id="target-([^"]+)"', first.body)
    assert (len(names), names[0]) == (PAGE_SIZE, "t060")
    assert f"Targets 1 to {PAGE_SIZE} of {count}" in first.page.text
    assert re.findall(r'rel="(next|prev)" href="([^"]+)"', first.body) == [("next", "?page=2")]
    assert len(re.findall(r'id="target-', last.body)) == 20
    assert re.findall(r'rel="(next|prev)" href="([^"]+)"', last.body) == [("prev", "?page=2")]


def _partly_disabled() -> World:
    """A target that passes, with a probe that is disabled, and a target that is disabled as a whole."""
    world = World()
    probes = [probe("pa", "a"), probe("pb", "a", enabled=False), probe("po", "off", enabled=False, tags=("slow",))]
    world.apply_config([target("a"), target("off")], probes)
    world.record(result(probes[0]))
    return world


def test_what_is_disabled_is_behind_the_rest_counted_apart_and_never_passing() -> None:
    with served(_partly_disabled()) as url:
        page = read(url)
        assert "The target passes 1 probe · 1 target disabled" in page.text
        assert "1 probe and 1 disabled, ran" in page.text
        assert page.text.index("Passing 1") < page.text.index("Disabled") < page.text.index("off 1 probe, not run")
        assert "off" not in read(f"{url}/?verdict=pass").text.split("Passing 1")[-1]
        assert "off 1 probe, not run" in read(f"{url}/?q=slow").text  # found by its tag
        assert "off 1 probe, not run" not in read(f"{url}/?q=pa").text


def test_where_everything_is_disabled_nothing_is_probed() -> None:
    world = World()
    world.apply_config([target("off")], [probe("po", "off", enabled=False)])
    with served(world) as url:
        page = read(url)
    assert "Nothing is probed" in page.text
    assert "mcp-prober init" not in page.text
    assert "pass" not in page.text.lower().split("nothing is probed")[1].split("disabled")[0]


def labelled() -> World:
    """Two teams; a target of one of them fails."""
    world = World()
    teams = {"a": "search", "b": "search", "c": "billing"}
    world.apply_config(
        [replace(target(name), labels={"team": team}) for name, team in teams.items()],
        [probe(f"{name}-probe", name) for name in teams],
    )
    for name in teams:
        world.record(result(probe(f"{name}-probe", name), reason=F if name == "b" else None))
    return world


def test_targets_are_listed_by_label_and_each_label_says_how_many_of_its_targets_fail() -> None:
    with served(labelled()) as url:
        everything, chosen = read(url), ask(f"{url}/?label=team%3Asearch&verdict=fail").body
        found, nothing = read(f"{url}/?q=billing"), read(f"{url}/?label=team%3Anobody").text
    assert "team:search 1 fail" in everything.text
    assert "team:billing 1" in everything.text
    assert re.findall(r'id="target-([^"]+)"', chosen) == ["b"]
    assert 'href="./?label=team%3Asearch&amp;verdict=pass"' in chosen  # the label stays while verdicts are looked at
    assert 'href="./?verdict=fail" aria-current="true"' in chosen  # and its own link leads back to all
    assert '<input type="hidden" name="label" value="team:search">' in chosen
    assert "c" in found.text
    assert "No target matches" in nothing
