"""Failures in the log: each call once, whichever layers see it, and no two calls as one."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from mcp_state import SqliteStore, StoreError
from mcp_state.errors import StoreUnavailableError
from mcp_state.store_failures import StoreFailures

from .test_writes import facts


def failures_at(now: list[float]) -> StoreFailures:
    """With a clock that reads what is in the list."""
    return StoreFailures(store="sqlite", clock=lambda: now[0])


@pytest.mark.parametrize(("writes", "calls"), [(True, 1), (False, 2)])
def test_a_failed_write_that_two_layers_log_is_one_and_a_read_that_two_callers_share_is_two(
    caplog: pytest.LogCaptureFixture, writes: bool, calls: int
) -> None:
    now = [100.0]
    failures, shared = failures_at(now), StoreUnavailableError("down")
    failures.log(StoreUnavailableError("down"), tool="t", writes=writes, handle="s")
    for _ in range(2):
        failures.log(shared, tool="t", writes=writes, handle="s")
    now[0] += 2
    failures.log(StoreUnavailableError("down"), tool="t", writes=writes, handle="s")
    event = "write_failed" if writes else "read_failed"
    assert [line["calls"] for line in facts(caplog, event)] == [1, calls + 1]


async def test_writes_that_failed_in_one_commit_have_an_error_each(tmp_path: Path) -> None:
    store = SqliteStore(path=tmp_path / "state.db", window=0.05, max_wait=0.05)
    await store.open()
    try:
        await store.create("s", lifetime=None)
        with sqlite3.connect(tmp_path / "state.db") as other:
            other.execute("BEGIN IMMEDIATE")  # no commit gets the write lock
            steps = (store.step("s", tool="t", result="1") for _ in range(5))
            ends = await asyncio.gather(*steps, return_exceptions=True)
            other.rollback()
        other.close()
    finally:
        await store.close()
    assert {type(each).__name__ for each in ends} == {"StoreBusyError"}
    assert len({id(each) for each in ends if isinstance(each, StoreError)}) == 5
