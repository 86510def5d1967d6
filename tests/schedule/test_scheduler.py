"""Runs of a schedule, against a peer that really answers."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from prober.assertions.judge import Judge
from prober.config.model import Probe
from prober.engine import run_probe
from prober.loop_lag import LoopLag
from prober.outcome import Reason, Verdict
from prober.schedule import Scheduler, Shard
from prober.scheduled_run import ScheduledRun
from tests.kinds.offering import document, gives, offering, tool
from tests.peers.protocol import Message
from tests.schedule.ledger import BOUND, Ledger, fleet, loaded, scheduling, until

FAST: Final[dict[str, Any]] = {"kind": "call", "tool": "count", "interval": "200ms", "timeout": "200ms"}
FORGIVING: Final[dict[str, Any]] = {"kind": "call", "tool": "count", "interval": "1s", "timeout": "1s"}


class Gate:
    """A tool that answers when it is let."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.called = asyncio.Event()
        self.inside = self.most = 0

    async def answer(self, arguments: Message) -> Message:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.called.set()
        async with asyncio.timeout(BOUND):
            await self.opened.wait()
        self.inside -= 1
        return {"content": []}


async def test_probes_run_when_they_are_due_and_every_sink_is_told(tmp_path: Path) -> None:
    ledger = Ledger()
    async with offering(tool("count", gives({"count": 3}))) as peer:
        config = loaded(document(peer, FORGIVING | {"interval": "1s"}), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            due = scheduler.next_due("p0")
            results = await ledger.runs("p0", 2)
    assert results[0].due == due
    assert results[1].due > results[0].due
    assert (results[1].due - results[0].due) % timedelta(seconds=1) == timedelta(0)
    for result in results:
        assert result.outcome.verdict is Verdict.PASS
        assert 0 <= result.start_lag_seconds == (result.outcome.started_at - result.due).total_seconds()
        assert not result.maintenance


async def test_a_restart_moves_nothing(tmp_path: Path) -> None:
    config = fleet(20)
    dues = []
    for _ in range(2):
        async with scheduling(config, Ledger()) as scheduler:
            dues.append({name: scheduler.next_due(name) for name in scheduler.probes})
    changed = [name for name in config.probes if dues[0][name] != dues[1][name]]
    for name in changed:  # its time came between the two starts
        assert dues[1][name] - dues[0][name] == timedelta(seconds=60)  # type: ignore[operator]
    assert len(changed) < 10


async def test_a_run_that_is_due_while_the_one_before_goes_on_is_left_out_and_told(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gate.answer)) as peer:
        slow = FORGIVING | {"interval": "5s", "timeout": "5s"}
        config = loaded(document(peer, slow, concurrency=5), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            first = datetime.now(UTC)
            scheduler.due("p0", first)
            scheduler.due("p0", first + timedelta(seconds=1))
            async with asyncio.timeout(BOUND):
                await gate.called.wait()
            scheduler.due("p0", first + timedelta(seconds=2))
            assert scheduler.running == 1
            gate.opened.set()
            await ledger.runs("p0", 1)
    assert ledger.left_out[:2] == ["p0", "p0"]
    assert gate.most == 1


async def test_of_a_target_no_more_probes_run_at_once_than_it_allows(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gate.answer)) as peer:
        config = loaded(document(peer, *[FORGIVING | {"interval": "1m", "timeout": "10s"}] * 5), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            for name in scheduler.probes:
                scheduler.due(name, datetime.now(UTC))
            await until(lambda: gate.inside == 2 and scheduler.waiting == 3)
            assert (scheduler.running, scheduler.waiting) == (2, 3)
            gate.opened.set()
            await ledger.until(lambda: len(ledger.results) >= 5)
            assert (scheduler.running, scheduler.waiting) == (0, 0)
    assert gate.most == 2
    assert {result.outcome.reason for result in ledger.results} == {None}


async def test_waiting_for_a_turn_is_part_of_the_start_lag(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gate.answer)) as peer:
        config = loaded(document(peer, *[FORGIVING | {"interval": "1m", "timeout": "10s"}] * 2), tmp_path)
        async with scheduling(config, ledger, concurrency=1) as scheduler:
            due = datetime.now(UTC)
            scheduler.due("p0", due)
            scheduler.due("p1", due)
            async with asyncio.timeout(BOUND):
                await gate.called.wait()
            await asyncio.sleep(0.2)
            gate.opened.set()
            await ledger.runs("p1", 1)
    assert ledger.of("p1")[0].start_lag_seconds >= 0.2
    assert gate.most == 1


