"""What the tools answer, and how they refuse."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from prober.reference.faults.answers import FIELDS
from prober.reference.tools.catalog import TOOLS
from tests.waiting import until

from .asking import NEEDS_NO_SESSION, OK, answer
from .calling import ToolRefused
from .inside import Inside, inside

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    """A server with small limits. One for all: each test has sessions of its own."""
    async with inside(tmp_path_factory.mktemp("tools"), payload_limit=1_000, snapshot_every=10) as server:
        yield server


# The listing


async def test_the_catalog_is_what_is_listed_in_its_order(server: Inside) -> None:
    assert list(await server.tools()) == list(TOOLS) == sorted(OK, key=list(TOOLS).index)


async def test_hints_tell_readers_from_writers(server: Inside) -> None:
    tools = await server.tools()
    readers = {name for name, tool in tools.items() if tool["annotations"]["readOnlyHint"]}
    assert readers == {
        "get_session",
        "list_sessions",
        "get_workflow_state",
        "get_events",
        "replay_state",
        "get_session_config",
    }
    assert not any(tool["annotations"]["openWorldHint"] for tool in tools.values())
    assert all("destructiveHint" in tools[name]["annotations"] for name in tools.keys() - readers)


@pytest.mark.parametrize("tool", [name for name, traits in TOOLS.items() if not traits.writes])
async def test_a_reader_changes_nothing(server: Inside, tool: str) -> None:
    handle = await server.session()
    await server.call("complete_step", session_id=handle, step_id="s", agent_id="a")
    before = await server.call("get_session", session_id=handle)
    arguments = OK[tool] if tool in NEEDS_NO_SESSION else {"session_id": handle, **OK[tool]}
    assert await server.call(tool, **arguments) == await server.call(tool, **arguments)
    assert await server.call("get_session", session_id=handle) == before


@pytest.mark.parametrize("tool", TOOLS)
async def test_an_answer_matches_the_declared_schema_and_the_text_says_the_same(server: Inside, tool: str) -> None:
    schema = (await server.tools())[tool]["outputSchema"]
    Draft202012Validator.check_schema(schema)
    structured = await answer(server, tool)
    Draft202012Validator(schema).validate(structured)
    assert set(schema["required"]) == set(schema["properties"]) == set(structured)


@pytest.mark.parametrize("tool", TOOLS)
async def test_every_answer_has_a_field_that_answer_faults_can_break(server: Inside, tool: str) -> None:
    validator = Draft202012Validator((await server.tools())[tool]["outputSchema"])
    structured = await answer(server, tool)
    field = next(name for name in FIELDS if name in structured)
    assert not validator.is_valid({**structured, field: None})


@pytest.mark.parametrize("tool", TOOLS)
async def test_result_names_are_camel_case_and_argument_names_snake_case(server: Inside, tool: str) -> None:
    listed = (await server.tools())[tool]
    assert all("_" not in name for name in listed["outputSchema"]["properties"])
    assert all(name == name.lower() for name in listed["inputSchema"].get("properties", {}))


# What they do


async def test_steps_are_counted_and_told_apart(server: Inside) -> None:
    handle = await server.session()
    steps = await asyncio.gather(*(server.call("run_step", session_id=handle, action="a") for _ in range(20)))
    assert sorted(step["stepCount"] for step in steps) == list(range(1, 21))


async def test_a_step_is_recorded_with_its_result(server: Inside) -> None:
    handle = await server.session()
    await server.call("record_step", session_id=handle, tool="search", result={"hits": [1, None]})
    record = await server.call("get_session", session_id=handle)
    assert (record["stepCount"], record["lastTool"], record["lastResult"]) == (1, "search", {"hits": [1, None]})


async def test_a_step_can_renew_a_session_with_another_lifetime(server: Inside) -> None:
    handle = await server.session()
    renewed = await server.call("update_workflow_step", session_id=handle, action="a", result=1, ttl_seconds=90)
    assert renewed["lifetimeSeconds"] == 90


async def test_a_swap_that_lost_tells_what_is_there_instead(server: Inside) -> None:
    handle = await server.session()
    won = await server.call("compare_and_swap", session_id=handle, expected_version=0, value=[1])
    lost = await server.call("compare_and_swap", session_id=handle, expected_version=0, value=[2])
    assert (won["swapped"], won["value"], won["valueVersion"]) == (True, [1], 1)
    assert (lost["swapped"], lost["value"], lost["valueVersion"]) == (False, [1], 1)


async def test_a_swap_by_value_that_lost_tells_what_is_there_instead(server: Inside) -> None:
    handle = await server.session()
    won = await server.call("compare_and_swap_value", session_id=handle, expected_value=None, value={"b": 1, "a": 2})
    lost = await server.call("compare_and_swap_value", session_id=handle, expected_value=None, value=[2])
    again = await server.call("compare_and_swap_value", session_id=handle, expected_value=lost["value"], value=3)
    assert (won["swapped"], lost["swapped"], again["swapped"]) == (True, False, True)
    assert (lost["value"], lost["valueVersion"], again["valueVersion"]) == ({"b": 1, "a": 2}, 1, 2)
    assert server.sample("mcp_state_write_conflicts_total", store="sqlite", tool="compare_and_swap_value") == 1


async def test_each_task_of_a_queue_goes_to_one_agent(server: Inside) -> None:
    handle = await server.session()
    for task in range(6):
        assert (await server.call("enqueue_task", session_id=handle, task={"n": task}))["waiting"] == task + 1
    taken = await asyncio.gather(*(server.call("dequeue_task", session_id=handle) for _ in range(9)))
    assert sorted(each["task"]["n"] for each in taken if each["taken"]) == list(range(6))
    assert [each["task"] for each in taken if not each["taken"]] == [None] * 3
    assert {each["waiting"] for each in taken} == set(range(6))


async def test_a_workflow_is_what_happened_to_it(server: Inside) -> None:
    handle = await server.session()
    assert (await server.call("get_workflow_state", session_id=handle))["completedSteps"] == []
    await server.call("complete_step", session_id=handle, step_id="fetch", agent_id="one")
    await server.call("advance_workflow", session_id=handle, next_phase="review", completed_step="draft", agent_id="a")
    await server.call("record_error", session_id=handle, message="too long", agent_id="two")
    state = await server.call("get_workflow_state", session_id=handle)
    assert state == {
        "sessionId": handle,
        "currentPhase": "review",
        "completedSteps": ["fetch", "draft"],
        "hasError": True,
        "errorMessage": "too long",
        "version": 3,
    }
    events = (await server.call("get_events", session_id=handle))["events"]
    assert [(event["number"], event["kind"], event["agentId"], event["payload"]) for event in events] == [
        (1, "step_completed", "one", {"step": "fetch"}),
        (2, "phase_advanced", "a", {"phase": "review", "completedStep": "draft"}),
        (3, "error_recorded", "two", {"message": "too long"}),
    ]
    past = await server.call("replay_state", session_id=handle, event_number=1)
    assert (past["currentPhase"], past["completedSteps"], past["hasError"]) == ("init", ["fetch"], False)


async def test_events_come_in_pages(server: Inside) -> None:
    handle = await server.session()
    for number in range(5):
        await server.call("complete_step", session_id=handle, step_id=str(number), agent_id="a")
    seen, after = [], 0
    while True:
        page = await server.call("get_events", session_id=handle, after=after, limit=2)
        seen += [event["payload"]["step"] for event in page["events"]]
        if page["nextAfter"] is None:
            break
        after = page["nextAfter"]
    assert seen == ["0", "1", "2", "3", "4"]


async def test_sessions_come_in_pages_each_once(server: Inside) -> None:
    handles = {await server.session() for _ in range(7)}
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await server.call("list_sessions", cursor=cursor, limit=3)
        seen += [session["sessionId"] for session in page["sessions"]]
        cursor = page["nextCursor"]
    assert len(seen) == len(set(seen))
    assert handles <= set(seen)


async def test_a_configuration_read_after_its_change_is_the_changed_one(server: Inside) -> None:
    handle = await server.session()
    assert (await server.call("get_session_config", session_id=handle))["options"] == {}
    await server.call("update_session_config", session_id=handle, options={"a": 1, "b": {"c": None}})
    await server.call("update_session_config", session_id=handle, options={"a": None, "d": False})
    config = await server.call("get_session_config", session_id=handle)
    assert (config["version"], config["options"]) == (2, {"b": {"c": None}, "d": False})


async def test_exclusive_runs_do_not_overlap(server: Inside) -> None:
    handle = await server.session()
    runs = await asyncio.gather(
        *(server.call("run_exclusive", session_id=handle, work_ms=2, wait_ms=30_000) for _ in range(8))
    )
    assert sorted(run["runs"] for run in runs) == list(range(1, 9))
    assert sorted(run["fencingToken"] for run in runs) == list(range(1, 9))
    assert sorted(runs, key=lambda run: run["runs"]) == sorted(runs, key=lambda run: run["fencingToken"])


async def test_a_holder_whose_lock_ran_out_can_no_longer_write(server: Inside) -> None:
    handle = await server.session()
    old = await server.call("acquire_lock", session_id=handle, ttl_ms=10)
    new = await server.call("acquire_lock", session_id=handle, wait_ms=5_000)
    assert new["fencingToken"] > old["fencingToken"]
    with pytest.raises(ToolRefused, match=r"Fencing token 1 of session '.+' is refused: the newest grant has 2"):
        await server.call("write_guarded", session_id=handle, fencing_token=old["fencingToken"], value=1)
    with pytest.raises(ToolRefused, match="not held by this owner"):
        await server.call("release_lock", session_id=handle, owner=old["owner"])
    written = await server.call("write_guarded", session_id=handle, fencing_token=new["fencingToken"], value=2)
    assert written["guardedValue"] == 2


async def test_who_waits_for_the_lock_gets_it_when_it_is_given_back(server: Inside) -> None:
    handle = await server.session()
    lock = await server.call("acquire_lock", session_id=handle)
    waiting = asyncio.create_task(server.call("acquire_lock", session_id=handle, wait_ms=30_000))
    await server.call("release_lock", session_id=handle, owner=lock["owner"])
    assert (await waiting)["fencingToken"] == 2


async def test_sessions_of_the_settings_are_there_and_never_expire(tmp_path: Path) -> None:
    for _ in range(2):  # the second time it is there already
        async with inside(tmp_path, sessions=("probe",)) as server:
            await server.call("run_step", session_id="probe", action="a")
            record = await server.call("get_session", session_id="probe")
            assert (record["expiresAt"], record["lifetimeSeconds"]) == (None, None)
    assert record["stepCount"] == 2


# How they refuse


@pytest.mark.parametrize("tool", [name for name in TOOLS if name not in NEEDS_NO_SESSION])
async def test_an_unknown_handle_is_a_tool_error_that_says_so_and_what_to_do(server: Inside, tool: str) -> None:
    needs: dict[str, dict[str, Any]] = {"release_lock": {"owner": "o"}, "write_guarded": {"fencing_token": 1}}
    more = needs.get(tool, {})
    with pytest.raises(ToolRefused) as caught:
        await server.call(tool, session_id="nobody", **OK[tool], **more)
    assert str(caught.value) == (
        f"Error executing tool {tool}: Unknown or expired session 'nobody'. A session lives 3600 s after its last "
        "write, unless it was given another lifetime; create_session makes a new one."
    )


async def test_a_handle_expires_as_stated_is_then_unknown_and_soon_purged(tmp_path: Path) -> None:
    async with inside(tmp_path, handle_lifetime=0.2, purge_every=0.05) as server:
        created = await server.call("create_session")
        assert created["lifetimeSeconds"] == 0.2

        async def unknown() -> bool:
            try:
                await server.call("get_session", session_id=created["handle"])
            except ToolRefused as refused:
                return "Unknown or expired session" in str(refused)
            return False

        await until(unknown)
        with sqlite3.connect(tmp_path / "state.db") as raw:
            await until(lambda: raw.execute("SELECT count(*) FROM sessions").fetchone() == (0,))
        raw.close()


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("run_step", {"action": 3}, "Input should be a valid string"),
    ("run_step", {"action": ""}, "at least 1 character"),
    ("run_step", {"action": "x" * 257}, "at most 256 characters"),
    ("run_step", {}, "Field required"),
    ("run_step", {"action": "half \ud800 pair"}, "valid string"),
    ("compare_and_swap", {"expected_version": -1, "value": 1}, "greater than or equal to 0"),
    ("compare_and_swap", {"expected_version": 2**53 + 1, "value": 1}, "less than or equal to"),
    ("compare_and_swap", {"expected_version": "one", "value": 1}, "not a number"),
    ("compare_and_swap", {"expected_version": "0", "value": 1}, "not a number"),
    ("compare_and_swap", {"expected_version": False, "value": 1}, "not a number"),
    ("compare_and_swap", {"expected_version": 0.5, "value": 1}, "valid integer"),
    ("write_guarded", {"fencing_token": True, "value": 1}, "not a number"),
    ("complete_step", {"step_id": "s", "agentId": "a"}, "agent_id\n  Field required"),
    ("complete_step", {"step_id": "s", "agent_id": "a", "agentId": "a"}, "agentId\n  Extra inputs are not permitted"),
    ("advance_workflow", {"next_phase": "p"}, "agent_id\n  Field required"),
    ("record_error", {"message": "m"}, "agent_id\n  Field required"),
    ("run_exclusive", {"work_ms": True}, "not a number"),
    ("update_workflow_step", {"action": "a", "result": 1, "ttl_seconds": 0}, "greater than or equal to 1"),
    ("update_session_config", {"options": {}}, "at least 1 item"),
    ("update_session_config", {"options": [1]}, "valid dictionary"),
    ("get_events", {"limit": 1001}, "less than or equal to 1000"),
    ("run_exclusive", {"work_ms": 5001}, "less than or equal to 5000"),
    (
        "record_step",
        {"tool": "t", "result": "x" * 999},
        "result has 1001 bytes as JSON; this server keeps at most 1000",
    ),
    ("record_step", {"tool": "t", "result": ["ä"] * 300}, "bytes as JSON; this server keeps at most 1000"),
    ("compare_and_swap", {"expected_version": 0, "value": "x" * 999}, "value has 1001 bytes"),
    ("update_session_config", {"options": {"big": "x" * 999}}, "option 'big' has 1001 bytes"),
    ("replay_state", {"event_number": 1}, "has 0 events, so none number 1"),
]


@pytest.mark.parametrize(("tool", "arguments", "says"), WRONG)
async def test_wrong_arguments_are_a_clear_tool_error_and_write_nothing(
    server: Inside, tool: str, arguments: dict[str, Any], says: str
) -> None:
    handle = await server.session()
    before = await server.call("get_session", session_id=handle)
    with pytest.raises(ToolRefused) as caught:
        await server.call(tool, session_id=handle, **arguments)
    assert says in str(caught.value)
    assert await server.call("get_session", session_id=handle) == before


@pytest.mark.parametrize("tool", TOOLS)
async def test_an_argument_that_a_tool_does_not_know_is_refused_and_the_schema_says_so(
    server: Inside, tool: str
) -> None:
    assert (await server.tools())[tool]["inputSchema"]["additionalProperties"] is False
    with pytest.raises(ToolRefused, match="no_such_argument\n  Extra inputs are not permitted"):
        await server.call(tool, **OK[tool], no_such_argument=1)


async def test_a_whole_number_may_be_written_with_a_point(server: Inside) -> None:
    handle = await server.session()
    assert (await server.call("compare_and_swap", session_id=handle, expected_version=0.0, value=1))["swapped"]


@pytest.mark.parametrize("handle", ["", "a b", "x" * 65, "../etc", "ä", "a\n"])
async def test_what_can_be_no_handle_is_refused(server: Inside, handle: str) -> None:
    with pytest.raises(ToolRefused, match="session_id\n"):
        await server.call("get_session", session_id=handle)


async def test_any_unicode_survives(server: Inside) -> None:
    text = "Grüße, 世界 🛰️ \u202e \x00 \x7f \\ \" '"
    handle = await server.session()
    await server.call("record_step", session_id=handle, tool=text, result={text: [text]})
    record = await server.call("get_session", session_id=handle)
    assert (record["lastTool"], record["lastResult"]) == (text, {text: [text]})
    await server.call("complete_step", session_id=handle, step_id=text, agent_id=text)
    assert (await server.call("get_workflow_state", session_id=handle))["completedSteps"] == [text]
    await server.call("update_session_config", session_id=handle, options={text: text})
    assert (await server.call("get_session_config", session_id=handle))["options"] == {text: text}


async def test_an_oversized_request_is_refused_before_it_is_read(server: Inside) -> None:
    answer = await server.http.post("/mcp", content=b"x" * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 413


async def test_an_unknown_tool_is_a_tool_error(server: Inside) -> None:
    with pytest.raises(ToolRefused, match="Unknown tool: nope"):
        await server.call("nope")


async def test_ten_thousand_sessions_are_listed_each_once_and_counted(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        store = server.reference.context.store
        handles = [f"s{number:05}" for number in range(10_000)]
        for start in range(0, len(handles), 500):
            await asyncio.gather(*(store.create(handle, lifetime=600) for handle in handles[start : start + 500]))
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await server.call("list_sessions", cursor=cursor, limit=500)
            seen += [session["sessionId"] for session in page["sessions"]]
            cursor = page["nextCursor"]
        assert seen == handles
        await server.http.get("/metrics")
        assert server.sample("mcp_active_sessions") == 10_000


async def test_the_audit_trail_can_be_asked_for_an_agent_and_a_time(server: Inside) -> None:
    handle = await server.session()
    for number in range(6):
        await server.call("complete_step", session_id=handle, step_id=str(number), agent_id="ab"[number % 2])
    events = (await server.call("get_events", session_id=handle))["events"]

    async def numbers(**wanted: object) -> list[int]:
        page = await server.call("get_events", session_id=handle, **wanted)
        return [event["number"] for event in page["events"]]

    assert await numbers(agent_id="a") == [1, 3, 5]
    assert await numbers(agent_id="nobody") == []
    assert await numbers(since="2000-01-01T00:00:00Z", until="2001-01-01T00:00:00Z") == []
    assert await numbers(since="2000-01-01T01:00:00+01:00", agent_id="b") == [2, 4, 6]
    assert set(await numbers(until=events[-1]["occurredAt"])) <= {1, 2, 3, 4, 5}
    with pytest.raises(ToolRefused, match="Input should have timezone info"):
        await numbers(since="2000-01-01T00:00:00")


async def test_a_filtered_audit_trail_comes_in_pages_that_leave_nothing_out(server: Inside) -> None:
    store = server.reference.context.store
    handle = await server.session()
    for start in range(0, 2100, 300):
        await asyncio.gather(
            *(
                store.append(handle, kind="k", payload="{}", agent_id="rare" if number % 700 == 0 else "busy")
                for number in range(start, start + 300)
            )
        )
    seen: list[int] = []
    after: int | None = 0
    pages = 0
    while after is not None:
        page = await server.call("get_events", session_id=handle, agent_id="rare", after=after, limit=2)
        seen += [event["number"] for event in page["events"]]
        after, pages = page["nextAfter"], pages + 1
    assert len(seen) == len(set(seen)) == 3
    assert pages <= 4
