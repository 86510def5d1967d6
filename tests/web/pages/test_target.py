"""The page of one target: who it is, what is wrong with it and the proof of that, its probes, its past."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prober.client.stdio.kept_processes import Cause, Ended
from prober.outcome import Evidence, Phase, Reason, ServerInfo
from prober.redaction import masked_before
from prober.web.pages.list_query import PAGE_SIZE
from tests.report.outcomes import HOSTILE, HOSTILE_TEXT
from tests.web.pages.asking import ask, read
from tests.web.pages.markup import Page
from tests.web.pages.world import BAD, World, history_of, probe, result, served, target

_CLOCK = r"(?:\d\d? [A-Z][a-z][a-z] )?\d\d:\d\d(?::\d\d)? UTC"
MODERN = ServerInfo(era="modern", protocol_version="2026-07-28", name="reference", version="1.4.0")
_HOSTILE = f"<script>alert(1)</script><img src=x onerror=alert(1)> \"' {HOSTILE_TEXT}" + "A" * 10_000


def _world(**rest: Any) -> World:
    """One target, `a`, with one probe, `p`, which has run."""
    world = World()
    world.apply_config([target("a")], [probe("p", "a")])
    world.record(result(probe("p", "a"), **rest))
    return world


def _page(world: World) -> Page:
    with served(world) as url:
        return read(f"{url}/targets/a")


def _above_the_runs(page: Page) -> str:
    return page.text.split(" Last runs ")[0]


def test_it_says_who_answered_and_in_which_era() -> None:
    page = _page(_world(server=MODERN, facts={"tools": 7.0}))
    assert "Server reference 1.4.0 Protocol 2026-07-28 · modern era Transport Streamable HTTP Tools 7" in page.text


def test_what_is_not_known_yet_is_said_to_be_so() -> None:
    assert "Server not known yet Protocol not known yet" in _page(_world()).text


@pytest.mark.parametrize(
    ("days", "text", "alarming"),
    [(40.5, "expires in 40 days", False), (3.5, "expires in 3 days", True), (-1.01, "expired 24 h ago", True)],
)
def test_a_certificate_is_told_by_its_end_and_marked_when_it_is_near(days: float, text: str, alarming: bool) -> None:
    end = (datetime.now(UTC) + timedelta(days=days)).timestamp()
    with served(_world(facts={"certificate_expiry_timestamp_seconds": end})) as url:
        answer = ask(f"{url}/targets/a")
    assert f"Certificate {text}" in answer.page.text
    assert ('class="alarming"' in answer.body) is alarming


@pytest.mark.parametrize(("days", "text", "alarming"), [(3.5, "in 3 days", False), (2.5, "in 2 days", True)])
def test_a_token_that_nothing_renews_is_marked_three_days_before_its_end(
    days: float, text: str, alarming: bool
) -> None:
    end = (datetime.now(UTC) + timedelta(days=days)).timestamp()
    with served(_world(facts={"token_expiry_timestamp_seconds": end})) as url:
        answer = ask(f"{url}/targets/a")
    assert f"Token expires {text}" in answer.page.text
    assert ('class="alarming"' in answer.body) is alarming


@pytest.mark.parametrize(
    ("ends", "text", "alarming"),
    [
        ([], "Process kept for 15 min", False),
        (["aged"], "Process kept for 15 min; ended: 1 aged; last: aged now", False),
        (["aged", "died"], "Process kept for 15 min; ended: 1 died, 1 aged; last: exit 3 now", True),
    ],
)
def test_what_became_of_a_kept_process_is_a_fact(ends: list[str], text: str, alarming: bool) -> None:
    world = World()
    world.apply_config([target("a", transport="stdio", reuse=900.0)], [probe("p", "a")])
    for cause in map(Cause, ends):
        trouble = "exit 3" if cause.of_itself else ""
        world.statuses.process_ended(Ended(target="a", cause=cause, age=9.0, trouble=masked_before(trouble)))
    with served(world) as url:
        answer = ask(f"{url}/targets/a")
    assert text in answer.page.text
    assert ('class="alarming"' in answer.body) is alarming


@pytest.mark.parametrize(
    ("changes", "text"),
    [((0, 0, 0), "Contract as pinned"), ((1, 2, 0), "Contract 1 breaking, 2 additive since it was pinned")],
)
def test_changes_of_the_contract_are_counted(changes: tuple[int, ...], text: str) -> None:
    names = ("breaking", "additive", "cosmetic")
    facts = {f"contract_changes_{name}": float(count) for name, count in zip(names, changes, strict=True)}
    assert text in _page(_world(facts=facts)).text


def test_a_failure_is_shown_with_its_evidence() -> None:
    page = _page(_world(reason=Reason.SCHEMA_MISMATCH, **BAD))
    assert "What is wrong now schema_mismatch at tools/call" in page.text
    assert "its probe fails" in page.text
    assert "/completedSteps: type: expected array, seen null detail {…}" in page.text


def test_evidence_that_the_message_lacks_has_a_line_each() -> None:
    evidence = (
        Evidence(pointer="/steps/3", keyword="enum", expected="done", seen="null", http_status=200, rpc_code=-32603),
    )
    page = _page(_world(reason=Reason.SCHEMA_MISMATCH, message="not what it should be", evidence=evidence))
    assert "at /steps/3 (enum) expected done seen null answer HTTP 200, JSON-RPC error -32603" in page.text


def test_a_probe_is_told_with_phases_interval_and_next_run() -> None:
    phases = {Phase.WAIT: 0.03, Phase.CONNECT: 0.01}
    with served(_world(took=0.041, phases=phases)) as url:
        answer = ask(f"{url}/targets/a")
    assert "p handshake pass" in answer.page.text
    assert re.search(rf"\d s ago {_CLOCK} 41 ms 1 min in 2\d s {_CLOCK} Run now", answer.page.text)
    assert 'aria-label="connect 10 ms, wait 30 ms"' in answer.body


def test_a_probe_that_has_never_run_has_no_times() -> None:
    world = World(started_at=datetime.now(UTC), next_due=lambda _: None)
    world.apply_config([target("a")], [probe("p", "a")])
    page = _page(world)
    assert "p handshake unknown has not run yet never {0} {0} 1 min {0}".format("\N{EN DASH}") in page.text
    assert "late" not in page.text


def test_one_that_should_have_run_by_now_is_late() -> None:
    world = World()
    world.apply_config([target("a")], [probe("p", "a")])
    assert "late: due every 1 min, has not run yet" in _page(world).text


def test_maintenance_and_skipped_runs_are_told() -> None:
    world = _world(reason=Reason.TIMEOUT, maintenance=True)
    world.record(result(probe("p", "a"), reason=Reason.TIMEOUT, maintenance=True))
    world.statuses.skipped(probe("p", "a"))
    world.maintained = frozenset({"p"})
    page = _page(world)
    assert " · in maintenance" in page.text
    assert "in a row" not in page.text, "in maintenance nothing is counted"
    assert "1 run left out" in page.text


def test_a_race_tells_how_concurrent_it_was_and_what_it_broke() -> None:
    facts = {"race_operations": 200.0, "race_overlap": 8.0, "race_violations_lost_update": 7.0}
    page = _page(_world(reason=Reason.LOST_UPDATE, facts=facts))
    assert "200 operations, up to 8 at once, 7 lost_update" in page.text


def test_warnings_are_told_of_runs_that_pass() -> None:
    page = _page(_world(warnings=("612 ms, more than the 500 ms of latency.warn",)))
    assert "Warnings p: 612 ms, more than the 500 ms of latency.warn" in page.text


def test_earlier_failures_come_from_history_without_the_present_one(tmp_path: Path) -> None:
    each = probe("p", "a")
    earlier = result(
        each,
        ago=7200,
        reason=Reason.RPC_ERROR,
        step="tools/call",
        message="Internal error",
        evidence=(Evidence(detail="KeyError"),),
    )
    now = result(each, reason=Reason.TIMEOUT, message="deadline passed")
    world = World()
    world.apply_config([target("a")], [each])
    world.record(earlier, now)
    with history_of([earlier, now], tmp_path / "history.db") as world.history:
        page = _page(world)
    assert re.search(rf"Earlier failures rpc_error at tools/call p, 2 h ago , {_CLOCK} Internal error", page.text)
    assert "KeyError" in page.text
    assert _above_the_runs(page).count("deadline passed") == 1


def test_earlier_failures_that_are_alike_are_one(tmp_path: Path) -> None:
    each, other = probe("p", "a"), probe("q", "a")
    runs = [result(each, ago=ago * 3600, reason=Reason.RPC_ERROR, message=f"no {ago}") for ago in (9, 7, 5)]
    runs += [result(other, ago=6 * 3600, reason=Reason.RPC_ERROR), result(each, ago=8 * 3600, reason=Reason.TIMEOUT)]
    world = World()
    world.apply_config([target("a")], [each, other])
    with history_of(sorted(runs, key=lambda run: run.outcome.started_at), tmp_path / "h.db") as world.history:
        page = _page(world)
    told = rf"rpc_error p, 5 h ago , {_CLOCK} , 3 runs, the first 9 h ago no 5 Next Read the error"
    assert re.search(told, page.text)
    assert "rpc_error q, 6 h ago" in page.text
    assert "timeout p, 8 h ago" in page.text
    assert page.tags["details"] == 3


def test_what_belongs_to_the_present_trouble_is_not_told_again(tmp_path: Path) -> None:
    each = probe("p", "a")
    runs = [result(each, ago=ago, reason=Reason.TIMEOUT) for ago in (90, 60, 30)]
    world = World()
    world.apply_config([target("a")], [each])
    world.record(*runs)
    with history_of(runs, tmp_path / "history.db") as world.history:
        page = _page(world)
    assert "3 failures in a row" in page.text
    assert "The 3 latest failed runs all belong to the present failures" in page.text


def test_history_without_failures_says_so(tmp_path: Path) -> None:
    world = _world()
    with history_of([], tmp_path / "history.db") as world.history:
        assert "History holds none" in _page(world).text


def test_many_probes_come_page_by_page_worst_first() -> None:
    world = World()
    probes = [probe(f"p{n:03}", "a") for n in range(PAGE_SIZE + 10)]
    world.apply_config([target("a")], probes)
    world.record(*(result(each, reason=Reason.TIMEOUT if each.name == "p055" else None) for each in probes))
    with served(world) as url:
        first, second = ask(f"{url}/targets/a"), ask(f"{url}/targets/a?page=2")
    names = re.findall(r'role="rowheader">(p\d+)', first.body)
    assert (len(names), names[0]) == (PAGE_SIZE, "p055")
    assert len(re.findall(r'role="rowheader">p', second.body)) == 10
    assert "Probes 51 to 60 of 60" in second.page.text


@pytest.mark.parametrize("name", ["nobody", "%3Cscript%3E", "x" * 3000])
def test_an_unknown_target_is_not_found(name: str) -> None:
    with served(_world()) as url:
        answer = ask(f"{url}/targets/{name}")
    assert answer.status == 404
    assert "No such target" in answer.page.text
    assert len(answer.body) < 10_000


def test_hostile_text_is_shown_as_text_cut_and_without_its_tricks(tmp_path: Path) -> None:
    evidence = (Evidence(pointer=_HOSTILE, keyword=_HOSTILE, seen=_HOSTILE, expected=_HOSTILE, detail=_HOSTILE),) * 50
    server = ServerInfo(era="modern", protocol_version=_HOSTILE, name=_HOSTILE, version=_HOSTILE)
    bad = result(
        probe("p", "a"),
        reason=Reason.TOOL_ERROR,
        step=_HOSTILE,
        message=_HOSTILE,
        evidence=evidence,
        server=server,
        warnings=(_HOSTILE,) * 50,
    )
    older = result(probe("p", "a"), ago=90, reason=HOSTILE.reason, message=_HOSTILE, evidence=HOSTILE.evidence)
    world = World(location=_HOSTILE)
    world.apply_config([target("a", address=_HOSTILE)], [probe("p", "a")])
    world.record(older, bad)
    with history_of([older, bad], tmp_path / "history.db") as world.history, served(world) as url:
        answers = [ask(url), ask(f"{url}/targets/a")]
    for answer in answers:
        assert answer.page.tags["script"] == 1
        assert answer.page.tags["img"] <= 2
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f\x7f-\x9f]", answer.body)
        assert "<script>alert" not in answer.body
        assert "<script>alert(1)</script>" in answer.page.text
    assert len(answers[0].body) < 20_000
    assert len(answers[1].body) < 400_000


def test_a_disabled_probe_is_named_below_those_that_run() -> None:
    world = World()
    world.apply_config([target("a", tags=("eu", "prod"))], [probe("p", "a"), probe("q", "a", enabled=False)])
    world.record(result(probe("p", "a")))
    page = _page(world)
    assert "its probe passes" in page.text
    assert "Disabled disabled q handshake" in page.text
    assert "Tags eu, prod" in page.text


def test_a_target_that_is_disabled_says_so_and_has_no_verdict() -> None:
    world = World()
    world.apply_config([target("a", enabled=False)], [probe("p", "a", enabled=False)])
    with served(world) as url:
        page, badge = read(f"{url}/targets/a"), ask(f"{url}/badge/a.svg")
    assert page.titles[0].startswith("disabled: a")
    assert "pass" not in page.text
    assert "not probed yet" not in page.text
    assert "a: disabled" in badge.body


def test_probes_that_fail_alike_are_one_incident_with_all_their_names() -> None:
    world = World()
    probes = [probe(f"p{n}", "a") for n in range(3)]
    world.apply_config([target("a")], probes)
    for run in range(2):
        world.record(*(result(each, ago=60 - run, reason=Reason.TIMEOUT, message="too late") for each in probes))
    world.record(result(probes[2], ago=1, reason=Reason.RPC_ERROR))
    page = _page(world)
    assert "timeout 2 probes : p0, p1 · for " in page.text
    assert _above_the_runs(page).count("too late") == 1
    assert page.tags["article"] == 2


def test_an_incident_says_what_to_do_and_text_of_a_server_in_it_is_only_text() -> None:
    redirected = Evidence(remedy="https://`<b>evil</b>`.example/")
    page = _page(_world(reason=Reason.REDIRECTED, message="HTTP 302", evidence=(redirected,)))
    assert "Next If the address is the server's own, write it: url: https:// <b>evil</b> .example/ ." in page.text
    assert page.tags["b"] == 0


def test_the_clients_that_a_probe_looks_at_are_told_with_what_keeps_them_from_using_the_tools() -> None:
    facts = {"tools": 7.0, "tools_bytes": 4001.0, "client_usable_openai": 0.0, "client_errors_openai": 2.0}
    facts |= {"client_warnings_openai": 1.0, "client_usable_claude_code": 1.0, "client_warnings_claude_code": 3.0}
    page = _page(_world(facts=facts | {"client_usable_cursor": 1.0}))
    assert "Tools 7, about 1,001 tokens" in page.text
    told = "Clients pass Claude Code 3 warnings fail OpenAI API 2 errors, 1 warning pass Cursor can use all tools"
    assert told in page.text


def test_a_target_whose_clients_nobody_looks_at_has_no_list_of_them() -> None:
    assert "Clients" not in _page(_world(facts={"tools": 7.0, "tools_bytes": 8.0})).text
