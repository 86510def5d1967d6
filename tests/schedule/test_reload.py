"""A configuration that changes while probes run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from prober.config.model import Config
from prober.outcome import Reason
from tests.kinds.offering import document, gives, offering, tool
from tests.schedule.ledger import BOUND, Ledger, fleet, loaded, scheduling, until
from tests.schedule.test_scheduler import Gate

RARE: Final[dict[str, Any]] = {"kind": "call", "tool": "count", "interval": "1h", "timeout": "10s"}


async def test_probes_that_do_not_change_keep_their_times_and_others_get_new_ones() -> None:
    config = fleet(6)
    probes = dict(config.probes)
    del probes["p1"]
    probes["p2"] = replace(probes["p2"], interval=5000.0)
    probes["p3"] = replace(probes["p3"], timeout=3.0)
    async with scheduling(config, Ledger()) as scheduler:
        before = {name: scheduler.next_due(name) for name in config.probes}
        scheduler.apply_config(
            replace(config, probes={**probes, "new": replace(probes["p0"], name="new", interval=0.2)})
        )
        after = {name: scheduler.next_due(name) for name in scheduler.probes}
        for name in ("p0", "p3", "p4", "p5"):
            assert before[name] == after[name] or before[name] <= datetime.now(UTC)  # type: ignore[operator]
        assert scheduler.next_due("p1") is None
        assert after["p2"] != before["p2"]
        assert after["new"] is not None
        assert after["new"] - datetime.now(UTC) < timedelta(seconds=0.2)
        assert list(scheduler.probes) == ["p0", "p2", "p3", "p4", "p5", "new"]
        assert scheduler.probes["p3"].timeout == 3.0


async def reloaded(before: Config, after: Config, gate: Gate, *probes: str) -> Ledger:
    """A reload while a run of `p0` is under way, which then ends; then one run of each of `probes`."""
    ledger = Ledger()
    async with scheduling(before, ledger) as scheduler:
        scheduler.due("p0", datetime.now(UTC))
        async with asyncio.timeout(BOUND):
            await gate.called.wait()
        scheduler.apply_config(after)
        gate.opened.set()
        await until(lambda: not scheduler.running)
        for probe in probes:
            scheduler.due(probe, datetime.now(UTC))
            await ledger.runs(probe, 1)
    return ledger


async def test_the_run_of_an_unchanged_probe_goes_on_and_is_told(tmp_path: Path) -> None:
    gate = Gate()
    async with offering(tool("count", gate.answer)) as peer:
        config = loaded(document(peer, RARE), tmp_path)
        again = loaded(document(peer, RARE | {"interval": "2h"}), tmp_path)
        ledger = await reloaded(config, again, gate)
    assert ledger.reasons("p0") == [None]


async def test_the_run_of_a_probe_that_is_gone_ends_and_is_told_to_nobody(tmp_path: Path) -> None:
    gate = Gate()
    async with offering(tool("count", gate.answer), tool("other", gives({}))) as peer:
        config = loaded(document(peer, RARE, RARE | {"tool": "other"}), tmp_path)
        without = replace(config, probes={"p1": config.probes["p1"]})
        ledger = await reloaded(config, without, gate, "p1")
        assert peer.rpc_methods.count("tools/call") == 2
    assert [result.outcome.probe for result in ledger.results] == ["p1"]


async def test_the_run_against_a_target_as_it_was_is_told_to_nobody(tmp_path: Path) -> None:
    gate = Gate()
    async with offering(tool("count", gate.answer)) as old, offering(tool("count", gives({}))) as new:
        before, after = loaded(document(old, RARE), tmp_path), loaded(document(new, RARE), tmp_path)
        ledger = await reloaded(before, after, gate, "p0")
        assert new.rpc_methods == ["tools/list", "tools/call"]  # nothing of what was learnt of the other one
    assert ledger.reasons("p0") == [None]


async def test_a_run_that_waits_when_its_probe_goes_never_begins(tmp_path: Path) -> None:
    gate, ledger = Gate(), Ledger()
    async with offering(tool("count", gate.answer)) as peer:
        config = loaded(document(peer, RARE, RARE, concurrency=1), tmp_path)
        async with scheduling(config, ledger) as scheduler:
            scheduler.due("p0", datetime.now(UTC))
            async with asyncio.timeout(BOUND):
                await gate.called.wait()
            scheduler.due("p1", datetime.now(UTC))
            scheduler.apply_config(replace(config, probes={"p0": config.probes["p0"]}))
            gate.opened.set()
            await ledger.runs("p0", 1)
            await until(lambda: not scheduler.waiting and not scheduler.running)
        assert peer.rpc_methods.count("tools/call") == 1
    assert [result.outcome.probe for result in ledger.results] == ["p0"]


async def test_a_budget_outlives_a_change_of_its_target(tmp_path: Path) -> None:
    async with offering(tool("count", gives({}))) as peer:
        before = loaded(document(peer, RARE, budget="10/h"), tmp_path)
        after = loaded(document(peer, RARE, budget="12/h"), tmp_path)
        async with scheduling(before, Ledger()) as scheduler:
            await scheduler.run_now("p0")
            left = scheduler.budget_remaining("peer")
            scheduler.apply_config(before)
            assert scheduler.budget_remaining("peer") == left
            scheduler.apply_config(after)
            assert left is not None
            assert scheduler.budget_remaining("peer") == left + 2
            scheduler.apply_config(loaded(document(peer, RARE), tmp_path))
            assert scheduler.budget_remaining("peer") is None


async def test_the_secrets_of_every_probe_are_masked_from_then_on(tmp_path: Path) -> None:
    def told(arguments: dict[str, Any]) -> dict[str, Any]:
        return {"isError": True, "content": [{"type": "text", "text": "no such key: hunter2-one, hunter2-two"}]}

    async with offering(tool("count", told)) as peer:
        first = RARE | {"arguments": {"key": "${ONE}"}}
        second = RARE | {"arguments": {"key": "${TWO}"}}
        values = {"ONE": "hunter2-one", "TWO": "hunter2-two"}
        async with scheduling(loaded(document(peer, first), tmp_path, **values), Ledger()) as scheduler:
            scheduler.apply_config(loaded(document(peer, first, second), tmp_path, **values))
            outcome = await scheduler.run_now("p0")
    assert outcome.reason is Reason.TOOL_ERROR
    assert "hunter2" not in str(outcome)
