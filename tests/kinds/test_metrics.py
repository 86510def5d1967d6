"""`metrics`: a server's own counters, held against what was done to it. Red only where they are sure to be wrong."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason, Verdict
from tests.kinds.offering import ERAS, called, probed
from tests.kinds.own_metrics import Lie, measuring, metrics_probe, response
from tests.peers.ports import closed_port
from tests.peers.protocol import Era
from tests.reference.processes import serving
from tests.reference.redis.server import running

TRUTH: Final = Path(__file__).parents[2] / "probes" / "reference-truth.yaml"

LIES: Final[dict[str, tuple[Lie, str]]] = {
    "conflicts not counted": (Lie(conflicts=False), 'mcp_state_write_conflicts_total{tool="swap"} moved by 0'),
    "a lost write as the caller's mistake": (
        Lie(lost="rejected"),
        'mcp_state_writes_total{tool="swap",outcome="conflict"} moved by 0',
    ),
    "a lost write as a success": (Lie(lost="ok"), 'outcome="conflict"} moved by 0, and what was done moves it by 3'),
    "writes not counted": (Lie(written=None), 'mcp_state_writes_total{tool="add",outcome="ok"} moved by 0'),
    "waits not counted": (Lie(waits=False), 'mcp_state_lock_wait_seconds_count{tool="lock"} moved by 0'),
    "waits too short": (Lie(waited=0.01), 'mcp_state_lock_wait_seconds_sum{tool="lock"} moved by 0.02'),
    "errors as successes": (Lie(errors="ok"), 'mcp_tool_calls_total{tool_name="lock",status="error"} moved by 0'),
    "calls not counted": (Lie(calls=False), 'mcp_tool_calls_total{tool_name="add",status="ok"} moved by 0'),
}


async def held(folder: Path, lie: Lie | None = None, *, era: Era = "modern", **changes: Any) -> Outcome:
    async with measuring(lie, era=era) as (peer, page):
        return await probed(peer, metrics_probe(page, **changes), folder, target={"allow_writes": True})


@pytest.mark.parametrize("era", ERAS)
async def test_counters_that_move_by_what_was_done_pass(era: Era, tmp_path: Path) -> None:
    outcome = await held(tmp_path, era=era)
    assert (outcome.verdict, outcome.message) == (Verdict.PASS, "")


@pytest.mark.clock  # calls have to meet, or none is turned down
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("lie", "message"), LIES.values(), ids=LIES)
async def test_a_counter_that_does_not_move_is_told_by_name(lie: Lie, message: str, era: Era, tmp_path: Path) -> None:
    outcome = await held(tmp_path, lie, era=era)
    assert (outcome.reason, outcome.step) == (Reason.METRICS_UNTRUE, "metrics")
    assert message in outcome.message
    assert all(each.keyword and each.expected and each.seen for each in outcome.evidence)


async def test_a_page_that_is_behind_has_time_to_catch_up(tmp_path: Path) -> None:
    assert (await held(tmp_path, Lie(late=0.4), settle="3s")).verdict is Verdict.PASS


async def test_other_callers_move_the_counters_too_and_nobody_minds(tmp_path: Path) -> None:
    async with measuring() as (peer, page):

        def answer() -> bytes:
            for _ in range(5):
                page.metrics.conflict_met(tool="swap")
                page.metrics.call_ended(tool_name="swap", status="ok", seconds=1)
            body, content_type = page.metrics.page("")
            return response(200, content_type, body)

        page.answer = answer
        outcome = await probed(peer, metrics_probe(page), tmp_path, target={"allow_writes": True})
    assert outcome.verdict is Verdict.PASS


UNDECIDED: Final[dict[str, tuple[bytes | None, str]]] = {
    "not found": (response(404, "text/plain", b"no"), "cannot be read: not_found, HTTP 404"),
    "elsewhere": (b"HTTP/1.1 302 X\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n", "redirected"),
    "a web page": (response(200, "text/html", b"<p>hello {</p>"), "is no page of metrics"),
    "no HTTP": (b"220 mail ready\r\n", "cannot be read: not_http"),
    "silence": (b"", "did not come in time"),
}


@pytest.mark.parametrize(("answer", "message"), UNDECIDED.values(), ids=UNDECIDED)
async def test_a_page_that_cannot_be_read_proves_nothing(answer: bytes, message: str, tmp_path: Path) -> None:
    async with measuring() as (peer, page):
        page.answer = lambda: answer
        probe = metrics_probe(page, timeout="2s")
        outcome = await probed(peer, probe, tmp_path, target={"allow_writes": True})
    assert outcome.reason is Reason.UNDECIDED
    assert message in outcome.message
    assert called(peer) == []


async def test_a_page_that_nobody_serves_proves_nothing(tmp_path: Path) -> None:
    with closed_port() as port:
        outcome = await held(tmp_path, metrics_url=f"http://127.0.0.1:{port}/metrics")
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.UNDECIDED)
    assert "connect_refused" in outcome.message


async def test_counters_that_begin_anew_are_of_another_process_and_prove_nothing(tmp_path: Path) -> None:
    outcome = await held(tmp_path, Lie(starts_again=True))
    assert outcome.reason is Reason.UNDECIDED
    assert "is not what it was: the server started again" in outcome.message


async def test_calls_that_the_page_does_not_count_may_be_those_of_another_process(tmp_path: Path) -> None:
    outcome = await held(tmp_path, Lie(calls=False), single_process=False)
    assert outcome.reason is Reason.UNDECIDED
    assert "say `single_process: true`" in outcome.message


async def test_a_conflict_that_did_not_happen_is_not_looked_for(tmp_path: Path) -> None:
    outcome = await held(tmp_path, Lie(wins=1000))
    assert (outcome.reason, outcome.step) == (Reason.UNDECIDED, "conflict")
    assert "none of 30 calls of swap was turned down" in outcome.message


async def test_a_conflict_that_is_a_matter_of_luck_is_tried_until_it_happens(tmp_path: Path) -> None:
    outcome = await held(tmp_path, Lie(wins=20))
    assert outcome.verdict is Verdict.PASS


async def test_the_page_is_asked_without_the_targets_credentials(tmp_path: Path) -> None:
    async with measuring() as (peer, page):
        target = {"allow_writes": True, "headers": {"Authorization": "Bearer ${KEY}"}}
        outcome = await probed(peer, metrics_probe(page), tmp_path, target=target, KEY="s3cr3t-value")
    assert outcome.verdict is Verdict.PASS
    assert len(page.asked) >= 2
    assert not any(b"s3cr3t" in request for request in page.asked)


async def test_a_probe_that_may_not_write_calls_nothing(tmp_path: Path) -> None:
    async with measuring() as (peer, page):
        probe = metrics_probe(page, allow_writes=False)
        outcome = await probed(peer, probe, tmp_path)
    assert outcome.reason is Reason.NOT_READ_ONLY
    assert called(peer) == []


async def _shipped(url: str) -> Outcome:
    config = load([TRUTH], environ={})
    [probe], [target] = config.probes.values(), config.targets.values()
    settings = replace(probe.settings, metrics_url=url.replace("/mcp", "/metrics"))
    config = replace(
        config,
        targets={target.name: replace(target, url=url, address=url)},
        probes={probe.name: replace(probe, settings=settings)},
    )
    [outcome] = await run_pass(config, list(config.probes.values()))
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", pytest.param("redis", marks=pytest.mark.external)])
async def test_the_shipped_probe_passes_on_the_reference_server(store: str, tmp_path: Path) -> None:
    with running(tmp_path / "redis") if store == "redis" else nullcontext() as redis:
        options = ("--store", "redis", "--redis-url", redis.url) if redis is not None else ()
        with serving(tmp_path, *options) as server:
            outcome = await _shipped(server.url)
    assert (outcome.verdict, outcome.message) == (Verdict.PASS, "")
