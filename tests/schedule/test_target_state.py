"""What is learnt of a target lives as long as it is true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason
from prober.schedule import Scheduler, target_state
from tests.kinds.offering import Tool, document, gives, offering, tool
from tests.peers.http_acts import status
from tests.peers.http_peer import HttpPeer, Script, http_peer
from tests.schedule.ledger import Ledger, loaded, scheduling

RARE: Final[dict[str, Any]] = {"kind": "call", "tool": "count", "interval": "1h", "timeout": "10s"}


@asynccontextmanager
async def asked(peer: HttpPeer, folder: Path, **target: Any) -> AsyncIterator[Scheduler]:
    """A scheduler with a probe of the peer that is run when the test asks for it."""
    async with scheduling(loaded(document(peer, RARE, **target), folder), Ledger()) as scheduler:
        yield scheduler


async def test_a_listing_is_read_once_and_again_when_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(target_state, "monotonic", lambda: now)
    async with offering(tool("count", gives({"count": 3}))) as peer, asked(peer, tmp_path) as scheduler:
        for age, listings in [(0, 1), (10, 1), (299, 1), (300, 2), (310, 2), (599, 2), (600, 3)]:
            now = 1000.0 + age
            assert (await scheduler.run_now("p0")).reason is None
            assert peer.rpc_methods.count("tools/list") == listings, age


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        ([], [tool("count")], [Reason.TOOL_MISSING, None]),
        ([tool("count", read_only=False)], [tool("count")], [Reason.NOT_READ_ONLY, None]),
        (
            [tool("count", gives({"count": "3"}), outputSchema={"type": "object", "required": ["sum"]})],
            [tool("count", gives({"count": "3"}), outputSchema={"type": "object", "required": ["count"]})],
            [Reason.OUTPUT_SCHEMA_MISMATCH, None],
        ),
    ],
    ids=["missing", "writing", "output"],
)
async def test_a_run_that_fails_over_a_listing_is_followed_by_a_fresh_one(
    before: list[Tool], after: list[Tool], reasons: list[Reason | None], tmp_path: Path
) -> None:
    async with offering(*before) as old, offering(*after) as new, asked(old, tmp_path) as scheduler:
        seen = [(await scheduler.run_now("p0")).reason]
        old.script = new.script
        seen.append((await scheduler.run_now("p0")).reason)
    assert seen == reasons


async def test_a_tool_that_was_taken_away_is_missing_in_the_second_run(tmp_path: Path) -> None:
    async with (
        offering(tool("count"), tool("more")) as old,
        offering(tool("more")) as new,
        asked(old, tmp_path) as scheduler,
    ):
        assert (await scheduler.run_now("p0")).reason is None
        old.script = new.script
        seen = [(await scheduler.run_now("p0")).reason for _ in range(2)]
    assert seen == [Reason.RPC_ERROR, Reason.TOOL_MISSING]


async def test_a_probe_that_is_new_is_judged_by_a_listing_of_its_time(tmp_path: Path) -> None:
    async with (
        offering(tool("count")) as old,
        offering(tool("count"), tool("new")) as new,
        asked(old, tmp_path) as scheduler,
    ):
        assert (await scheduler.run_now("p0")).reason is None
        old.script = new.script
        scheduler.apply_config(loaded(document(old, RARE, RARE | {"tool": "new"}), tmp_path))
        assert (await scheduler.run_now("p1")).reason is None


async def test_an_outage_does_not_make_the_era_be_learnt_again(tmp_path: Path) -> None:
    async with offering(tool("count"), era="handshake") as peer:
        well = peer.script
        async with asked(peer, tmp_path, protocol="auto") as scheduler:
            assert (await scheduler.run_now("p0")).server.era == "handshake"
            async with offering(faults=dict.fromkeys(("initialize", "call"), status(503))) as out:
                peer.script = out.script
                for _ in range(3):
                    assert (await scheduler.run_now("p0")).reason is Reason.UNAVAILABLE
            peer.script = well
            assert (await scheduler.run_now("p0")).reason is None
    assert peer.rpc_methods.count("server/discover") == 1


async def test_a_server_that_was_changed_for_one_of_the_other_era_is_learnt_again(tmp_path: Path) -> None:
    echo = RARE | {"tool": "echo", "arguments": {"message": "hello"}}
    async with http_peer(Script(era="modern")) as peer:
        config = loaded(document(peer, echo, protocol="auto"), tmp_path)
        async with scheduling(config, Ledger()) as scheduler:
            assert (await scheduler.run_now("p0")).server.era == "modern"
            peer.script = Script(era="handshake")
            outcomes = [await scheduler.run_now("p0") for _ in range(2)]
    assert outcomes[0].reason is not None
    assert (outcomes[1].reason, outcomes[1].server.era) == (None, "handshake")
