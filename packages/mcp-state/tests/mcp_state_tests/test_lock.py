"""Waiting for a lock of any store, and working under it."""

from __future__ import annotations

import asyncio

import pytest

from mcp_state import LockHeldError, StateMetrics, StateRecorder, acquire, holding

from .conftest import Sample
from .memory import MemoryLocks
from .test_writes import facts


async def test_workers_under_one_lock_never_overlap_and_each_wait_is_observed(
    recorder: StateRecorder, sample: Sample
) -> None:
    locks, working, tokens = MemoryLocks(), 0, list[int]()

    async def work() -> None:
        nonlocal working
        async with holding(locks, "s", recorder=recorder, tool="t", ttl=30, wait=30) as lock:
            working += 1
            assert working == 1
            tokens.append(lock.token)
            await asyncio.sleep(0.001)
            working -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert tokens == list(range(1, 11))
    assert locks.held == {}
    assert sample("mcp_state_lock_wait_seconds_count", store="sqlite", tool="t") == 10


async def test_a_lock_that_stays_taken_is_refused_and_the_long_wait_logged(
    metrics: StateMetrics, sample: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    locks, recorder = MemoryLocks(), StateRecorder(metrics, lock_wait_warning=0.01)
    await acquire(locks, "s", recorder=recorder, tool="t", ttl=30, wait=0)
    caplog.clear()
    with pytest.raises(LockHeldError):
        await acquire(locks, "s", recorder=recorder, tool="t", ttl=30, wait=0.02)
    assert sample("mcp_state_lock_wait_seconds_count", store="sqlite", tool="t") == 2
    (line,) = facts(caplog, "lock_wait")
    assert (line["session_id"], line["tool"], line["store"]) == ("s", "t", "sqlite")
    assert line["wait_seconds"] >= 0.02


@pytest.mark.parametrize("error", [None, RuntimeError("the work failed")], ids=["well", "failed"])
async def test_what_became_of_the_work_stands_whether_or_not_the_lock_can_be_given_back(
    recorder: StateRecorder, caplog: pytest.LogCaptureFixture, error: Exception | None
) -> None:
    locks = MemoryLocks()
    locks.broken = True

    async def work() -> str:
        async with holding(locks, "s", recorder=recorder, tool="t", ttl=30, wait=0):
            if error:
                raise error
            return "done"

    if error:
        with pytest.raises(RuntimeError, match="the work failed"):
            await work()
    else:
        assert await work() == "done"
    assert facts(caplog, "release_failed") == [{"session_id": "s", "tool": "t", "error": "StoreUnavailableError"}]
