"""`scenario`: steps in order, values carried from one to the next, and a cleanup that has its turn whatever happens."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from prober.kinds.placeholders import SCRATCH
from prober.outcome import Outcome, Reason
from tests.assertions.ticking import PROMISE, ticking
from tests.kinds.offering import Answer, Tool, called, document, gives, offering, probed, respond, says, tool
from tests.leaks import nothing_left_behind
from tests.peers.child import ROOT
from tests.peers.http_acts import close, reset_at_once, silence, status
from tests.peers.http_peer import Act, Call, HttpPeer, well
from tests.peers.messages import dump
from tests.peers.wire import JSON
from tests.running import run_document
from tests.withheld import withheld

MAKE: Final[dict[str, Any]] = {"tool": "make", "arguments": {"name": "{scratch}"}, "capture": {"made": "$.id"}}
USE: Final[dict[str, Any]] = {"tool": "use", "arguments": {"id": "{made}"}}
DROP: Final[dict[str, Any]] = {"tool": "drop", "arguments": {"id": "{made}"}}
TIDY: Final[dict[str, Any]] = {"tool": "tidy"}
FAILING: Final = says("no such thing", isError=True)


def tools(**answers: Answer) -> list[Tool]:
    """`make` that hands out 41, and `use`, `drop`, `tidy`; each answer can be another."""
    usual: dict[str, Answer] = {"make": gives({"id": 41}), "use": gives({}), "drop": gives({}), "tidy": gives({})}
    return [tool(name, answer) for name, answer in (usual | answers).items()]


async def ran(
    peer: HttpPeer,
    folder: Path,
    steps: list[dict[str, Any]],
    cleanup: list[dict[str, Any]] | None = None,
    **settings: Any,
) -> Outcome:
    probe = {"kind": "scenario", "steps": steps, **({"cleanup": cleanup} if cleanup else {}), **settings}
    async with asyncio.timeout(20):
        return await probed(peer, probe, folder)


async def test_steps_run_in_order_and_carry_values_on(tmp_path: Path) -> None:
    async with offering(*tools()) as peer:
        outcome = await ran(peer, tmp_path, [MAKE, USE, USE], [DROP])
    assert outcome.reason is None, outcome.message
    (make, given), *rest = called(peer)
    assert make == "make"
    assert given["name"].startswith("probe-")
    assert rest == [("use", {"id": 41}), ("use", {"id": 41}), ("drop", {"id": 41})]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("{made}", {"k": [1, None]}),
        ("id-{made}", 'id-{"k": [1, null]}'),
        ("{{made}}", "{made}"),
        ("{other}", None),
        ({"deep": ["{made}"]}, {"deep": [{"k": [1, None]}]}),
        ('{"json": {made}}', '{"json": {"k": [1, null]}}'),
    ],
    ids=str,
)
async def test_a_placeholder_is_the_captured_value_of_whatever_type(written: Any, sent: Any, tmp_path: Path) -> None:
    async with offering(*tools(make=gives({"id": {"k": [1, None]}, "other": None}))) as peer:
        make = MAKE | {"capture": {"made": "$.id", "other": "$.other"}}
        outcome = await ran(peer, tmp_path, [make, USE | {"arguments": {"value": written}}])
    assert outcome.reason is None, outcome.message
    assert called(peer)[-1] == ("use", {"value": sent})


async def test_scratch_is_one_name_in_a_run_and_another_in_the_next(tmp_path: Path) -> None:
    step = {"tool": "use", "arguments": {"name": f"{{{SCRATCH}}}"}}
    async with offering(*tools()) as peer:
        for _ in range(2):
            assert (await ran(peer, tmp_path, [step], [step])).reason is None
    first, again, second, _ = [arguments["name"] for _, arguments in called(peer)]
    assert first == again
    assert first != second


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (gives({"other": 1}), "nothing to capture as 'made': $.id selects nothing"),
        (says("made it"), "nothing to capture as 'made': the answer has no such content"),
    ],
    ids=["not there", "nothing structured"],
)
async def test_what_is_to_be_captured_and_is_not_there_fails_the_step(
    answer: Answer, told: str, tmp_path: Path
) -> None:
    async with offering(*tools(make=answer)) as peer:
        outcome = await ran(peer, tmp_path, [MAKE, USE], [TIDY, DROP])
    assert (outcome.reason, outcome.step) == (Reason.EXPECTATION_FAILED, "make")
    assert outcome.message.startswith(told)
    assert [name for name, _ in called(peer)] == ["make", "tidy"]  # there is nothing to drop


async def test_a_path_that_selects_several_values_captures_none(tmp_path: Path) -> None:
    async with offering(*tools(make=gives({"ids": [1, 2]}))) as peer:
        outcome = await ran(peer, tmp_path, [MAKE | {"capture": {"made": "$.ids[*]"}}, USE])
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert "more than one" in outcome.message


async def test_one_name_that_is_not_there_does_not_keep_the_others_from_the_cleanup(tmp_path: Path) -> None:
    make = MAKE | {"capture": {"gone": "$.nothing", "made": "$.id"}}
    async with offering(*tools()) as peer:
        outcome = await ran(peer, tmp_path, [make, USE], [DROP])
    assert (outcome.reason, outcome.step) == (Reason.EXPECTATION_FAILED, "make")
    assert called(peer)[1:] == [("drop", {"id": 41})]


async def test_what_an_answer_that_fails_its_checks_names_is_cleaned_up(tmp_path: Path) -> None:
    make = MAKE | {"expect": [{"path": "$.id", "equals": 42}]}
    async with offering(*tools()) as peer:
        outcome = await ran(peer, tmp_path, [make, USE], [DROP])
    assert (outcome.reason, outcome.step) == (Reason.EXPECTATION_FAILED, "make")
    assert "expected 42" in outcome.message
    assert called(peer)[1:] == [("drop", {"id": 41})]


ENDLESS: Final = "a" * 400 + "!c"
"""A text that the pattern of the next test is searched in for hours."""


@pytest.mark.slow
async def test_capturing_by_a_pattern_without_an_end_holds_up_nobody(tmp_path: Path) -> None:
    make = MAKE | {"capture": {"made": "$.texts[?search(@, '(a|aa)*c')]", "id": "$.id"}}
    async with offering(*tools(make=gives({"id": 41, "texts": [ENDLESS]}))) as peer, ticking() as ticks:
        outcome = await ran(peer, tmp_path, [make, USE], [DROP | {"arguments": {"id": "{id}"}}], timeout="8s")
    assert (outcome.reason, outcome.step) == (Reason.UNDECIDED, "make"), outcome.message
    assert "could not be judged: it was not finished after" in outcome.message
    assert called(peer)[1:] == [("drop", {"id": 41})]
    assert ticks.longest < 4 * PROMISE  # a part of it is the peer's own


async def test_captured_null_is_a_value(tmp_path: Path) -> None:
    async with offering(*tools(make=gives({"id": None}))) as peer:
        assert (await ran(peer, tmp_path, [MAKE, USE])).reason is None
    assert called(peer)[-1] == ("use", {"id": None})


FAILS: Final[tuple[tuple[str, Answer, dict[str, Any], Reason], ...]] = (
    ("the tool fails", FAILING, {}, Reason.TOOL_ERROR),
    ("a schema is not met", gives({"n": 1}), {"schema": {"required": ["m"]}}, Reason.SCHEMA_MISMATCH),
    ("an expectation fails", gives({"n": 1}), {"expect": [{"path": "$.n", "equals": 2}]}, Reason.EXPECTATION_FAILED),
)


@pytest.mark.parametrize(("answer", "checks", "reason"), [row[1:] for row in FAILS], ids=[row[0] for row in FAILS])
async def test_a_step_that_fails_ends_the_steps_and_not_the_cleanup(
    answer: Answer, checks: dict[str, Any], reason: Reason, tmp_path: Path
) -> None:
    async with offering(*tools(use=answer), era="handshake") as peer:
        outcome = await ran(peer, tmp_path, [MAKE, USE | {"name": "first use"} | checks, USE], [DROP, TIDY])
    assert (outcome.reason, outcome.step) == (reason, "first use")
    assert [name for name, _ in called(peer)] == ["make", "use", "drop", "tidy"]
    assert outcome.warnings == ()
    assert peer.verbs.count("DELETE") == 2  # the session of the steps, and that of the cleanup


async def test_a_step_with_a_forbidden_or_missing_tool_is_followed_by_the_cleanup(tmp_path: Path) -> None:
    for name, reason in (("wipe", Reason.NOT_READ_ONLY), ("gone", Reason.TOOL_MISSING)):
        async with offering(*tools(), tool("wipe", read_only=False)) as peer:
            outcome = await ran(peer, tmp_path, [MAKE, {"tool": name}], [DROP])
        assert (outcome.reason, outcome.step) == (reason, name)
        assert [name for name, _ in called(peer)] == ["make", "drop"]


@pytest.mark.clock
async def test_a_step_that_hangs_leaves_the_cleanup_its_share_of_the_time(tmp_path: Path) -> None:
    offered = tools()
    async with (
        offering(*offered, faults={"call": once(silence, offered, "use")}) as peer,
        nothing_left_behind(),
        withheld() as late,
    ):
        outcome = await ran(peer, tmp_path, [MAKE, USE], [DROP], timeout="2s")
    assert (outcome.reason, outcome.step) == (Reason.TIMEOUT, "use")
    assert 1.5 <= outcome.duration_seconds < 2 + late.seconds
    assert [name for name, _ in called(peer)] == ["make", "use", "drop"]
    assert outcome.warnings == ()


@pytest.mark.clock
async def test_the_whole_time_is_the_steps_where_there_is_nothing_to_clean_up(tmp_path: Path) -> None:
    async with offering(*tools(), faults={"call": silence}) as peer, withheld() as late:
        outcome = await ran(peer, tmp_path, [TIDY], timeout="1s")
    assert (outcome.reason, outcome.step) == (Reason.TIMEOUT, "tidy")
    assert 1 <= outcome.duration_seconds <= 1.1 + late.seconds


def once(bad: Act, tools: list[Tool], on: str) -> Act:
    """The first call of the tool `on` goes wrong by `bad`, all others go well."""
    answers = {each.listing["name"]: each.answer for each in tools}
    waiting = [bad]

    async def act(call: Call) -> None:
        name = call.request.message["params"]["name"]
        if name == on and waiting:
            return await waiting.pop()(call)
        result = answers[name]({})
        assert isinstance(result, dict)
        return await respond(call, result)

    return act


async def session_not_found(call: Call) -> None:
    error = {"code": -32001, "message": "Session not found"}
    await call.respond(404, {"Content-Type": JSON}, dump({"jsonrpc": "2.0", "id": None, "error": error}))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (close, Reason.CONNECTION_CLOSED),
        (reset_at_once, Reason.CONNECTION_RESET),
        (session_not_found, Reason.SESSION_LOST),
        (status(503), Reason.UNAVAILABLE),
    ],
    ids=["closed", "reset", "session lost", "unavailable"],
)
async def test_a_conversation_that_breaks_is_cleaned_up_in_a_new_one(bad: Act, reason: Reason, tmp_path: Path) -> None:
    offered = tools()
    async with (
        offering(*offered, era="handshake", faults={"call": once(bad, offered, "use")}) as peer,
        nothing_left_behind(),
    ):
        outcome = await ran(peer, tmp_path, [MAKE, USE], [DROP])
    assert (outcome.reason, outcome.step) == (reason, "use")
    assert [name for name, _ in called(peer)] == ["make", "use", "drop"]
    assert peer.rpc_methods.count("initialize") == 2
    assert outcome.warnings == ()


async def test_a_cleanup_that_fails_after_good_steps_is_the_failure_and_is_not_repeated(tmp_path: Path) -> None:
    async with offering(*tools(drop=FAILING)) as peer:
        outcome = await ran(peer, tmp_path, [MAKE], [DROP, TIDY])
    assert (outcome.reason, outcome.step) == (Reason.TOOL_ERROR, "cleanup drop")
    assert [name for name, _ in called(peer)] == ["make", "drop", "tidy"]
    assert outcome.warnings == ()


async def test_a_cleanup_that_fails_after_a_bad_step_is_a_warning_and_the_rest_has_its_turn(tmp_path: Path) -> None:
    async with offering(*tools(use=FAILING, drop=FAILING)) as peer:
        outcome = await ran(peer, tmp_path, [MAKE, USE], [DROP, TIDY])
    assert (outcome.reason, outcome.step) == (Reason.TOOL_ERROR, "use")
    assert [name for name, _ in called(peer)] == ["make", "use", "drop", "tidy"]
    assert outcome.warnings == ("cleanup failed at cleanup drop: drop answered with an error: no such thing",)


@pytest.mark.clock
async def test_a_cleanup_that_hangs_after_a_bad_step_does_not_hide_what_was_bad(tmp_path: Path) -> None:
    offered = tools(use=FAILING)
    async with (
        offering(*offered, faults={"call": once(silence, offered, "drop")}) as peer,
        nothing_left_behind(),
        withheld() as late,
    ):
        outcome = await ran(peer, tmp_path, [MAKE, USE], [DROP, TIDY], timeout="1s")
    assert (outcome.reason, outcome.step) == (Reason.TOOL_ERROR, "use")
    assert outcome.duration_seconds <= 1.1 + late.seconds
    [first, *_] = outcome.warnings
    assert first.startswith("cleanup failed at cleanup drop: the timeout of 1 s passed")


async def test_a_cleanup_that_hangs_after_good_steps_is_the_failure(tmp_path: Path) -> None:
    offered = tools()
    async with offering(*offered, faults={"call": once(silence, offered, "drop")}) as peer, nothing_left_behind():
        outcome = await ran(peer, tmp_path, [MAKE, USE], [DROP], timeout="1s")
    assert (outcome.reason, outcome.step) == (Reason.TIMEOUT, "cleanup drop")


async def test_a_server_that_is_gone_is_told_once(tmp_path: Path) -> None:
    refusing: list[bool] = []

    async def gone(call: Call) -> None:
        refusing.append(True)
        await close(call)

    async def unless_gone(call: Call) -> None:
        await (close if refusing else well)(call)

    async with offering(*tools(), era="handshake", faults={"call": gone, "initialize": unless_gone}) as peer:
        outcome = await ran(peer, tmp_path, [TIDY], [DROP | {"arguments": {}}, TIDY, TIDY])
    assert (outcome.reason, outcome.step) == (Reason.CONNECTION_CLOSED, "tidy")
    assert len(outcome.warnings) == 1
    assert outcome.server.name == "peer"  # what was learnt before it went


async def test_a_failed_listing_is_told_to_each_probe_in_its_own_words(tmp_path: Path) -> None:
    async with offering(faults={"list": status(503)}) as peer:
        scenario = {"kind": "scenario", "steps": [{"name": "first step", "tool": "make"}]}
        configuration = document(peer, scenario, {"kind": "call", "tool": "make"})
        outcomes = await run_document(configuration, tmp_path)
    assert [outcome.reason for outcome in outcomes] == [Reason.UNAVAILABLE] * 2
    assert [outcome.step for outcome in outcomes] == ["first step", "tools/list"]


@pytest.mark.parametrize(
    ("fatal", "reason", "timeout"),
    [("die", Reason.PROCESS_EXITED, "20s"), pytest.param("hang", Reason.TIMEOUT, "4s", marks=pytest.mark.slow)],
)
async def test_a_process_that_dies_or_hangs_is_followed_by_another_that_cleans_up(
    fatal: str, reason: Reason, timeout: str, tmp_path: Path
) -> None:
    record = tmp_path / "record.jsonl"
    command = [sys.executable, "-m", "tests.kinds.mortal_peer", str(record)]
    probe = {
        "target": "peer",
        "kind": "scenario",
        "timeout": timeout,
        "allow_writes": True,
        "steps": [MAKE | {"capture": {"made": "$.name"}}, {"tool": fatal}],
        "cleanup": [DROP],
    }
    target = {"command": command, "cwd": str(ROOT), "protocol": "modern", "allow_writes": True}
    async with nothing_left_behind():
        [outcome] = await run_document({"targets": {"peer": target}, "probes": {"p": probe}}, tmp_path)
    assert (outcome.reason, outcome.step) == (reason, fatal), outcome.message
    facts = [json.loads(line) for line in record.read_text().splitlines()]
    assert [fact.get("tool", "a process") for fact in facts] == ["a process", "make", fatal, "a process", "drop"]
    made, dropped = (fact["arguments"] for fact in facts if fact.get("tool") in ("make", "drop"))
    assert dropped == {"id": made["name"]}
    assert outcome.warnings == ()