async def test_a_sink_that_raises_stops_neither_the_others_nor_the_schedule(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def record(self, result: ScheduledRun) -> None:
            raise RuntimeError("a bug in a sink")

        def skipped(self, probe: Probe) -> None:
            raise RuntimeError("another")

    ledger = Ledger()
    async with offering(tool("count", gives({"count": 3}))) as peer, Judge() as judge:
        config = loaded(document(peer, FAST), tmp_path)
        async with Scheduler(judge=judge, sinks=[Broken(), ledger]) as scheduler:
            scheduler.apply_config(config)
            await ledger.runs("p0", 2)
            scheduler.due("p0", datetime.now(UTC))
            scheduler.due("p0", datetime.now(UTC))
            await ledger.until(lambda: "p0" in ledger.left_out)
    assert "Broken failed" in caplog.text


async def test_a_budget_that_is_used_up_is_seen_and_nothing_is_sent(tmp_path: Path) -> None:
    ledger, rare = Ledger(), FORGIVING | {"interval": "1h", "timeout": "10s"}
    async with offering(tool("count", gives({"count": 3}))) as peer:
        config = loaded(document(peer, rare, budget="4/h"), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            for number in range(1, 6):
                scheduler.due("p0", datetime.now(UTC))
                await ledger.runs("p0", number)
                await until(lambda: scheduler._entries["p0"].run is None)
            now = await scheduler.run_now("p0")
            assert scheduler.budget_remaining("peer") == 0
        assert peer.rpc_methods == ["tools/list", "tools/call", "tools/call", "tools/call"]
    assert ledger.reasons("p0") == [None, None, None, Reason.NOT_RUN, Reason.NOT_RUN]
    refused = ledger.of("p0")[-1].outcome
    assert refused.verdict is Verdict.UNKNOWN
    assert "budget of 4/h requests" in refused.message
    assert "it goes on at" in refused.message
    assert now.reason is Reason.NOT_RUN


async def test_results_of_a_maintenance_window_are_marked(tmp_path: Path) -> None:
    ledger = Ledger()
    always = [{"cron": "* * * * *", "duration": "2m"}]
    never = [{"cron": f"0 0 1 {(datetime.now(UTC).month + 5) % 12 + 1} *", "duration": "1h"}]
    async with offering(tool("count", gives({"count": 3}))) as peer:
        configuration = document(peer, FAST | {"maintenance": always}, FAST, FAST, maintenance=never)
        async with scheduling(loaded(configuration, tmp_path), ledger) as scheduler:
            await ledger.runs("p0", 1)
            await ledger.runs("p1", 1)
            assert scheduler.in_maintenance("p0")
            assert not scheduler.in_maintenance("p1")
    assert all(result.maintenance for result in ledger.of("p0"))
    assert not any(result.maintenance for result in ledger.of("p1"))


async def test_a_verdict_that_the_prober_itself_was_too_late_for_is_undecided(tmp_path: Path) -> None:
    def busy(arguments: Message) -> Message:
        time.sleep(0.6)  # the peer lives in the prober's own loop: it is the loop that stands still
        return {"content": []}

    verdicts = []
    rare = {"kind": "call", "tool": "count", "interval": "1h", "timeout": "10s", "latency": {"fail": "400ms"}}
    async with offering(tool("count", busy)) as peer, LoopLag() as lag:
        config = loaded(document(peer, rare), tmp_path)
        for meter in (lag, None):
            async with scheduling(config, Ledger(), lag=meter) as scheduler:
                verdicts.append((await scheduler.run_now("p0")).reason)
    assert verdicts == [Reason.UNDECIDED, Reason.TOO_SLOW]


async def test_each_shard_runs_its_own_probes() -> None:
    config = fleet(40)
    held: list[str] = []
    for index in (1, 2, 3):
        async with scheduling(config, Ledger(), shard=Shard(index=index, count=3)) as scheduler:
            held += scheduler.probes
            assert all(scheduler.next_due(name) is not None for name in scheduler.probes)
    assert sorted(held) == sorted(config.probes)


@pytest.mark.clock
async def test_a_run_for_somebody_is_told_to_him_alone_and_has_the_time_that_he_gives(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gives({"count": 3})), tool("hang", gate.answer)) as peer:
        rare = {"kind": "call", "interval": "100d", "timeout": "10s"}
        config = loaded(document(peer, rare | {"tool": "count"}, rare | {"tool": "hang"}), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            assert (await scheduler.run_now("p0")).verdict is Verdict.PASS
            hanging = await scheduler.run_now("p1", timeout=0.3)
            assert hanging.reason is Reason.TIMEOUT
            assert 0.2 < hanging.duration_seconds < 2
            with pytest.raises(KeyError):
                await scheduler.run_now("p2")
            gate.opened.set()
    assert ledger.results == []


async def test_a_run_for_somebody_waits_for_its_turn_for_half_of_its_time(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gate.answer)) as peer:
        rare = {"kind": "call", "tool": "count", "interval": "100d", "timeout": "10s"}
        config = loaded(document(peer, rare, rare, concurrency=1), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            async with asyncio.TaskGroup() as tasks:
                first = tasks.create_task(scheduler.run_now("p0"))
                async with asyncio.timeout(BOUND):
                    await gate.called.wait()
                second = await scheduler.run_now("p1", timeout=0.4)
                gate.opened.set()
            assert first.result().verdict is Verdict.PASS
    assert (second.reason, second.message) == (Reason.NOT_RUN, "its turn did not come within 0.2 s")


async def test_drain_lets_runs_end_and_begins_none(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gate.answer)) as peer:
        config = loaded(document(peer, *[FORGIVING | {"interval": "1m", "timeout": "10s"}] * 3), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            for name in scheduler.probes:
                scheduler.due(name, datetime.now(UTC))
            await until(lambda: gate.inside == 2)
            async with asyncio.TaskGroup() as tasks:
                draining = tasks.create_task(scheduler.drain(BOUND))
                await asyncio.sleep(0.05)
                assert not draining.done()
                gate.opened.set()
            assert scheduler.next_due("p0") is None
            assert scheduler.running == 0
            assert (await scheduler.run_now("p0")).message == "the prober is about to end"
    assert sorted(result.outcome.probe for result in ledger.results) == ["p0", "p1"]
    assert gate.most == 2


async def test_drain_cancels_what_does_not_end_in_time(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gate.answer)) as peer:
        config = loaded(document(peer, FORGIVING | {"interval": "1m", "timeout": "50s"}), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            scheduler.due("p0", datetime.now(UTC))
            async with asyncio.timeout(BOUND):
                await gate.called.wait()
            async with asyncio.timeout(5):
                await scheduler.drain(0.1)
            assert scheduler.running == 0
            gate.opened.set()  # for the peer, whose call nobody waits for any more
    assert ledger.results == []


async def test_a_run_whose_code_is_broken_is_logged_and_the_next_one_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    async def broken_once(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("a bug in the engine")
        return await run_probe(*args, **more)

    monkeypatch.setattr("prober.schedule.scheduled_probe.run_probe", broken_once)
    ledger = Ledger()
    async with (
        offering(tool("count", gives({"count": 3}))) as peer,
        scheduling(loaded(document(peer, FAST), tmp_path), ledger),
    ):
        await ledger.runs("p0", 1)
    assert "a run of p0 ended in a fault of the prober" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
