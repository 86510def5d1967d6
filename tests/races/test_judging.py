"""Traces of races are judged and masked without holding up other probes, and what they say stays the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prober.assertions.judge import Judge
from prober.consistency import MODELS, judge_trace
from prober.consistency.trace import Operation, Result, Trace, masked
from prober.deadline import Deadline
from prober.kinds.race.judging import judged, masked_in_turns
from prober.outcome import Reason
from prober.redaction import Redactor
from tests.assertions.ticking import PROMISE, ticking
from tests.consistency.large import large
from tests.kinds.offering import offering, probed, tool


def forgetful(count: int) -> Trace:
    """A set whose every second call is a read, none of which shows all that the one before it did."""
    operations = []
    before: list[str] = []
    for number in range(count):
        element = f"probe-now-{number}"
        operations.append(
            Operation(
                id=number,
                client=0,
                kind="read" if number % 2 else "add",
                invoked=float(number),
                returned=number + 0.5,
                result=Result.OK,
                element=None if number % 2 else element,
                value=before[1 + number // 4 :] if number % 2 else None,
            )
        )
        before += [] if number % 2 else [element]
    return Trace(model="set", operations=tuple(operations))


@pytest.mark.parametrize("model", MODELS)
async def test_a_large_trace_is_judged_in_another_process_as_it_would_be_here(model: str) -> None:
    right = large(model, 400)
    wrong = replace(right, operations=tuple(_spoilt(right)))
    async with Judge() as judge:
        for trace in (right, wrong):
            verdict = await judged(trace, judge=judge, deadline=Deadline.after(20), target="t")
            assert verdict == judge_trace(trace)
        assert len(judge.pids) == 1
    assert verdict.violations


def _spoilt(trace: Trace) -> list[Operation]:
    """The answers of every fourth call, told by the one after the next."""
    operations = list(trace.operations)
    for number in range(0, len(operations) - 8, 4):
        one, other = operations[number], operations[number + 8]
        if one.ok and other.ok and one.kind == other.kind:
            operations[number + 8] = replace(other, value=one.value, version=one.version)
    return operations


async def test_a_small_trace_takes_no_process() -> None:
    async with Judge() as judge:
        verdict = await judged(large("counter", 200), judge=judge, deadline=0.0, target="t")
        assert judge.pids == ()
    assert verdict.valid


async def test_what_is_not_judged_before_the_deadline_is_undecided() -> None:
    async with Judge() as judge, asyncio.timeout(5):
        verdict = await judged(large("set", 2_000), judge=judge, deadline=Deadline.after(0.31), target="t")
    assert verdict.undecided == "the trace was not judged before the deadline"


@pytest.mark.slow
async def test_judging_a_trace_with_a_thousand_violations_holds_up_nobody() -> None:
    trace = forgetful(2_000)
    async with Judge() as judge, ticking() as ticks:
        verdict = await judged(trace, judge=judge, deadline=Deadline.after(60), target="t")
        shown = await masked_in_turns(trace, Redactor(["s3cr3t-abcdef"]))
    assert verdict.violations[0].occurrences > 100
    assert shown == trace
    assert ticks.longest < 2 * PROMISE


async def test_each_text_is_masked_once() -> None:
    looked_at: Counter[str] = Counter()

    def redact(text: str) -> str:
        looked_at[text] += 1
        return text.upper()

    trace = large("set", 200)
    shown = await masked_in_turns(trace, redact)
    assert shown == masked(trace, str.upper)
    assert set(looked_at.values()) == {1}


@pytest.mark.slow
async def test_a_race_whose_reads_tell_ever_so_many_elements_ends_in_time_and_holds_up_nobody(tmp_path: Path) -> None:
    tags: set[str] = set()

    def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        if "op" in arguments:
            tags.add(arguments["op"].rpartition("-")[0])
            return {"content": []}
        tag = next(iter(tags), "none")
        return {"content": [], "structuredContent": {"items": [f"{tag}-q{number:06}" for number in range(30_000)]}}

    probe = {
        "kind": "race",
        "model": "log",
        "allow_writes": True,
        "clients": 2,
        "operations": 40,
        "append": {"tool": "log", "arguments": {"op": "{op}"}},
        "read": {"tool": "log", "value": "$.items"},
    }
    async with offering(tool("log", answer)) as peer, asyncio.timeout(15):
        outcome = await probed(peer, probe, tmp_path, target={"allow_writes": True})
    assert outcome.reason is Reason.LOST_UPDATE, outcome.message
    assert outcome.facts["race_violations_phantom_value"] <= 20
