"""How a race is run: what it makes of lost answers, of calls that take turns, of an interruption."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prober.config.model import Config
from prober.consistency import judge_trace
from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import SEVERITY
from prober.engine import run_pass
from prober.kinds.race import RaceCall, RaceSettings
from prober.kinds.race.recorder import Recorder
from prober.loader import load
from prober.outcome import Outcome, Reason
from tests.kinds.offering import offering
from tests.leaks import nothing_left_behind
from tests.peers.http_acts import status
from tests.races.reference import ROOT, Reference, sessions, short
from tests.real.process import free_port
from tests.running import run_document

LOST_ANSWERS = {
    "tool-error:0.1": Reason.TOOL_ERROR,
    "truncated-body:0.1": Reason.CONNECTION_CLOSED,
    "http-503:0.1": Reason.UNAVAILABLE,
    "malformed-json:0.1": Reason.MALFORMED_JSON,
}
"""Faults of answers: what was written stays written, or was not written at all, and the client cannot know."""


@pytest.mark.parametrize("fault", LOST_ANSWERS)
@pytest.mark.parametrize("name", ["reference-steps", "reference-register", "reference-workflow", "reference-lock"])
async def test_a_lost_answer_is_never_held_against_the_state(
    right: Reference, fault: str, name: str, tmp_path: Path
) -> None:
    config = right.probes(tmp_path)
    probe = short(config.probes[name], operations=80)
    right.switch(fault)
    traces: list[Trace] = []
    async with nothing_left_behind():
        [outcome] = await run_pass(config, [probe], on_trace=traces.append)
    assert outcome.reason not in SEVERITY, outcome.message
    if traces:
        assert judge_trace(traces[0]).valid
        unknown = [each for each in traces[0].operations if each.result is Result.UNKNOWN]
        if unknown:
            assert outcome.reason is not None
            assert "calls failed" in outcome.message


@pytest.mark.slow
@pytest.mark.clock
async def test_a_server_that_hangs_leaves_its_calls_unknown_and_is_told_of_in_time(
    right: Reference, tmp_path: Path
) -> None:
    config = right.probes(tmp_path)
    probe = replace(config.probes["reference-steps"], timeout=5.0)
    right.switch("hang:0.05")
    async with nothing_left_behind():
        [outcome] = await run_pass(config, [probe])
    assert outcome.reason is Reason.TIMEOUT, outcome.message
    assert outcome.duration_seconds <= 5.1


def _stdio(folder: Path, options: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """A race of processes of the reference server, on one SQLite file if the options do not say otherwise."""
    command = [sys.executable, "-m", "prober.reference", "--stdio", "--db", str(folder / "state.db"), *options]
    return {
        "targets": {
            "reference": {
                "command": command,
                "env": {"PYTHONPATH": str(ROOT)},
                "protocol": "handshake",
                "allow_writes": True,
            }
        },
        "probes": {
            "race": {
                "target": "reference",
                "kind": "race",
                "model": "counter",
                "allow_writes": True,
                "timeout": "30s",
                "operations": 60,
                "setup": {"tool": "create_session", "capture": {"session": "$.handle"}},
                "increment": {
                    "tool": "run_step",
                    "arguments": {"session_id": "{session}", "action": "{op}"},
                    "value": "$.stepCount",
                },
                "read": {"tool": "get_session", "arguments": {"session_id": "{session}"}, "value": "$.stepCount"},
                "cleanup": {"tool": "delete_session", "arguments": {"session_id": "{session}"}},
                **more,
            }
        },
    }


def processes_of_the_reference(folder: Path, options: Sequence[str] = (), **more: Any) -> Config:
    """The same, loaded."""
    file = folder / "processes.yaml"
    file.write_text(json.dumps(_stdio(folder, options, **more)), encoding="utf-8")
    return load([file], environ={})


@pytest.mark.slow
async def test_processes_on_one_database_keep_every_step(tmp_path: Path) -> None:
    async with nothing_left_behind():
        [outcome] = await run_document(_stdio(tmp_path, clients=3, processes=3), tmp_path)
    assert outcome.verdict == "pass", outcome.message
    assert outcome.facts["race_overlap"] == 3


async def test_calls_that_take_turns_are_no_race(tmp_path: Path) -> None:
    [outcome] = await run_document(_stdio(tmp_path, clients=2, processes=1), tmp_path)
    assert outcome.verdict == "unknown"
    assert outcome.reason is Reason.UNDECIDED
    assert "were ever open at once: nothing raced" in outcome.message


async def test_a_server_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    document = _stdio(tmp_path)
    document["targets"]["reference"] = {"url": f"http://127.0.0.1:{free_port()}/mcp", "allow_writes": True}
    [outcome] = await run_document(document, tmp_path)
    assert outcome.reason is Reason.CONNECT_REFUSED
    assert outcome.warnings == ()


async def test_a_tool_that_is_not_there_is_told_before_anything_is_written(right: Reference, tmp_path: Path) -> None:
    document = _stdio(tmp_path, read={"tool": "get_nothing", "value": "$.stepCount"})
    document["targets"]["reference"] = {"url": f"http://127.0.0.1:{right.port}/mcp", "allow_writes": True}
    [outcome] = await run_document(document, tmp_path)
    assert outcome.reason is Reason.TOOL_MISSING
    assert outcome.facts["race_operations"] == 0


async def test_an_answer_that_does_not_say_what_is_needed_is_told(right: Reference, tmp_path: Path) -> None:
    read = {"tool": "get_session", "arguments": {"session_id": "{session}"}, "value": "$.nothing"}
    document = _stdio(tmp_path, read=read)
    document["targets"]["reference"] = {"url": f"http://127.0.0.1:{right.port}/mcp", "allow_writes": True}
    [outcome] = await run_document(document, tmp_path)
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert "$.nothing is no whole number" in outcome.message


async def test_an_interrupted_race_cleans_up(right: Reference, tmp_path: Path) -> None:
    config = right.probes(tmp_path)
    probe = config.probes["reference-steps"]
    async with nothing_left_behind():
        before = await sessions(right, tmp_path)
        running = asyncio.ensure_future(run_pass(config, [probe]))
        async with asyncio.timeout(10):
            while await sessions(right, tmp_path) == before:  # until the race has made its session
                assert not running.done()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await sessions(right, tmp_path) == before


async def test_the_run_after_one_that_was_killed_is_not_confused_by_what_that_left(
    right: Reference, tmp_path: Path
) -> None:
    config = right.probes(tmp_path)
    before = await sessions(right, tmp_path)
    command = [sys.executable, "-m", "prober", "run", str(tmp_path / "reference-races.yaml"), "--probe"]
    killed = await asyncio.create_subprocess_exec(
        *command, "reference-workflow", cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            while await sessions(right, tmp_path) == before:  # until the race has made its session
                assert killed.returncode is None
    finally:
        killed.kill()
        assert await killed.wait() == -signal.SIGKILL
    left = await sessions(right, tmp_path)
    assert len(left - before) == 1
    [outcome] = await run_pass(config, [short(config.probes["reference-workflow"], operations=60)])
    assert outcome.verdict == "pass", outcome.message
    assert await sessions(right, tmp_path) == left


def test_what_other_runs_left_on_the_object_is_none_of_this_one() -> None:
    call = RaceCall(tool="t")
    settings = RaceSettings(model="set", calls={"add": call, "read": call})
    recorder = Recorder(tag="probe-now", model="set", limit=10)
    mine = recorder.new_element()
    for number, (kind, value) in enumerate((("add", None), ("read", ["probe-before-0", mine, "Ada"]))):
        element = mine if kind == "add" else None
        recorder.add(
            Operation(
                id=number,
                client=0,
                process=0,
                kind=kind,
                invoked=number,
                returned=number + 0.5,
                result=Result.OK,
                element=element,
                value=value,
            )
        )
    trace = recorder.trace(settings, seed=1, about="")
    assert trace.operations[1].value == [mine]
    assert judge_trace(trace).valid


def queued(*values: str | None) -> Trace:
    """The trace of a queue: one element of this race goes in, then dequeues are given these; `mine` is that element."""
    call = RaceCall(tool="t")
    recorder = Recorder(tag="probe-now", model="queue", limit=10)
    mine = recorder.new_element()
    common: dict[str, Any] = {"client": 0, "process": 0, "result": Result.OK}
    recorder.add(Operation(id=0, kind="enqueue", invoked=0.0, returned=0.5, element=mine, **common))
    for number, value in enumerate(values, 1):
        told = mine if value == "mine" else value
        recorder.add(Operation(id=number, kind="dequeue", invoked=number, returned=number + 0.5, value=told, **common))
    return recorder.trace(RaceSettings(model="queue", calls={"enqueue": call, "dequeue": call}), seed=1, about="")


def test_what_others_left_in_a_queue_is_passed_over_when_it_comes_out() -> None:
    trace = queued("probe-before-0", "Ada", "mine", None)
    assert [each.value for each in trace.operations] == [None, "probe-now-0", None]
    assert judge_trace(trace).valid
    assert not judge_trace(queued("probe-before-0", None)).valid, "lost"


async def _race_on_a_queue(
    server: Reference, folder: Path, *, enqueue: dict[str, Any] | None = None, dequeue: dict[str, Any]
) -> Outcome:
    """With these keys of the two operations."""
    session = {"session_id": "{session}"}
    document = _stdio(
        folder,
        model="queue",
        enqueue={"tool": "enqueue_task", "arguments": {**session, "task": "{op}"}, **(enqueue or {})},
        dequeue={"tool": "dequeue_task", "arguments": session, **dequeue},
    )
    for of_a_counter in ("increment", "read"):
        del document["probes"]["race"][of_a_counter]
    document["targets"]["reference"] = {"url": f"http://127.0.0.1:{server.port}/mcp", "allow_writes": True}
    [outcome] = await run_document(document, folder)
    return outcome


@pytest.mark.parametrize(
    ("dequeue", "reason"),
    [
        pytest.param({"value": "$.task"}, None, id="null"),
        pytest.param(
            {"value": "$.task", "conflict_when": [{"path": "$.structuredContent.taken", "equals": False}]},
            None,
            id="said in another way",
        ),
        pytest.param({"value": "$.there_is_none"}, Reason.EXPECTATION_FAILED, id="nowhere"),
        pytest.param({"value": "$.waiting"}, Reason.EXPECTATION_FAILED, id="no text"),
    ],
)
async def test_a_queue_says_that_it_is_empty(
    right: Reference, dequeue: dict[str, Any], reason: Reason | None, tmp_path: Path
) -> None:
    outcome = await _race_on_a_queue(right, tmp_path, dequeue=dequeue)
    assert outcome.reason == reason, outcome.message


async def test_what_an_enqueue_tells_is_no_element(right: Reference, tmp_path: Path) -> None:
    outcome = await _race_on_a_queue(right, tmp_path, enqueue={"value": "$.waiting"}, dequeue={"value": "$.task"})
    assert outcome.verdict == "pass", outcome.message


async def test_after_the_race_a_queue_is_emptied(right: Reference, tmp_path: Path) -> None:
    config = right.probes(tmp_path)
    traces: list[Trace] = []
    await run_pass(config, [short(config.probes["reference-queue"], operations=40)], on_trace=traces.append)
    put_in = {each.element for each in traces[0].operations if each.kind == "enqueue"}
    told = [each.value for each in traces[0].operations if each.kind == "dequeue"]
    assert put_in == {*told} - {None} != set()
    assert told[-1] is None


@pytest.mark.parametrize(
    ("setup", "message", "warnings", "deleted"),
    [
        pytest.param(
            {"capture": {"gone": "$.nothing", "session": "$.handle"}},
            "nothing to capture as 'gone'",
            0,
            True,
            id="part",
        ),
        pytest.param(
            {"capture": {"session": "$.handle"}, "expect": [{"path": "$.handle", "equals": 1}]},
            "/handle: equals: expected 1",
            0,
            True,
            id="checks",
        ),
        pytest.param({"capture": {"session": "$.nothing"}}, "nothing to capture as 'session'", 1, False, id="nothing"),
    ],
)
async def test_a_setup_that_fails_is_cleaned_up_as_far_as_its_answer_says(
    right: Reference, setup: dict[str, Any], message: str, warnings: int, tmp_path: Path, *, deleted: bool
) -> None:
    document = _stdio(tmp_path, setup={"tool": "create_session", **setup})
    document["targets"]["reference"] = {"url": f"http://127.0.0.1:{right.port}/mcp", "allow_writes": True}
    before = await sessions(right, tmp_path)
    [outcome] = await run_document(document, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.EXPECTATION_FAILED, "setup"), outcome.message
    assert message in outcome.message
    left_out = ("cleanup left out: it needs session, which the setup did not capture",)
    assert outcome.warnings == left_out[:warnings]
    assert (await sessions(right, tmp_path) == before) == deleted


async def test_a_listing_that_fails_for_several_is_told_to_each_in_its_own_words(tmp_path: Path) -> None:
    """They share one failure: what one calls the step must not show in what the other says."""
    async with offering(faults={"list": status(503)}) as peer:
        document = _stdio(tmp_path)
        document["targets"]["reference"] = {"url": peer.url, "protocol": "modern", "allow_writes": True}
        document["probes"]["call"] = {"target": "reference", "kind": "call", "tool": "create_session"}
        outcomes = await run_document(document, tmp_path)
    assert [outcome.reason for outcome in outcomes] == [Reason.UNAVAILABLE] * 2
    assert [outcome.step for outcome in outcomes] == ["tools/list"] * 2
