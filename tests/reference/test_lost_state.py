"""State that is older than it was, or has holes: every server says so, and no two say different things."""

from __future__ import annotations

import asyncio

import pytest

from tests.waiting import until

from .calling import ToolRefused
from .inside import Inside
from .worlds import World, serving_inside


async def complete(server: Inside, *steps: str) -> None:
    """Complete steps, as soon as the store answers again."""
    for step in steps:

        async def done(step: str = step) -> bool:
            result = await server.result("complete_step", session_id="s", step_id=step, agent_id="a")
            return not result["isError"]

        await until(done, f"step {step} is completed")


async def steps_of(server: Inside) -> list[str]:
    """What a server says is completed, as soon as the store answers again."""
    states: list[list[str]] = []

    async def read() -> bool:
        result = await server.result("get_workflow_state", session_id="s")
        if not result["isError"]:
            states.append(result["structuredContent"]["completedSteps"])
        return bool(states)

    await until(read, "the workflow is read")
    return states[0]


async def test_after_the_store_came_back_older_all_instances_say_what_it_holds(world: World) -> None:
    async with serving_inside(world, sessions=("s",)) as one, serving_inside(world) as two:
        await complete(one, "a", "b", "c")
        await asyncio.to_thread(world.keep)
        await complete(one, "lost", "lost too")
        assert await steps_of(one) == ["a", "b", "c", "lost", "lost too"]
        await asyncio.to_thread(world.go_back)
        await complete(two, "d", "e")  # under the numbers of the lost ones
        assert await steps_of(two) == ["a", "b", "c", "d", "e"]
        assert await steps_of(one) == ["a", "b", "c", "d", "e"]


async def test_a_gap_that_a_snapshot_covers_takes_nothing_from_the_state(world: World) -> None:
    async with serving_inside(world, sessions=("s",), snapshot_every=2) as server:
        await complete(server, "a", "b", "c", "d")
        world.lose_events("s")
        assert await steps_of(server) == ["a", "b", "c", "d"]


LOSING = [
    ("get_workflow_state", {}, "4 of the events 1 to 4"),
    ("replay_state", {"event_number": 1}, "event 1"),
    ("get_events", {}, "4 of the events 1 to 4"),
    ("advance_workflow", {"next_phase": "p", "agent_id": "a"}, "4 of the events 1 to 4"),
    ("complete_step", {"step_id": "e", "agent_id": "a"}, "event 4"),
    ("record_error", {"message": "m", "agent_id": "a"}, "event 4"),
]


@pytest.mark.parametrize(("tool", "arguments", "lost"), LOSING)
async def test_a_log_with_a_gap_is_an_error_that_says_what_is_missing_and_not_an_empty_workflow(
    world: World, tool: str, arguments: dict[str, object], lost: str
) -> None:
    async with serving_inside(world, sessions=("s",)) as server:
        await complete(server, "a", "b", "c", "d")
        world.lose_events("s")
        with pytest.raises(ToolRefused) as caught:
            await server.call(tool, session_id="s", **arguments)
        assert f"The state store has lost {lost} of session 's'." in str(caught.value)
        assert (await server.call("get_session", session_id="s"))["lastEvent"] == 4


async def test_an_empty_log_has_no_gap(world: World) -> None:
    async with serving_inside(world, sessions=("s",)) as server:
        assert await steps_of(server) == []
        assert (await server.call("get_events", session_id="s"))["events"] == []
        await complete(server, "a", "b")
        for after, numbers in ((0, [1, 2]), (1, [2]), (2, []), (9, [])):
            events = (await server.call("get_events", session_id="s", after=after))["events"]
            assert [event["number"] for event in events] == numbers
