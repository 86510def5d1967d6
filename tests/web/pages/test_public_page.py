"""The page for others over HTTP: what it says, what it keeps to itself, its badges and its feed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser  # type: ignore[import-untyped]
import pytest

from prober.history import HistoryStore
from prober.outcome import Evidence, Reason
from prober.redaction import masked_before, of_ours
from prober.report.untrusted import block
from prober.web import PublicPage
from tests.docs.test_tables import routes
from tests.report.outcomes import HOSTILE_TEXT
from tests.web.pages.asking import ask, read
from tests.web.pages.world import World, history_of, hourly, probe, result, served, small_world, target

PLAIN = PublicPage(host="127.0.0.1", port=0)
SECRETS = ("address-of-ours.internal", "message of the server", "/evidence/pointer", "detail of the evidence")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One is down, one slow, one well, one new; with thirty days behind them."""
    world = World()
    probes = {name: probe(f"{name}-probe", name, interval=60.0) for name in ("down", "slow", "well", "new")}
    teams = {"down": "search", "slow": "search", "well": "billing", "new": ""}
    world.apply_config(
        [
            target(name, address=f"http://{SECRETS[0]}/{name}", labels={"team": team} if team else {})
            for name, team in teams.items()
        ],
        probes.values(),
    )
    evidence = (Evidence(pointer=SECRETS[2], keyword="type", detail=SECRETS[3]),)
    bad = result(probes["down"], reason=Reason.SCHEMA_MISMATCH, message=masked_before(SECRETS[1]), evidence=evidence)
    world.record(bad, result(probes["slow"], reason=Reason.TOO_SLOW), result(probes["well"]))
    past = [
        *hourly(probes["down"], days=30, bad=lambda hour: hour < 3 or 30 < hour < 33),
        *hourly(probes["well"], days=2),
    ]
    with history_of(sorted(past, key=lambda run: run.outcome.started_at), tmp_path / "history.db") as world.history:
        yield world


def note(world: World, text: str, *, incident: int = 0) -> str:
    """An operator's, on one of the incidents in their order on the page; the name of the incident."""
    assert world.history is not None

    async def noted(history: HistoryStore) -> str:
        found = await history.incidents(since=datetime.now(UTC) - timedelta(days=14))
        await history.add_note(found[incident].name, of_ours(text))
        return found[incident].name

    return asyncio.run(noted(world.history))


def test_it_says_how_each_server_stands_in_groups(world: World) -> None:
    with served(world, PublicPage(host="", port=0, group_by="team")) as url:
        page = read(url)
    text = page.text
    assert page.titles[0] == "1 of 4 servers is down · Status"
    assert "1 degraded · 1 no data · 1 operational" in text
    order = [
        text.index(word) for word in ("billing 1 of 1", "search 0 of 2", "down down", "slow slow", "Others 0 of 1")
    ]
    assert order == sorted(order)
    assert "down down wrong answers for 5 s" in text
    assert re.search(r"down : no answer goes on, for 2 h 0 min · began 2 h ago", text)
    assert re.search(r"down : no answer over, took 2 h 0 min · began 32 h ago", text)


def test_only_targets_with_a_label_are_shown_nowhere_else_either(world: World) -> None:
    with served(world, PublicPage(host="", port=0, only=("team", "billing"))) as url:
        whole = "".join(ask(f"{url}{path}").body for path in ("/", "/feed.atom", "/badge.svg"))
        assert ask(f"{url}/badge/well.svg").status == 200
        assert ask(f"{url}/badge/down.svg").status == 404
    assert "well" in whole
    assert not any(f">{name}<" in whole or f"{name}: " in whole for name in ("down", "slow", "new"))


def test_no_address_message_evidence_or_reason_is_in_anything(world: World) -> None:
    with served(world, PublicPage(host="", port=0, group_by="team")) as url:
        paths = ("/", "/feed.atom", "/badge.svg", *(f"/badge/{name}.svg" for name in ("down", "slow", "well", "new")))
        answers = [ask(f"{url}{path}") for path in paths]
    for answer in answers:
        assert answer.status == 200
        for kept in (*SECRETS, "down-probe", *(reason.value for reason in Reason if "_" in reason.value)):
            assert kept not in answer.body, kept


