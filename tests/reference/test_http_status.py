"""Failures of the store as HTTP statuses: real ones, seen by callers and by probes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.waiting import until

from .inside import Inside
from .processes import serving
from .test_server import DISCOVER_HEADERS
from .worlds import RedisWorld, SqliteWorld, World, serving_inside

HASTY = {"store_wait": 0.2, "redis_pool": 1}
"""A pool that is exhausted by one call, and no patience for it."""


@asynccontextmanager
async def exhausted(world: World, server: Inside) -> AsyncIterator[None]:
    """All that a write needs is taken by others while the body runs."""
    if isinstance(world, SqliteWorld):
        with _write_lock(world.path):
            yield
        return
    assert isinstance(world, RedisWorld)
    world.server.freeze()
    holding = asyncio.create_task(post(server, "get_session", session_id="s"))
    in_use = {"store": "redis", "state": "in_use"}
    await until(lambda: server.sample("mcp_state_pool_connections", **in_use) == 1, "the connection is in use")
    try:
        yield
    finally:
        world.server.thaw()
        await holding


@contextmanager
def _write_lock(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def post(server: Inside, tool: str, *, era: str = "2026-07-28", **arguments: object) -> httpx.Response:
    """The whole answer to a tool call, in one of the eras."""
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    if era == "2026-07-28":
        meta = "io.modelcontextprotocol/"
        params["_meta"] = {f"{meta}protocolVersion": era, f"{meta}clientCapabilities": {}}
    headers = {**DISCOVER_HEADERS, "mcp-protocol-version": era, "mcp-method": "tools/call", "mcp-name": tool}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return await server.http.post("/mcp", json=body, headers=headers)


@pytest.mark.parametrize("era", ["2026-07-28", "2025-11-25"])
async def test_an_exhausted_store_is_503_in_both_eras_and_says_when_to_come_back(world: World, era: str) -> None:
    async with serving_inside(world, sessions=("s",), http_status=True, **HASTY) as server:
        async with exhausted(world, server):
            answer = await post(server, "run_step", era=era, session_id="s", action="a")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.text.startswith("The state store is busy: ")
        assert answer.text.endswith(". Nothing was written; try again later.\n")
        labels = {"store": world.name, "tool": "run_step"}
        assert server.sample("mcp_state_writes_total", **labels, outcome="failed") == 1

        async def works() -> bool:
            return (await post(server, "run_step", era=era, session_id="s", action="a")).status_code == 200

        await until(works, "the store is free")
        assert (await server.call("get_session", session_id="s"))["stepCount"] == 1


async def test_without_the_setting_it_is_a_tool_error(world: World) -> None:
    async with serving_inside(world, sessions=("s",), **HASTY) as server:
        async with exhausted(world, server):
            answer = await post(server, "run_step", session_id="s", action="a")
        assert answer.status_code == 200
        assert answer.json()["result"]["isError"]
        assert "The state store is busy: " in answer.json()["result"]["content"][0]["text"]


async def test_a_conflict_that_no_retry_made_good_is_500(world: World) -> None:
    async with serving_inside(world, sessions=("s",), http_status=True) as server:
        lock = await server.call("acquire_lock", session_id="s", ttl_ms=10)
        await server.call("acquire_lock", session_id="s", wait_ms=5_000)
        answer = await post(server, "write_guarded", session_id="s", fencing_token=lock["fencingToken"], value=1)
        assert (answer.status_code, answer.text) == (
            500,
            "Fencing token 1 of session 's' is refused: the newest grant has 2. "
            "The lock was lost; acquire it again and read before writing.\n",
        )

        async def gives_up() -> bool:
            answers = await asyncio.gather(
                *(
                    post(server, "advance_workflow", session_id="s", next_phase=f"p{number}", agent_id="a")
                    for number in range(24)
                )
            )
            assert {answer.status_code for answer in answers} <= {200, 500}
            return any("was changed by others on each of 4 tries" in each.text for each in answers)

        await until(gives_up, "an advance gives up")


REFUSALS = [
    ("run_step", {"session_id": "nobody", "action": "a"}),
    ("run_step", {"session_id": "s"}),
    ("compare_and_swap", {"session_id": "s", "expected_version": 7, "value": 1}),
    ("release_lock", {"session_id": "s", "owner": "nobody"}),
]


@pytest.mark.parametrize(("tool", "arguments"), REFUSALS)
async def test_what_is_the_callers_mistake_stays_a_tool_result(
    world: World, tool: str, arguments: dict[str, Any]
) -> None:
    async with serving_inside(world, sessions=("s",), http_status=True) as server:
        assert (await post(server, tool, **arguments)).status_code == 200


# Probes


PROBES = """
targets:
  state: {{url: "{url}"}}
probes:
  exhausted:
    target: state
    kind: call
    tool: run_step
    arguments: {{session_id: s, action: a}}
    allow_writes: true
  conflicting:
    target: state
    kind: call
    tool: write_guarded
    arguments: {{session_id: s, fencing_token: 7, value: 1}}
    allow_writes: true
"""


@pytest.mark.slow
def test_probes_tell_an_exhausted_store_from_a_conflict_that_nobody_handled(tmp_path: Path) -> None:
    with serving(tmp_path, "--http-status", "--store-wait", "0.1", "--session", "s", "--db", "state.db") as server:
        (tmp_path / "probes.yaml").write_text(PROBES.format(url=server.url))
        with _write_lock(tmp_path / "state.db"):
            command = [sys.executable, "-m", "prober", "run", "probes.yaml", "--output", "json"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
        said = {run["probe"]: (run["verdict"], run["reason"]) for run in json.loads(done.stdout)["results"]}
        assert said == {"exhausted": ("fail", "unavailable"), "conflicting": ("fail", "unavailable")}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
        said = {run["probe"]: (run["verdict"], run["reason"]) for run in json.loads(done.stdout)["results"]}
        assert said == {"exhausted": ("pass", None), "conflicting": ("fail", "server_error")}
