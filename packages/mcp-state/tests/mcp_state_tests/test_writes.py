"""Writes of any store: what they are counted as, and what the operator reads."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from mcp_state import StateMetrics, StateRecorder, VersionConflictError, counted, optimistic
from mcp_state.errors import (
    ConflictError,
    GaveUpError,
    LockHeldError,
    LockLostError,
    SessionExistsError,
    StaleTokenError,
    StateLostError,
    StoreBusyError,
    StoreUnavailableError,
    UnknownSessionError,
)

from .conftest import Sample

SECRET = "what a caller said"


class ToolError(Exception):
    """By which a framework refuses."""


ENDS: list[tuple[Exception, str]] = [
    (VersionConflictError("s", expected=1, actual=2), "conflict"),
    (VersionConflictError("s", expected=1), "conflict"),
    (StaleTokenError("s", token=1, current=2), "conflict"),
    (GaveUpError("s", tries=4), "conflict"),
    (UnknownSessionError("s"), "rejected"),
    (SessionExistsError("s"), "rejected"),
    (LockHeldError("s", expires_in=1), "rejected"),
    (LockLostError("s"), "rejected"),
    (ToolError(SECRET), "rejected"),
    (StateLostError("s", lost="event 1"), "failed"),
    (StoreBusyError("busy"), "failed"),
    (StoreUnavailableError("down"), "failed"),
    (TimeoutError(SECRET), "failed"),
    (ValueError(SECRET), "failed"),
]


@pytest.mark.parametrize(("error", "outcome"), ENDS, ids=lambda value: value if isinstance(value, str) else repr(value))
async def test_a_write_counts_as_what_ended_it_and_a_conflict_of_it_as_one(
    metrics: StateMetrics, sample: Sample, caplog: pytest.LogCaptureFixture, error: Exception, outcome: str
) -> None:
    async def write() -> None:
        raise error

    recorder = StateRecorder(metrics, rejections=(ToolError,))
    with pytest.raises(type(error)) as raised:
        await counted(write(), recorder=recorder, tool="t", handle="s")
    assert raised.value is error
    assert sample("mcp_state_writes_total", store="sqlite", tool="t", outcome=outcome) == 1
    conflicts = sample("mcp_state_write_conflicts_total", store="sqlite", tool="t")
    assert conflicts == (1 if isinstance(error, ConflictError) else None)
    lines = facts(caplog, "write_failed")
    assert [line["error"] for line in lines] == ([type(error).__name__] if outcome == "failed" else [])
    assert SECRET not in repr(lines)


async def test_a_write_that_is_well_is_counted_and_not_logged(
    recorder: StateRecorder, sample: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    async def write() -> int:
        return 7

    assert await counted(write(), recorder=recorder, tool="t", handle="s") == 7
    assert await optimistic(write, recorder=recorder, tool="t", handle="s") == (7, 0)
    assert sample("mcp_state_writes_total", store="sqlite", tool="t", outcome="ok") == 2
    assert sample("mcp_state_write_retries_count", store="sqlite", tool="t") == 1
    assert caplog.records == []


@pytest.mark.parametrize("error", [KeyError("x"), StaleTokenError("s", token=1, current=2)], ids=repr)
async def test_only_a_version_that_moved_on_is_tried_again(
    recorder: StateRecorder, sample: Sample, error: Exception
) -> None:
    tries = 0

    async def attempt() -> None:
        nonlocal tries
        tries += 1
        raise error

    with pytest.raises(type(error)):
        await optimistic(attempt, recorder=recorder, tool="t", handle="s")
    assert tries == 1
    assert sample("mcp_state_write_retries_sum", store="sqlite", tool="t") == 0


async def test_a_writer_that_loses_every_time_is_told_so_and_so_is_the_operator(
    recorder: StateRecorder, sample: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[float] = []

    async def attempt() -> None:
        raise VersionConflictError("s", expected=1)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with pytest.raises(GaveUpError, match="changed by others on each of 4 tries"):
        await optimistic(attempt, recorder=recorder, tool="t", handle="s", sleep=sleep)
    assert len(waits) == 3
    assert sample("mcp_state_write_conflicts_total", store="sqlite", tool="t") == 4
    assert sample("mcp_state_write_retries_bucket", store="sqlite", tool="t", le="3.0") == 1
    assert sample("mcp_state_write_retries_bucket", store="sqlite", tool="t", le="2.0") == 0
    known = {"session_id": "s", "tool": "t", "store": "sqlite"}
    assert facts(caplog, "write_conflict") == [{**known, "retry_count": retry} for retry in range(4)]
    assert len(facts(caplog, "write_gave_up")) == 1
    assert [(each.session_id, each.conflicts) for each in recorder.contention.top(1)] == [("s", 4)]
    assert {record.levelno for record in caplog.records} == {logging.WARNING, logging.ERROR}


async def test_a_failed_write_is_remembered_until_one_is_well(recorder: StateRecorder) -> None:
    async def fail() -> None:
        raise StoreUnavailableError("the disk is full")

    async def succeed() -> None:
        return None

    with pytest.raises(StoreUnavailableError):
        await counted(fail(), recorder=recorder, tool="t", handle="s")
    assert recorder.failures.trouble == "the last write failed 0 s ago: the disk is full"
    await counted(succeed(), recorder=recorder, tool="t", handle="s")
    assert recorder.failures.trouble is None


def test_one_registry_has_room_for_one_server(registry: CollectorRegistry, metrics: StateMetrics) -> None:
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        StateMetrics(registry, store="redis")
    assert metrics.store == "sqlite"


def facts(caplog: pytest.LogCaptureFixture, event: str) -> list[Mapping[str, Any]]:
    """What was logged with an event."""
    return [vars(record)["facts"] for record in caplog.records if record.getMessage() == event]
