"""`warm`: the second call of a run has a latency and a budget of its own, and the first keeps its own."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason, Verdict
from tests.cli.command import mcp_prober, quickly, written
from tests.kinds.offering import ERAS, Answer, called, document, gives, offering, probed, tool
from tests.peers.http_peer import Call, Script, http_peer, well
from tests.peers.protocol import FACTS, Era, Message, Step

SLOW: Final = 0.4
PROBE: Final[dict[str, Any]] = {"kind": "call", "tool": "look", "warm": True}


def taking(*seconds: float, answers: tuple[Any, ...] = ({},)) -> Answer:
    """Takes so long for each call, one after the other."""
    left, results = list(seconds), list(answers)

    async def answer(arguments: Message) -> Message:
        await asyncio.sleep(left.pop(0))
        value = results.pop(0) if len(results) > 1 else results[0]
        answered = gives(value)(arguments)
        assert isinstance(answered, dict)
        return answered

    return answer


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_had_to_wake_up_shows_two_latencies(era: Era, tmp_path: Path) -> None:
    async with offering(tool("look", taking(SLOW, 0)), era=era) as peer:
        outcome = await probed(peer, {**PROBE, "warm_latency": {"fail": "300ms"}}, tmp_path)
        assert len(called(peer)) == 2
    assert outcome.verdict is Verdict.PASS, outcome
    assert outcome.facts["latency_seconds"] >= SLOW
    assert outcome.facts["warm_latency_seconds"] < outcome.facts["latency_seconds"]
    assert outcome.facts["warm_latency_seconds_fail"] == 0.3
    assert "warm_latency_seconds_warn" not in outcome.facts


async def test_a_second_call_over_its_budget_fails_and_says_which_call_it_was(tmp_path: Path) -> None:
    async with offering(tool("look", taking(0, SLOW))) as peer:
        budgets = {"latency": {"fail": "5s"}, "warm_latency": {"fail": "300ms"}}
        outcome = await probed(peer, {**PROBE, **budgets}, tmp_path)
    assert outcome.reason is Reason.TOO_SLOW
    assert outcome.message.startswith("of the second call: the answer took ")
    assert outcome.facts["warm_latency_seconds"] >= SLOW
    assert outcome.facts["latency_seconds"] < SLOW


async def test_the_first_call_is_not_held_to_the_budget_of_the_second_nor_the_other_way_round(tmp_path: Path) -> None:
    async with offering(tool("look", taking(SLOW, SLOW))) as peer:
        budgets = {"latency": {"warn": "300ms"}, "warm_latency": {"fail": "5s"}}
        outcome = await probed(peer, {**PROBE, **budgets}, tmp_path)
    assert outcome.verdict is Verdict.PASS
    [warning] = outcome.warnings
    assert warning.startswith("the answer took ")


async def test_a_warning_of_the_second_call_says_so(tmp_path: Path) -> None:
    async with offering(tool("look", taking(0, SLOW))) as peer:
        outcome = await probed(peer, {**PROBE, "warm_latency": {"warn": "300ms"}}, tmp_path)
    assert outcome.verdict is Verdict.PASS
    [warning] = outcome.warnings
    assert warning.startswith("of the second call: the answer took ")


async def test_the_second_answer_is_judged_like_the_first(tmp_path: Path) -> None:
    async with offering(tool("look", taking(0, 0, answers=({"n": 1}, {"n": 2})))) as peer:
        outcome = await probed(peer, {**PROBE, "expect": [{"path": "$.n", "equals": 1}]}, tmp_path)
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert outcome.message.startswith("of the second call: ")


async def test_without_warm_there_is_one_call_and_no_such_fact(tmp_path: Path) -> None:
    async with offering(tool("look", taking(0, 0))) as peer:
        outcome = await probed(peer, {"kind": "call", "tool": "look"}, tmp_path)
        assert len(called(peer)) == 1
    assert "warm_latency_seconds" not in outcome.facts


OTHERS: Final[dict[Step, dict[str, Any]]] = {
    "read": {"kind": "read", "uri": FACTS["uri"], "warm": True, "warm_latency": {"fail": "300ms"}},
    "prompt": {"kind": "prompt", "prompt": "greet", "arguments": {"name": "Ada"}, "warm": True}
    | {"warm_latency": {"fail": "300ms"}},
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("step", OTHERS)
async def test_a_resource_and_a_prompt_have_a_second_request_with_a_budget_of_its_own(
    step: Step, era: Era, tmp_path: Path
) -> None:
    left = [0.0, SLOW, SLOW, 0.0]

    async def slow(call: Call) -> None:
        await asyncio.sleep(left.pop(0))
        await well(call)

    async with http_peer(Script(era=era, faults={step: slow})) as peer:
        waking, awake = [await probed(peer, OTHERS[step], tmp_path) for _ in range(2)]
    assert waking.reason is Reason.TOO_SLOW
    assert re.match(r"of the second (read|request): the answer took ", waking.message), waking.message
    assert (awake.verdict, awake.message) == (Verdict.PASS, "")
    assert awake.facts["latency_seconds"] >= SLOW > awake.facts["warm_latency_seconds"]


async def test_the_metrics_are_of_the_second_call_alone(tmp_path: Path) -> None:
    async with offering(tool("look", taking(0, 0, 0))) as peer:
        configuration = document(
            peer, {**PROBE, "warm_latency": {"warn": "1s", "fail": "2s"}}, {"kind": "call", "tool": "look"}
        )
        [warm, plain] = configuration["probes"]
        done = await mcp_prober("run", written(configuration, tmp_path), "--output", "prometheus", cwd=tmp_path)
    lines = [each for each in done.out.splitlines() if each.startswith("mcp_probe_warm_")]
    assert [each.rpartition(" ")[0] for each in lines if plain in each] == []
    assert sum(each.startswith("mcp_probe_warm_latency_seconds{") and f'probe="{warm}"' in each for each in lines) == 1
    assert sorted(each.rpartition(" ")[2] for each in lines if "budget" in each) in (["1", "2"], ["1.0", "2.0"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"warm": True, "warm_latency": {"fail": "20s"}}, "above the timeout of 10s: it would never be seen"),
        ({"warm": True, "warm_latency": {"warn": "2s", "fail": "1s"}}, "above fail: it would never warn"),
        ({"warm_latency": {"fail": "1s"}}, "only together with warm"),
        ({"warm": "yes"}, "expected true or false"),
    ],
)
async def test_budgets_that_mean_nothing_are_refused(more: dict[str, Any], said: str, tmp_path: Path) -> None:
    probe = {"target": "t", "kind": "call", "tool": "look", **more}
    configuration = {"targets": {"t": {"url": "http://127.0.0.1:9/mcp"}}, "probes": {"p": probe}}
    done = await quickly("check", written(configuration, tmp_path))
    assert done.code == 2
    assert said in done.err
