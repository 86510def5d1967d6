"""Optimistic locking: when it tries again, when it gives up, and what it tells."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from mcp_state.errors import GaveUpError, StoreUnavailableError, VersionConflictError
from mcp_state.writes import optimistic, wait_before
from tests.waiting import until

from .calling import ToolRefused
from .inside import inside

LABELS = {"store": "sqlite", "tool": "advance_workflow"}


class Losing:
    """An attempt that loses a number of times before it wins."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.waits: list[float] = []

    async def __call__(self) -> str:
        if self.left:
            self.left -= 1
            raise VersionConflictError("s", expected=1, actual=2)
        return "won"

    async def sleep(self, seconds: float) -> None:
        """Remember the wait instead of waiting."""
        self.waits.append(seconds)


@pytest.mark.parametrize(
    ("retry", "least", "most"),
    [(0, 0.05, 0.10), (1, 0.10, 0.15), (2, 0.20, 0.25), (3, 0.40, 0.45), (4, 0.50, 0.55), (60, 0.50, 0.55)],
)
def test_waits_double_from_50_to_500_ms_plus_a_random_part(retry: int, least: float, most: float) -> None:
    waits = [wait_before(retry) for _ in range(200)]
    assert least <= min(waits) < max(waits) <= most


@pytest.mark.parametrize("times", [0, 1, 2, 3])
async def test_a_write_that_loses_up_to_three_times_wins_in_the_end(tmp_path: Path, times: int) -> None:
    attempt = Losing(times)
    async with inside(tmp_path) as server:
        recorder = server.reference.context.recorder
        result = await optimistic(attempt, recorder=recorder, tool="advance_workflow", handle="s", sleep=attempt.sleep)
        assert result == ("won", times)
        assert len(attempt.waits) == times
        assert server.sample("mcp_state_write_conflicts_total", **LABELS) == times
        assert server.sample("mcp_state_writes_total", **LABELS, outcome="ok") == 1
        assert server.sample("mcp_state_write_retries_sum", **LABELS) == times
        assert server.sample("mcp_state_write_retries_bucket", **LABELS, le=f"{times}.0") == 1


async def test_a_write_that_loses_four_times_gives_up_and_says_how_often_it_tried(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = Losing(4)
    async with inside(tmp_path) as server:
        recorder = server.reference.context.recorder
        with pytest.raises(GaveUpError, match="session 's' was changed by others on each of 4 tries"):
            await optimistic(attempt, recorder=recorder, tool="advance_workflow", handle="s", sleep=attempt.sleep)
        assert len(attempt.waits) == 3
        assert server.sample("mcp_state_write_conflicts_total", **LABELS) == 4
        assert server.sample("mcp_state_writes_total", **LABELS, outcome="conflict") == 1
        assert server.sample("mcp_state_write_retries_sum", **LABELS) == 3
        assert [(each.session_id, each.conflicts) for each in recorder.contention.top(5)] == [("s", 4)]
    told = [(record.getMessage(), record.facts) for record in caplog.records if hasattr(record, "facts")]
    conflict = {"session_id": "s", "tool": "advance_workflow", "store": "sqlite"}
    assert told == [
        *(("write_conflict", {**conflict, "retry_count": retry}) for retry in range(4)),
        ("write_gave_up", {"session_id": "s", "tool": "advance_workflow", "tries": 4}),
    ]


async def test_a_store_that_fails_is_not_tried_again(tmp_path: Path) -> None:
    async def attempt() -> None:
        raise StoreUnavailableError("down")

    async with inside(tmp_path) as server:
        recorder = server.reference.context.recorder
        with pytest.raises(StoreUnavailableError):
            await optimistic(attempt, recorder=recorder, tool="advance_workflow", handle="s")
        assert server.sample("mcp_state_writes_total", **LABELS, outcome="failed") == 1


async def test_agents_that_advance_one_workflow_at_once_lose_no_advance_they_were_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "mcp_state")
    async with inside(tmp_path) as server:
        handle = await server.session()
        outcomes = await asyncio.gather(
            *(
                server.call(
                    "advance_workflow", session_id=handle, next_phase=f"p{n}", completed_step=f"s{n}", agent_id="a"
                )
                for n in range(12)
            ),
            return_exceptions=True,
        )
        won = [outcome for outcome in outcomes if isinstance(outcome, dict)]
        lost = [str(outcome) for outcome in outcomes if isinstance(outcome, ToolRefused)]
        assert len(won) + len(lost) == 12
        assert won
        state = await server.call("get_workflow_state", session_id=handle)
        assert state["version"] == len(state["completedSteps"]) == len(won)
        assert sorted(each["version"] for each in won) == list(range(1, len(won) + 1))
        assert all(
            f"Session {handle!r} was changed by others on each of 4 tries, so nothing was written." in text
            for text in lost
        )
        assert server.sample("mcp_state_writes_total", **LABELS, outcome="ok") == len(won)
        assert server.sample("mcp_state_writes_total", **LABELS, outcome="conflict") == len(lost)
        retried = sum(each["retries"] for each in won)
        conflicts = server.sample("mcp_state_write_conflicts_total", **LABELS)
        assert conflicts == retried + 4 * len(lost) > 0