def test_nothing_else_is_served_there(world: World) -> None:
    """Every endpoint of the operator's listener, and a few that nobody serves."""
    paths = {re.sub(r"\{\w+\}", "well", route.path) for route in routes()} - {"/", "/badge/well.svg"}
    with served(world, PLAIN) as url:
        for path in sorted(paths | {"/incidents", "/api/v1/incidents", "/static/script.js", "/..%2fapp.py"}):
            answer = ask(f"{url}{path}")
            assert answer.status == 404, path
            assert "traceback" not in answer.body.lower()
        scripts = [each for each in read(f"{url}/").links if "script" in each]
        assert scripts == []


def test_it_runs_no_script_and_loads_nothing_of_others(world: World) -> None:
    with served(world, PLAIN) as url:
        answer = ask(url)
        sheets = re.findall(r'<link rel="stylesheet" href="\.(/static/[^"]+)"', answer.body)
        assert len(sheets) == 2
        for sheet in sheets:
            assert ask(f"{url}{sheet}").headers["Content-Type"].startswith("text/css")
        script = re.search(r"/static/script\.\w+\.js", ask_private(world))
        assert script is not None
        assert ask(f"{url}{script[0]}").status == 404
    assert answer.page.tags["script"] == 0
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def ask_private(world: World) -> str:
    with served(world) as url:
        return ask(url).body


def test_notes_are_shown_as_text_the_latest_first(world: World) -> None:
    hostile = block(HOSTILE_TEXT)
    note(world, "We look into it.")
    note(world, hostile)
    name = note(world, "It was a deployment.", incident=1)
    with served(world, PLAIN) as url:
        answer = ask(url)
        feed = feedparser.parse(ask(f"{url}/feed.atom").body)
    text = answer.page.text
    assert text.index("<tag>") < text.index("We look into it.") < text.index("It was a deployment.")
    assert f'id="incident-{name}"' in answer.body
    assert not feed.bozo
    over, goes_on = sorted(feed.entries, key=lambda each: each.published)
    assert over.id == f"urn:uuid:{name}"
    assert "It was a deployment." in over.content[0].value
    assert "<tag>" in goes_on.content[0].value
    assert goes_on.content[0].type == "text/plain"


def test_a_feed_reader_finds_incidents_with_ids_that_outlive_the_daemon(world: World) -> None:
    def parsed(world: World) -> feedparser.FeedParserDict:
        with served(world, PLAIN) as url:
            answer = ask(f"{url}/feed.atom")
        assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = feedparser.parse(answer.body.replace(url, "http://status.example"))
        assert not feed.bozo
        assert feed.version == "atom10"
        return feed

    first = parsed(world)
    assert [each.title for each in first.entries] == ["down: no answer", "down: no answer (over)"]
    assert first.feed.id.startswith("urn:uuid:")
    assert first.feed.links[0].href == "http://status.example/feed.atom"
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", each.id) for each in first.entries)
    assert all(each.updated.endswith("Z") and each.published.endswith("Z") for each in first.entries)
    assert all(each.link.startswith("http://status.example/#incident-") for each in first.entries)
    assert first.feed.updated == max(each.updated for each in first.entries)
    history = world.history
    assert history is not None
    asyncio.run(history.close())
    with ExitStack() as stack:
        world.history = HistoryStore.open(history._path)
        stack.callback(lambda: asyncio.run(world.history.close()) if world.history else None)
        again = parsed(world)
        assert [(each.id, each.updated) for each in again.entries] == [
            (each.id, each.updated) for each in first.entries
        ]
        noted = note(world, "It is over.", incident=1)
        last = parsed(world)
        assert last.entries[0].id == f"urn:uuid:{noted}"
        assert last.entries[0].updated > first.entries[1].updated
        assert last.entries[1].updated == first.entries[0].updated


def test_a_feed_without_an_incident_is_a_feed(tmp_path: Path) -> None:
    world = small_world({"a": None})
    with (
        history_of(hourly(probe("a-probe", "a"), days=1), tmp_path / "h.db") as world.history,
        served(world, PLAIN) as url,
    ):
        feed = feedparser.parse(ask(f"{url}/feed.atom").body)
    assert not feed.bozo
    assert (feed.entries, feed.feed.title) == ([], "Incidents of MCP servers")
    assert feed.feed.updated_parsed is not None


