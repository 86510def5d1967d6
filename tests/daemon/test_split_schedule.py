"""A schedule that is split among worker processes, which are real; what goes wrong with them is, too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.model import Config
from prober.daemon.workers import split_schedule
from prober.daemon.workers.division import worker_of
from prober.daemon.workers.messages import Answer, Applied, LeftOut, Ran
from prober.daemon.workers.split_schedule import SplitSchedule
from prober.engine import not_run
from prober.outcome import Reason, Verdict
from prober.scheduled_run import ScheduledRun
from tests.kinds.offering import gives, offering, tool
from tests.leaks import nothing_left_behind
from tests.schedule.ledger import Ledger, fleet, loaded, until

OFTEN: Final = {"kind": "call", "tool": "count", "interval": "1s", "timeout": "1s"}


def split(ledger: Ledger, **more: Any) -> SplitSchedule:
    settings: dict[str, Any] = {
        "processes": 2,
        "concurrency": 8,
        "shard": None,
        "schedule": True,
        "spans": False,
        "log_format": "json",
        "on_lag": lambda _seconds: None,
        "on_kept_end": lambda _ended: None,
    }
    return SplitSchedule(sinks=[ledger], **settings | more)


@asynccontextmanager
async def working(config: Config, ledger: Ledger, **more: Any) -> AsyncIterator[SplitSchedule]:
    """Leaves nothing behind."""
    async with nothing_left_behind():
        schedule = split(ledger, **more)
        schedule.apply_config(config)
        async with schedule:
            yield schedule


def two_targets(url: str, folder: Path) -> Config:
    """One for each of two workers: `a` and `b`, each with a probe of its name."""
    targets = {"a": {"url": url, "budget": "1000/h", "protocol": "modern"}, "b": {"url": url, "protocol": "modern"}}
    probes = {name: {**OFTEN, "target": name} for name in targets}
    config = loaded({"targets": targets, "probes": probes}, folder)
    assert {worker_of(target, 2) for target in config.targets.values()} == {0, 1}
    return config


async def test_both_workers_run_their_share_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    ledger, lags = Ledger(), list[float]()
    async with offering(tool("count", gives({"count": 3}))) as peer:
        config = two_targets(peer.url, tmp_path)
        async with working(config, ledger, on_lag=lags.append) as schedule:
            await ledger.runs("a", 1)
            await ledger.runs("b", 1)
            assert {result.outcome.verdict for result in ledger.results} == {Verdict.PASS}
            assert [(each.up, each.probes, each.ended) for each in schedule.workers] == [(True, 1, 0)] * 2
            assert (await schedule.run_now("a", timeout=5)).verdict is Verdict.PASS
            await until(lambda: (schedule.budget_remaining("a") or 1000) < 1000)
            assert schedule.budget_remaining("b") is None
            due = schedule.next_due("a")
            assert due is not None
            assert due > datetime.now(UTC) - timedelta(seconds=1)
            assert (schedule.next_due("unknown"), schedule.in_maintenance("a")) == (None, False)
            with pytest.raises(KeyError):
                await schedule.run_now("unknown")

            victim = schedule._seats[worker_of(config.targets["a"], 2)]
            assert victim.process is not None
            os.kill(victim.process.pid, signal.SIGKILL)
            gone = await schedule.run_now("a")
            assert (gone.reason, gone.message) == (
                Reason.NOT_RUN,
                "its worker process has ended; another one takes its place",
            )
            await until(lambda: victim.state.ended == 1 and victim.state.up)
            seen = len(ledger.of("a"))
            await ledger.runs("a", seen + 1)
            assert [each.ended for each in schedule.workers if each.worker == victim.number] == [1]
            assert sum(each.ended for each in schedule.workers) == 1
            await until(lambda: lags)
        assert (await schedule.run_now("a")).message == "the prober is about to end"
    dues = [(result.outcome.probe, result.due) for result in ledger.results]
    assert len(dues) == len(set(dues)), "no run was made twice"


async def test_a_result_of_what_has_changed_meanwhile_is_dropped() -> None:
    ledger = Ledger()
    schedule = split(ledger)
    before = fleet(2)
    schedule.apply_config(before)
    other = replace(before.targets["t1"], url="http://127.0.0.1:9/other")
    schedule.apply_config(replace(before, targets={**before.targets, "t1": other}))

    def heard(message: object) -> None:
        schedule._heard(schedule._seats[0], message)

    for generation in (1, 2):
        for probe in before.probes.values():
            run = ScheduledRun(outcome=not_run(probe, f"of {generation}"), due=datetime.now(UTC))
            heard(Ran(result=run, generation=generation))
    said = [(result.outcome.probe, result.outcome.message) for result in ledger.results]
    assert said == [("p0", "of 1"), ("p0", "of 2"), ("p1", "of 2")]
    gone = replace(before.probes["p0"], name="gone")
    heard(Ran(result=ScheduledRun(outcome=not_run(gone, ""), due=datetime.now(UTC)), generation=2))
    heard(LeftOut(probe="gone"))
    heard(LeftOut(probe="p0"))
    heard(Answer(number=7, outcome=None))
    heard(Applied(generation=1))
    assert (len(ledger.results), ledger.left_out) == (3, ["p0"])
    assert not any(each.up for each in schedule.workers)


async def test_of_a_shard_the_workers_share_what_falls_to_it() -> None:
    from prober.schedule import Shard

    schedule = split(Ledger(), shard=Shard(index=2, count=3))
    config = fleet(300)
    schedule.apply_config(config)
    held = {name for name in config.probes if Shard(index=2, count=3).holds(name)}
    assert set(schedule.probes) == held
    assert sum(each.probes for each in schedule.workers) == len(held)
    assert all(each.probes > len(held) / 3 for each in schedule.workers)


async def test_workers_of_another_version_are_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(split_schedule, "__version__", "0.0.0")
    monkeypatch.setattr(split_schedule, "_START", 1.5)
    async with working(fleet(1), Ledger()) as schedule:
        await until(lambda: sum(each.ended for each in schedule.workers) >= 2)
        assert not any(each.up for each in schedule.workers)
    said = {record.__dict__["facts"].get("message", "") for record in caplog.records if record.name == "prober.daemon"}
    assert any("is installed now, this is 0.0.0: restart the daemon" in message for message in said)


async def test_a_worker_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    real = sys.executable
    monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
    monkeypatch.setattr(split_schedule, "_START", 0.2)
    async with working(fleet(1), Ledger()) as schedule:
        tries = [record for record in caplog.records if record.getMessage() == "worker_not_started"]
        assert [record.__dict__["facts"]["message"] for record in tries] == ["No such file or directory"] * 2
        monkeypatch.setattr("sys.executable", real)
        await until(lambda: all(each.up for each in schedule.workers))


@pytest.mark.slow
async def test_a_worker_that_is_not_heard_of_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(split_schedule, "_SILENT", 3)
    async with working(fleet(4), Ledger(), processes=1) as schedule:
        [seat] = schedule._seats
        await until(lambda: seat.state.up)
        assert seat.process is not None
        os.kill(seat.process.pid, signal.SIGSTOP)
        await until(lambda: seat.state.ended == 1 and seat.state.up)
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert said[:2] == ["worker_stuck", "worker_ended"]


def test_without_workers_nothing_of_them_is_imported() -> None:
    code = "import sys, prober.cli.commands.daemon; print([name for name in sys.modules if 'daemon.workers' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
