"""Faults in the state, in answers and in the listing: each shows its effect while it is on, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from prober.reference.tools.catalog import TOOLS

from .asking import answer
from .calling import ToolRefused
from .inside import Inside, inside

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    """One server for all tests of this module."""
    async with inside(tmp_path_factory.mktemp("faults"), cache_ttl=3600) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def server(shared_server: Inside) -> AsyncIterator[Inside]:
    """The server, without faults before and after."""
    yield shared_server
    await switch(shared_server)


async def switch(server: Inside, *faults: str) -> None:
    """Switch to these faults."""
    answer = await server.http.post("/debug/faults", json={"faults": list(faults)})
    assert answer.status_code == 200, answer.text


# In the state: each check says whether the effect shows; it must with the fault on, and must not with it off


async def lost_update(server: Inside, handle: str) -> bool:
    """Acknowledged, and not there."""
    told = (await server.call("run_step", session_id=handle, action="a"))["stepCount"]
    lost_step = bool((await server.call("get_session", session_id=handle))["stepCount"] < told)
    told = (await server.call("complete_step", session_id=handle, step_id="s", agent_id="a"))["number"]
    lost_event = (await server.call("get_workflow_state", session_id=handle))["version"] < told
    swaps = [
        await server.call("compare_and_swap", session_id=handle, expected_version=0, value=value) for value in (1, 2)
    ]
    two_winners = all(swap["swapped"] for swap in swaps)
    assert lost_step == lost_event == two_winners
    return lost_step


async def torn_read(server: Inside, handle: str) -> bool:
    """Fields of one answer from two writes."""
    for value in ("one", "two"):
        await server.call("record_step", session_id=handle, tool=value, result=value)
    record = await server.call("get_session", session_id=handle)
    assert record["lastTool"] == "two"
    return bool(record["lastResult"] == "one")


async def stale_cache(server: Inside, handle: str) -> bool:
    """An old configuration after an acknowledged change."""
    await server.call("update_session_config", session_id=handle, options={"a": 1})
    await server.call("get_session_config", session_id=handle)
    version = (await server.call("update_session_config", session_id=handle, options={"a": 2}))["version"]
    return bool((await server.call("get_session_config", session_id=handle))["version"] < version)


async def session_loss(server: Inside, handle: str) -> bool:
    """A live handle unknown."""
    result = await server.result("get_session", session_id=handle)
    return bool(result["isError"]) and "Unknown or expired session" in result["content"][0]["text"]


async def lock_not_released(server: Inside, handle: str) -> bool:
    """Given back, and still held."""
    lock = await server.call("acquire_lock", session_id=handle)
    await server.call("release_lock", session_id=handle, owner=lock["owner"])
    result = await server.result("acquire_lock", session_id=handle)
    return bool(result["isError"]) and "is held by another" in result["content"][0]["text"]


async def double_lock(server: Inside, handle: str) -> bool:
    """Two holders, and work that overlaps."""
    runs = await asyncio.gather(
        *(server.call("run_exclusive", session_id=handle, work_ms=20, wait_ms=5_000) for _ in range(4))
    )
    overlapped = len({run["runs"] for run in runs}) < len(runs)
    assert overlapped == (len({run["fencingToken"] for run in runs}) < len(runs))
    return overlapped


async def duplicate_event(server: Inside, handle: str) -> bool:
    """One event, twice in the log."""
    await server.call("complete_step", session_id=handle, step_id="s", agent_id="a")
    return len((await server.call("get_events", session_id=handle))["events"]) == 2


STATE: dict[str, Callable[[Inside, str], Awaitable[bool]]] = {
    "lost-update": lost_update,
    "torn-read": torn_read,
    "stale-cache": stale_cache,
    "session-loss": session_loss,
    "lock-not-released": lock_not_released,
    "double-lock": double_lock,
    "duplicate-event": duplicate_event,
}


@pytest.mark.parametrize("name", STATE)
async def test_a_state_fault_shows_its_effect_while_it_is_on_and_only_then(server: Inside, name: str) -> None:
    assert not await STATE[name](server, await server.session())
    handle = await server.session()
    await switch(server, name)
    assert await STATE[name](server, handle)
    assert server.reference.switches.strikes[name] > 0
    await switch(server)
    assert not await STATE[name](server, await server.session())


@pytest.mark.parametrize("name", ["lost-update", "torn-read", "stale-cache", "session-loss"])
async def test_what_a_state_fault_pretends_is_gone_when_it_is_off(server: Inside, name: str) -> None:
    handle = await server.session()
    await server.call("record_step", session_id=handle, tool="t", result="t")
    await server.call("update_session_config", session_id=handle, options={"a": 1})
    await server.call("get_session_config", session_id=handle)
    await switch(server, name)
    for tool, arguments in (
        ("record_step", {"tool": "u", "result": "u"}),
        ("update_session_config", {"options": {"a": 2}}),
        ("get_session", {}),
        ("get_session_config", {}),
    ):
        await server.result(tool, session_id=handle, **arguments)
    await switch(server)
    record = await server.call("get_session", session_id=handle)
    config = await server.call("get_session_config", session_id=handle)
    written = name in {"torn-read", "stale-cache"}
    assert (record["stepCount"], record["lastTool"]) == ((2, "u") if written else (1, "t"))
    assert record["lastResult"] == record["lastTool"]
    assert config["options"] == {"a": 1 if name == "session-loss" else 2}


# In answers and the listing


@pytest.mark.parametrize("name", ["missing-field", "null-field", "wrong-type"])
@pytest.mark.parametrize("tool", TOOLS)
async def test_an_answer_fault_breaks_the_declared_schema_of_every_tool(server: Inside, tool: str, name: str) -> None:
    schema = (await server.tools())[tool]["outputSchema"]
    handle = await server.session()
    lock: dict[str, Any] = {}
    if tool in {"release_lock", "write_guarded"}:
        lock = await server.call("acquire_lock", session_id=handle)
    await switch(server, name)
    structured = await answer(server, tool, handle=handle, lock=lock)
    errors = list(Draft202012Validator(schema).iter_errors(structured))
    assert [error.validator for error in errors] == ["required" if name == "missing-field" else "type"]


async def test_the_workflows_completed_steps_are_what_answer_faults_break(server: Inside) -> None:
    handle = await server.session()
    shown: dict[str, Any] = {}
    for name in ("missing-field", "null-field", "wrong-type"):
        await switch(server, name)
        result = await server.result("get_workflow_state", session_id=handle)
        shown[name] = result["structuredContent"].get("completedSteps", "missing")
    assert shown == {"missing-field": "missing", "null-field": None, "wrong-type": "[]"}


async def test_a_tool_error_comes_instead_of_the_answer_and_is_counted(server: Inside) -> None:
    handle = await server.session()
    labels = {"tool_name": "run_step", "status": "error"}
    before = server.sample("mcp_tool_calls_total", **labels)
    await switch(server, "tool-error")
    with pytest.raises(ToolRefused, match="Error executing tool run_step: the fault tool-error is on"):
        await server.call("run_step", session_id=handle, action="a")
    assert server.sample("mcp_tool_calls_total", **labels) == before + 1


async def test_a_dropped_tool_is_neither_listed_nor_there_to_call(server: Inside) -> None:
    handle = await server.session()
    await switch(server, "drop-tool")
    assert set(TOOLS) - set(await server.tools()) == {"get_workflow_state"}
    with pytest.raises(ToolRefused, match=r"^Unknown tool: get_workflow_state$"):
        await server.call("get_workflow_state", session_id=handle)
    await server.call("get_session", session_id=handle)


async def test_an_unusable_schema_has_choices_at_its_root(server: Inside) -> None:
    before = await server.tools()
    await switch(server, "unusable-schema")
    after = await server.tools()
    assert [name for name in TOOLS if before[name] != after[name]] == ["get_workflow_state"]
    assert after["get_workflow_state"]["inputSchema"].keys() - before["get_workflow_state"]["inputSchema"] == {"anyOf"}


async def test_answers_are_crossed_for_calls_that_come_together_and_for_no_others(server: Inside) -> None:
    handles = [await server.session() for _ in range(2)]
    await switch(server, "crossed-answers")
    alone = await server.call("get_session", session_id=handles[0])
    together = await asyncio.gather(*(server.call("get_session", session_id=handle) for handle in handles))
    assert alone["sessionId"] == handles[0]
    assert [each["sessionId"] for each in together] == handles[::-1]


async def test_a_drifted_schema_asks_for_one_argument_more(server: Inside) -> None:
    before = await server.tools()
    await switch(server, "schema-drift")
    after = await server.tools()
    changed = [name for name in TOOLS if before[name] != after[name]]
    assert changed == ["get_workflow_state"]
    asked = set(after["get_workflow_state"]["inputSchema"]["required"])
    assert asked - set(before["get_workflow_state"]["inputSchema"]["required"]) == {"tenant"}