def test_the_markdown_of_a_badge_leads_to_the_badge_and_to_the_page(world: World) -> None:
    with served(world, PLAIN) as url:
        copies = re.findall(r'<pre class="copy">(.*?)</pre>', ask(url).body)
        assert len(copies) == 5
        texts = []
        for copy in copies:
            match = re.fullmatch(r"\[!\[([^\]]+)\]\((.+?)\)\]\((.+?)\)", copy)
            assert match is not None, copy
            _, image, page = match.groups()
            assert page == f"{url}/"
            badge = ask(image)
            assert badge.headers["Content-Type"] == "image/svg+xml"
            texts += re.findall(r"<title>(.*?)</title>", badge.body)
    assert texts == ["servers: 1 down", "down: down", "slow: degraded", "new: no data", "well: operational"]


def test_a_crowd_of_readers_costs_what_one_costs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    history = world.history
    assert history is not None
    real = history.incidents

    async def counted(**given: object) -> object:
        nonlocal asked
        asked += 1
        return await real(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(history, "incidents", counted)
    with served(world, PLAIN) as url:
        first = ask(url)
        for path in ("/", "/?page=7", "/?page=8", "/feed.atom", "/badge.svg", "/badge/well.svg", "/"):
            assert ask(f"{url}{path}").status == 200
        assert ask(url, **{"If-None-Match": first.headers["ETag"]}).status == 304
        assert ask(f"{url}/?page=9").headers["ETag"] == first.headers["ETag"]
    assert asked == 1
    assert first.headers["Cache-Control"] == "public, max-age=10"


def test_a_large_fleet_has_pages() -> None:
    world = small_world({f"server-{number:03}": None for number in range(250)})
    with served(world, PLAIN) as url:
        first, last = read(url), read(f"{url}/?page=3")
    assert "All 250 servers are operational" in first.text
    assert "Servers 1 to 100 of 250" in first.text
    assert "Servers 201 to 250 of 250" in last.text
    assert [link for link in first.links if "page" in link] == ["?page=2"]


def test_without_history_there_is_no_past_and_no_feed() -> None:
    with served(small_world({"a": None, "b": Reason.TIMEOUT}), PLAIN) as url:
        page, feed = read(url), ask(f"{url}/feed.atom")
    assert "No history is at hand" in page.text
    assert feed.status == 404
    assert "keeps no history" in feed.body


def test_nothing_is_said_to_be_well_where_nothing_is_known(tmp_path: Path) -> None:
    empty, new = World(), small_world({})
    new.apply_config([target("a"), target("b")], [probe("a", "a"), probe("b", "b")])
    starting = small_world({"a": None}, ready=False)
    with history_of([], tmp_path / "h.db") as empty.history:
        for world in (empty, new, starting):
            with served(world, PLAIN) as url:
                answer, badge = ask(url), ask(f"{url}/badge.svg")
            assert answer.page.titles[0].startswith("No data")
            assert 'class="hero unknown"' in answer.body
            assert "servers: no data" in badge.body


def test_a_prober_that_doubts_itself_says_so_and_blames_nobody() -> None:
    with served(small_world({"a": Reason.TIMEOUT, "b": None}, suspects=True), PLAIN) as url:
        text = read(url).text
    assert "No certain data at the moment" in text
    assert "No data of 1 of 2 servers" in text
    assert "is down" not in text
    assert "no answer" not in text


def test_an_incident_of_a_probe_that_is_gone_is_over(world: World) -> None:
    world.apply_config([target("down")], [probe("another", "down")])
    with served(world, PLAIN) as url:
        text = read(url).text
    assert "goes on" not in text
    assert text.count("down : no answer over") == 2


def test_history_that_gives_no_answer_is_left_out(world: World) -> None:
    assert world.history is not None
    asyncio.run(world.history.close())
    with served(world, PLAIN) as url:
        assert "No history is at hand" in read(url).text
        assert ask(f"{url}/feed.atom").status == 503
