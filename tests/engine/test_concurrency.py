"""How many probes run at once, in which order, and what is told of their beginning and end."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.model import Config, Probe
from prober.engine import CONCURRENCY, StartLimiter, not_run, run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason, Verdict
from tests.kinds.offering import document, offering, tool
from tests.leaks import nothing_left_behind
from tests.peers.protocol import Message

BOUND: Final = 10.0
"""Seconds after which a test gives up waiting."""


class Crowd:
    """Counts calls that are being answered. Each is held until as many are there as `wanted`."""

    def __init__(self, wanted: int):
        self.there = self.most = 0
        self._wanted = wanted
        self._enough = asyncio.Event()

    async def answer(self, arguments: Message) -> Message:
        self.there += 1
        self.most = max(self.most, self.there)
        if self.there >= self._wanted:
            self._enough.set()
        async with asyncio.timeout(BOUND):
            await self._enough.wait()
        await asyncio.sleep(0.01)  # a chance for one too many to show itself
        self.there -= 1
        return {"content": []}


def loaded(configuration: dict[str, Any], folder: Path) -> Config:
    path = folder / "probes.yaml"
    path.write_text(json.dumps(configuration))
    return load([path], environ={})


@pytest.mark.parametrize(("concurrency", "peak"), [(1, 1), (3, 3), (None, CONCURRENCY), (100, 20)], ids=str)
async def test_as_many_probes_run_at_once_as_may_and_no_more(
    concurrency: int | None, peak: int, tmp_path: Path
) -> None:
    crowd = Crowd(peak)
    async with offering(tool("wait", crowd.answer)) as peer, nothing_left_behind():
        config = loaded(document(peer, *[{"kind": "call", "tool": "wait"}] * 20), tmp_path)
        probes = list(config.probes.values())
        if concurrency is None:
            outcomes = await run_pass(config, probes)
        else:
            outcomes = await run_pass(config, probes, concurrency=concurrency)
    assert [outcome.reason for outcome in outcomes] == [None] * 20
    assert crowd.most == peak


async def test_outcomes_come_in_the_order_of_the_probes_whatever_order_they_end_in(tmp_path: Path) -> None:
    last, before = 4, [asyncio.Event() for _ in range(5)]

    async def after_the_next(arguments: Message) -> Message:
        place = int(arguments["place"])
        if place < last:
            async with asyncio.timeout(BOUND):
                await before[place + 1].wait()
        before[place].set()
        return {"content": []}

    async with offering(tool("wait", after_the_next)) as peer:
        calls = [{"kind": "call", "tool": "wait", "arguments": {"place": place}} for place in range(5)]
        config = loaded(document(peer, *calls), tmp_path)
        wanted = [config.probes[name] for name in ("p3", "p0", "p4", "p1", "p2")]
        ended: list[str] = []
        outcomes = await run_pass(config, wanted, on_end=lambda probe, outcome: ended.append(probe.name))
    assert [outcome.probe for outcome in outcomes] == ["p3", "p0", "p4", "p1", "p2"]
    assert ended == ["p4", "p3", "p2", "p1", "p0"]


async def test_each_probe_is_told_to_have_begun_when_its_turn_comes_and_to_have_ended_once(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    def begun(probe: Probe) -> None:
        told.append(("begun", probe.name))

    def ended(probe: Probe, outcome: Outcome) -> None:
        assert outcome.probe == probe.name
        told.append(("ended", probe.name))

    async with offering(tool("count")) as peer:
        config = loaded(document(peer, *[{"kind": "call", "tool": "count"}] * 6), tmp_path)
        await run_pass(config, list(config.probes.values()), concurrency=1, on_start=begun, on_end=ended)
    assert told == [(what, f"p{number}") for number in range(6) for what in ("begun", "ended")]


async def test_of_those_that_start_a_process_only_as_many_run_as_there_are_processors(tmp_path: Path) -> None:
    record = tmp_path / "record"
    script = f"echo + >> {record}; sleep 0.1; echo - >> {record}; exit 3"
    targets = {f"t{number}": {"command": ["/bin/sh", "-c", script], "protocol": "modern"} for number in range(8)}
    probes = {f"p{name}": {"target": name, "kind": "handshake"} for name in targets}
    config = loaded({"targets": targets, "probes": probes}, tmp_path)
    async with nothing_left_behind():
        outcomes = await run_pass(config, list(config.probes.values()))
    assert {outcome.reason for outcome in outcomes} == {Reason.PROCESS_EXITED}
    steps = record.read_text().split()
    assert len(steps) == 16
    running = [sum(1 if step == "+" else -1 for step in steps[: place + 1]) for place in range(16)]
    assert max(running) <= max(2, os.cpu_count() or 1)


@pytest.mark.slow
async def test_processes_that_wait_for_a_processor_leave_the_turns_to_others(tmp_path: Path) -> None:
    hanging = {"command": ["/bin/sh", "-c", "cat > /dev/null"], "protocol": "modern", "startup_timeout": "500ms"}
    async with offering(tool("count")) as peer:
        configuration = document(peer, {"kind": "call", "tool": "count"})
        for number in range(8):
            configuration["targets"][f"t{number}"] = hanging
            configuration["probes"][f"a{number}"] = {"target": f"t{number}", "kind": "handshake", "timeout": "500ms"}
        config = loaded(configuration, tmp_path)
        well = config.probes["p0"]
        ended: list[str] = []
        probes = [*(probe for probe in config.probes.values() if probe is not well), well]
        await run_pass(config, probes, concurrency=8, on_end=lambda probe, outcome: ended.append(probe.name))
    assert ended[0] == "p0"


async def test_processes_that_hang_give_their_turns_to_others_when_their_time_to_start_is_over(tmp_path: Path) -> None:
    """There are more of them than turns; a server that answers waits for the time to start, and for nothing else."""
    hanging = {"command": ["/bin/sh", "-c", "cat > /dev/null"], "protocol": "modern", "startup_timeout": "1s"}
    leaving = {"command": ["/bin/sh", "-c", "exit 3"], "protocol": "modern"}
    many = max(2, os.cpu_count() or 1)
    targets = {f"t{number}": hanging for number in range(many)} | {"quick": leaving}
    probes = {f"p-{name}": {"target": name, "kind": "handshake", "timeout": "60s"} for name in targets}
    config = loaded({"targets": targets, "probes": probes}, tmp_path)
    async with nothing_left_behind(), asyncio.timeout(BOUND):
        outcomes = await run_pass(config, list(config.probes.values()))
    assert [outcome.reason for outcome in outcomes] == [Reason.TIMEOUT] * many + [Reason.PROCESS_EXITED]


async def test_a_start_slot_is_given_back_at_the_first_answer_or_at_the_end() -> None:
    starts, order = StartLimiter(1), list[str]()

    async def take(name: str, *, answers: bool, until: asyncio.Event) -> None:
        async with starts.slot() as give_back:
            order.append(name)
            if answers:
                give_back()
                give_back()  # which makes no second slot
            await until.wait()

    held, never = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(BOUND), asyncio.TaskGroup() as tasks:
        answers = tasks.create_task(take("answers", answers=True, until=held))
        silent = tasks.create_task(take("silent", answers=False, until=never))
        last = tasks.create_task(take("last", answers=False, until=held))
        await asyncio.sleep(0.05)
        assert order == ["answers", "silent"]
        never.set()
        held.set()
    assert order == ["answers", "silent", "last"]
    assert all(task.done() for task in (answers, silent, last))


async def test_a_start_that_hangs_keeps_its_slot_no_longer_than_a_start_takes() -> None:
    starts = StartLimiter(1, max_hold=0.05)
    async with asyncio.timeout(BOUND), starts.slot(), starts.slot() as give_back:
        give_back()


async def test_a_pass_without_probes_has_no_outcomes() -> None:
    assert await run_pass(Config(), []) == []


def test_a_probe_whose_turn_never_came_is_unknown(tmp_path: Path) -> None:
    configuration = {
        "targets": {"peer": {"url": "http://127.0.0.1:9/mcp"}},
        "probes": {"p": {"target": "peer", "kind": "handshake"}},
    }
    outcome = not_run(loaded(configuration, tmp_path).probes["p"], "interrupted before it ended")
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.NOT_RUN)
    assert (outcome.target, outcome.probe, outcome.kind) == ("peer", "p", "handshake")
    assert outcome.message == "interrupted before it ended"


@pytest.mark.parametrize("allow_writes", [False, True], ids=["a run that reads", "a run that may write"])
async def test_the_end_of_a_pass_gives_up_what_reads_and_waits_for_what_may_write(
    allow_writes: bool, tmp_path: Path
) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def wait(arguments: Message) -> Message:
        begun.set()
        async with asyncio.timeout(BOUND):
            await over.wait()
        return {"content": []}

    async def fail(arguments: Message) -> Message:
        async with asyncio.timeout(BOUND):
            await begun.wait()
        return {"content": [], "isError": True}

    def ends(outcome: Outcome) -> bool:
        over.set()
        return outcome.verdict is Verdict.FAIL

    async with offering(tool("wait", wait), tool("fail", fail)) as peer, nothing_left_behind():
        probe = {"kind": "call", "allow_writes": allow_writes}
        document_ = document(peer, probe | {"tool": "wait"}, probe | {"tool": "fail"}, probe | {"tool": "fail"})
        document_["targets"]["peer"]["allow_writes"] = True
        config = loaded(document_, tmp_path)
        outcomes = await run_pass(config, list(config.probes.values()), concurrency=2, ends_pass=ends)
    waited, failed, never = outcomes
    assert failed.reason is Reason.TOOL_ERROR
    assert (never.reason, never.message) == (Reason.NOT_RUN, "an earlier failure ended the pass")
    assert waited.reason is (None if allow_writes else Reason.NOT_RUN)
