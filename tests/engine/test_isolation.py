"""What goes wrong in one probe changes nothing for the others, not even when it is the prober's own fault."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from prober.kinds.context import ProbeContext
from prober.outcome import Failure, Outcome, Reason, Verdict
from tests.kinds.offering import document, gives, offering, tool
from tests.leaks import nothing_left_behind
from tests.peers.http_peer import HttpPeer
from tests.running import run_document
from tests.withheld import withheld

BROKEN: Final = "prober.kinds.prompt.run.run"
"""What the tests replace: prompt probes are the broken ones."""

GOOD: Final[dict[str, Any]] = {"kind": "call", "tool": "count"}
WRONG: Final[dict[str, Any]] = GOOD | {"expect": [{"path": "$.count", "equals": 4}]}
READ: Final[dict[str, Any]] = {"kind": "read", "uri": "peer://facts"}
CRASHING: Final[dict[str, Any]] = {"kind": "prompt", "prompt": "greet", "timeout": "1s"}


async def passed(peer: HttpPeer, folder: Path) -> list[Outcome]:
    """One pass in which the second and the last probe are of the kind that the tests break."""
    return await run_document(document(peer, GOOD, CRASHING, WRONG, READ, CRASHING), folder)


def told(outcomes: list[Outcome]) -> list[Reason | None]:
    return [outcome.reason for outcome in outcomes]


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a bug"),
        AssertionError("a bug"),
        KeyError("a bug"),
        RecursionError("a bug"),
        TimeoutError("a bug"),
        OSError(5, "a bug"),
        ExceptionGroup("a bug", [ValueError("within")]),
        asyncio.CancelledError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_probe_that_crashes_is_our_own_fault_and_the_others_are_as_ever(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(context: ProbeContext, settings: Any) -> None:
        async with context.session() as session:
            await session.request("prompts/get", {"name": "greet", "arguments": {"name": "Ada"}})
            raise error

    monkeypatch.setattr(BROKEN, crash)
    async with offering(tool("count", gives({"count": 3}))) as peer, nothing_left_behind():
        outcomes = await passed(peer, tmp_path)
    internal, wrong = Reason.INTERNAL_ERROR, Reason.EXPECTATION_FAILED
    assert told(outcomes) == [None, internal, wrong, None, internal]
    crashed = outcomes[1]
    assert crashed.verdict is Verdict.UNKNOWN
    assert "a bug" in crashed.message
    assert type(error).__name__ in crashed.message
    assert "in crash" in (crashed.evidence[0].detail or "")  # where it happened
    assert [exchange.step for exchange in crashed.exchanges] == ["prompts/get"]


@pytest.mark.clock
async def test_a_probe_that_hangs_ends_at_its_deadline_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(context: ProbeContext, settings: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(BROKEN, hang)
    async with offering(tool("count", gives({"count": 3}))) as peer, nothing_left_behind(), withheld() as late:
        outcomes = await passed(peer, tmp_path)
    assert told(outcomes) == [None, Reason.TIMEOUT, Reason.EXPECTATION_FAILED, None, Reason.TIMEOUT]
    assert all(1 <= outcomes[place].duration_seconds < 1.5 + late.seconds for place in (1, 4))
    assert outcomes[1].message == "the timeout of 1 s passed before the first exchange"
    begun = min(outcome.started_at for outcome in outcomes)
    for place in (0, 2, 3):
        ended = (outcomes[place].started_at - begun).total_seconds() + outcomes[place].duration_seconds
        assert ended < 1 + late.seconds, "it waited for the one that hangs"


async def test_probes_that_fail_together_do_not_mix_up_what_happened(tmp_path: Path) -> None:
    many = [GOOD | {"expect": [{"path": "$.count", "equals": number}]} for number in range(10, 30)]
    async with offering(tool("count", gives({"count": 3}))) as peer:
        outcomes = await run_document(document(peer, *many), tmp_path)
    assert [outcome.evidence[0].expected for outcome in outcomes] == [str(number) for number in range(10, 30)]


async def test_a_failure_that_probes_share_is_not_changed_by_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Failure(Reason.RPC_ERROR, "the key is Bearer hunter2-hunter2", step="tools/list")

    async def fail(context: ProbeContext, settings: Any) -> None:
        raise shared

    monkeypatch.setattr(BROKEN, fail)
    async with offering() as peer:
        configuration = document(peer, CRASHING, CRASHING, headers={"X-Key": "hunter2-hunter2"})
        outcomes = await run_document(configuration, tmp_path)
    assert [outcome.message for outcome in outcomes] == ["the key is Bearer ***"] * 2
    assert shared.message.endswith("hunter2-hunter2")