OUTCOMES = [
    ("run_step", {"action": "a"}, "ok"),
    ("run_step", {"action": "a", "session_id": "nobody"}, "rejected"),
    ("compare_and_swap", {"expected_version": 5, "value": 1}, "conflict"),
    ("release_lock", {"owner": "nobody"}, "rejected"),
    ("write_guarded", {"fencing_token": 5, "value": 1}, "conflict"),
]


@pytest.mark.parametrize(("tool", "arguments", "outcome"), OUTCOMES)
async def test_a_write_is_counted_as_its_caller_was_told(
    tmp_path: Path, tool: str, arguments: dict[str, object], outcome: str
) -> None:
    async with inside(tmp_path, sessions=("s",)) as server:
        await server.result(tool, **{"session_id": "s", **arguments})
        counts = {
            each: server.sample("mcp_state_writes_total", store="sqlite", tool=tool, outcome=each)
            for each in ("ok", "conflict", "rejected", "failed")
        }
        assert counts == {**dict.fromkeys(counts, 0.0), outcome: 1.0}


async def test_a_store_that_is_down_is_told_by_every_tool_and_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with inside(tmp_path, sessions=("s",), purge_every=0.01) as server:
        await server.reference.context.store.close()
        with pytest.raises(ToolRefused, match=r"The state store is unavailable: .* Nothing was written"):
            await server.call("run_step", session_id="s", action="a")
        assert server.sample("mcp_state_writes_total", store="sqlite", tool="run_step", outcome="failed") == 1
        assert (await server.http.get("/readyz")).status_code == 503
        assert (await server.http.get("/healthz")).status_code == 200
        assert "mcp_active_sessions NaN" in (await server.http.get("/metrics")).text
        await until(lambda: any(record.getMessage() == "purge_failed" for record in caplog.records))


async def test_a_long_wait_for_a_lock_is_logged_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with inside(tmp_path, sessions=("s",), lock_wait_warning=0.1) as server:
        await server.call("acquire_lock", session_id="s")
        caplog.clear()  # on a busy machine, getting a free lock may have taken long as well
        with pytest.raises(ToolRefused, match=r"The lock of session 's' is held by another; it is free in \d+\.\d s"):
            await server.call("acquire_lock", session_id="s", wait_ms=150)
        waits = {"store": "sqlite", "tool": "acquire_lock"}
        assert server.sample("mcp_state_lock_wait_seconds_count", **waits) == 2
        assert server.sample("mcp_state_lock_wait_seconds_sum", **waits) >= 0.15
    (facts,) = (vars(record)["facts"] for record in caplog.records if record.getMessage() == "lock_wait")
    assert facts.pop("wait_seconds") >= 0.15
    assert facts == {"session_id": "s", "tool": "acquire_lock", "store": "sqlite"}


async def test_callers_that_do_not_collide_meet_no_conflict(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        handles = [await server.session() for _ in range(8)]
        await asyncio.gather(
            *(server.call("advance_workflow", session_id=handle, next_phase="p", agent_id="a") for handle in handles)
        )
        assert server.reference.context.recorder.contention.top(1) == []
        assert server.sample("mcp_state_write_conflicts_total", **LABELS) == 0
