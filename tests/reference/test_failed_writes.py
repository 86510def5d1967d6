"""A write that failed is seen by everybody: its caller, the log, the metrics, the readiness page."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from mcp_state.errors import StoreBusyError, StoreUnavailableError
from mcp_state.sqlite.error_mapping import is_undone
from mcp_state.store_failures import StoreFailures

from .calling import ToolRefused
from .inside import inside
from .redis.server import running
from .worlds import World, serving_inside


def facts_of(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The facts of each line of an event."""
    return [vars(record)["facts"] for record in caplog.records if record.getMessage() == event]


REASONS = {
    "sqlite": "SQLite failed with SQLITE_IOERR_WRITE: disk I/O error",
    "redis": "Redis is out of memory and takes no writes",
}


async def test_a_write_for_which_there_was_no_room_is_told_everywhere_as_not_done(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving_inside(world, sessions=("s",)) as server:
        await server.call("run_step", session_id="s", action="a")
        assert (await server.http.get("/readyz")).status_code == 200
        with world.full():
            for _ in range(3):
                with pytest.raises(ToolRefused) as caught:
                    await server.call("run_step", session_id="s", action="b")
                assert f"{REASONS[world.name]}. Nothing was written; try again later." in str(caught.value)
            page = await server.http.get("/readyz")
            assert page.status_code == 503
            assert page.text == f"the last write failed 0 s ago: {REASONS[world.name]}\n"
            labels = {"store": world.name, "tool": "run_step"}
            assert server.sample("mcp_state_writes_total", **labels, outcome="failed") == 3
            assert (await server.call("get_session", session_id="s"))["stepCount"] == 1
        assert (await server.call("run_step", session_id="s", action="c"))["stepCount"] == 2
        assert (await server.http.get("/readyz")).text == "ready\n"
    first = facts_of(caplog, "write_failed")[0]
    assert first == {
        "session_id": "s",
        "tool": "run_step",
        "store": world.name,
        "error": "StoreUnavailableError",
        "reason": REASONS[world.name],
        "maybe_written": False,
        "calls": 1,
    }


@pytest.mark.parametrize(
    ("name", "undone"),
    [
        ("SQLITE_FULL", True),
        ("SQLITE_BUSY", True),
        ("SQLITE_BUSY_SNAPSHOT", True),
        ("SQLITE_IOERR_WRITE", True),
        ("SQLITE_IOERR_FSYNC", False),
        ("SQLITE_IOERR", False),
        ("SQLITE_CORRUPT", False),
    ],
)
def test_only_a_commit_that_cannot_be_in_the_file_is_said_not_to_be(name: str, undone: bool) -> None:
    error = sqlite3.OperationalError("commit failed")
    error.sqlite_errorcode = getattr(sqlite3, name)
    assert is_undone(error) is undone


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_outage_is_logged_once_a_second_with_the_number_of_calls(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "mcp_state")
    clock = Clock()
    failures = StoreFailures(store="redis", clock=clock)

    def error() -> StoreUnavailableError:
        return StoreUnavailableError("Redis cannot be reached", detail="Error 111 connecting to 10.0.0.7:6379")

    for at in (0.0, 0.2, 0.4, 1.1, 1.2):
        clock.now = 100.0 + at
        failures.log(error(), tool="get_session", writes=False, handle="s")
    failures.log(error(), tool="get_events", writes=False, handle="s")
    lines = facts_of(caplog, "read_failed")
    assert [(line["tool"], line["calls"]) for line in lines] == [
        ("get_session", 1),
        ("get_session", 3),
        ("get_events", 1),
    ]
    assert lines[0]["reason"] == "Redis cannot be reached: Error 111 connecting to 10.0.0.7:6379"


def test_a_failed_write_is_trouble_until_one_succeeds_or_ten_seconds_have_passed() -> None:
    clock = Clock()
    failures = StoreFailures(store="redis", clock=clock)
    assert failures.trouble is None
    failures.write_failed(StoreBusyError("busy"))
    assert failures.trouble is None
    failures.write_failed(StoreUnavailableError("down"))
    clock.now += 9
    assert failures.trouble == "the last write failed 9 s ago: down"
    clock.now += 1
    assert failures.trouble is None
    failures.write_failed(StoreUnavailableError("down"))
    failures.write_succeeded()
    assert failures.trouble is None


@pytest.mark.external
async def test_the_operator_learns_which_redis_is_down_and_callers_do_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path / "redis") as redis:
        async with inside(tmp_path, store="redis", redis_url=redis.url, sessions=("s",)) as server:
            redis.kill()
            for _ in range(3):  # connections from before may still look alive
                await server.result("get_session", session_id="s")
            with pytest.raises(ToolRefused) as caught:
                await server.call("run_step", session_id="s", action="a")
            page = await server.http.get("/readyz")
    assert "The state store is unavailable: Redis cannot be reached. Nothing was written" in str(caught.value)
    assert (page.status_code, page.text) == (503, "the store cannot be used: Redis cannot be reached\n")
    for shown in (str(caught.value), page.text):
        assert str(redis.port) not in shown
    assert f"127.0.0.1:{redis.port}" in facts_of(caplog, "write_failed")[0]["reason"]
