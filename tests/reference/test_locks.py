"""Work under a lock that was lost on the way: the caller learns what became of the write, and so do the metrics."""

from __future__ import annotations

import asyncio

import pytest

from mcp_state.errors import StoreUnavailableError
from prober.reference.tools import locks
from tests.waiting import until

from .calling import ToolRefused
from .worlds import World, serving_inside

LABELS = {"tool": "run_exclusive"}

WORK = 0.4
SHORTER = -0.35
"""Seconds that the lock is held beyond the work: it expires in its middle, as with a holder that was stopped."""


@pytest.fixture
def brief_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that does not last until the work is done."""
    monkeypatch.setattr(locks, "_MARGIN", SHORTER)


@pytest.mark.usefixtures("brief_lock")
async def test_an_expired_lock_that_nobody_took_leaves_the_run_a_success(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving_inside(world, sessions=("s",)) as server:
        run = await server.call("run_exclusive", session_id="s", work_ms=WORK * 1000)
        assert run["runs"] == 1
        assert (await server.call("get_session", session_id="s"))["guardedValue"] == 1
        labels = {**LABELS, "store": world.name}
        assert server.sample("mcp_state_writes_total", **labels, outcome="ok") == 1
        assert server.sample("mcp_state_write_conflicts_total", **labels) == 0
    (facts,) = (vars(record)["facts"] for record in caplog.records if record.getMessage() == "release_failed")
    assert facts == {"session_id": "s", "tool": "run_exclusive", "error": "LockLostError"}


@pytest.mark.usefixtures("brief_lock")
async def test_an_expired_lock_that_another_took_is_a_conflict_and_nothing_is_written(world: World) -> None:
    async with serving_inside(world, sessions=("s",)) as server:
        running = asyncio.create_task(server.call("run_exclusive", session_id="s", work_ms=WORK * 1000))

        async def is_held() -> bool:
            return bool((await server.call("get_session", session_id="s"))["fencingToken"] == 1)

        await until(is_held)
        lock = await server.call("acquire_lock", session_id="s", ttl_ms=60_000, wait_ms=5_000)
        with pytest.raises(ToolRefused, match=r"Fencing token 1 of session 's' is refused: the newest grant has 2"):
            await running
        assert (await server.call("get_session", session_id="s"))["guardedValue"] == 0
        labels = {**LABELS, "store": world.name}
        assert server.sample("mcp_state_write_conflicts_total", **labels) == 1
        assert server.sample("mcp_state_writes_total", **labels, outcome="conflict") == 1
        # The run that lost its lock did not give back that of another.
        assert (await server.call("release_lock", session_id="s", owner=lock["owner"]))["released"]


async def test_a_run_whose_lock_cannot_be_given_back_has_happened_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_arguments: object, **_options: object) -> None:
        raise StoreUnavailableError("down")

    async with serving_inside(world, sessions=("s",)) as server:
        monkeypatch.setattr(server.reference.context.store, "release", refuse)
        assert (await server.call("run_exclusive", session_id="s", work_ms=0))["runs"] == 1
        monkeypatch.undo()
        with pytest.raises(ToolRefused, match="is held by another"):
            await server.call("acquire_lock", session_id="s")


async def test_a_run_that_ends_early_gives_the_lock_back(world: World) -> None:
    async with serving_inside(world, sessions=("s",)) as server:
        await server.call("run_exclusive", session_id="s", work_ms=0)
        await server.call("acquire_lock", session_id="s")
