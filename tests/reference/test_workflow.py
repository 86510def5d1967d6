"""Events, the state they fold into, and snapshots that keep reading cheap."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from mcp_state.errors import StoreUnavailableError
from mcp_state.event_log import replay
from mcp_state.snapshots import StateCache, snapshots_to_keep
from mcp_state.values import Event, EventHistory, Session, Snapshot
from prober.reference.projection import WorkflowProjection, WorkflowState

from .inside import inside
from .worlds import World, serving_inside

WORKFLOW = WorkflowProjection()
fold = WORKFLOW.fold


def event(number: int, kind: str, **payload: str) -> Event:
    """An event of a log."""
    return Event(number=number, kind=kind, payload=json.dumps(payload), agent_id="a", occurred_at=0)


def some_log(dice: random.Random, length: int) -> list[Event]:
    """A log as it may have happened."""
    makers = (
        lambda number: event(number, "step_completed", step=f"s{number}"),
        lambda number: event(number, "phase_advanced", phase=f"p{number}"),
        lambda number: event(number, "phase_advanced", phase=f"p{number}", completedStep=f"c{number}"),
        lambda number: event(number, "error_recorded", message=f"e{number}"),
        lambda number: event(number, "of_a_later_version", anything="x"),
    )
    return [dice.choice(makers)(number) for number in range(1, length + 1)]


def test_a_log_without_events_is_a_workflow_that_has_not_begun() -> None:
    empty = replay(WORKFLOW, EventHistory(snapshot=None, events=(), last_event=0))
    assert empty.state == WorkflowState(version=0, phase="init", completed_steps=(), error=None)
    assert (empty.version, empty.last_event) == (0, 0)


def test_each_kind_of_event_changes_what_it_says() -> None:
    log = [
        event(1, "step_completed", step="a"),
        event(2, "phase_advanced", phase="review", completedStep="b"),
        event(3, "phase_advanced", phase="done"),
        event(4, "error_recorded", message="late"),
        event(5, "unheard_of"),
    ]
    assert fold(WorkflowState(), log) == WorkflowState(
        version=5, phase="done", completed_steps=("a", "b"), error="late"
    )


def test_folding_in_parts_is_folding_at_once_wherever_a_snapshot_falls() -> None:
    dice = random.Random(7)
    for _ in range(200):
        log = some_log(dice, dice.randrange(1, 40))
        whole = fold(WorkflowState(), log)
        cut = dice.randrange(len(log) + 1)
        part = fold(WorkflowState(), log[:cut]) if cut else WorkflowState()
        snapshot = Snapshot(number=cut, state=WORKFLOW.dump(part))
        for history in (
            EventHistory(snapshot=snapshot, events=tuple(log[cut:]), last_event=len(log)),
            EventHistory(snapshot=None, events=tuple(log), last_event=len(log)),
        ):
            replayed = replay(WORKFLOW, history)
            assert (replayed.state, replayed.version) == (whole, len(log))


def session(handle: str, *, created_at: float, last_event: int, at: float = 5) -> Session:
    """A record of which only these matter."""
    return Session(
        handle=handle,
        created_at=created_at,
        updated_at=0,
        lifetime=None,
        expires_at=None,
        last_event=last_event,
        last_event_at=at if last_event else None,
    )


def test_a_known_state_is_used_only_for_the_same_log_at_the_same_event() -> None:
    known = StateCache[WorkflowState](capacity=2)
    state = WorkflowState(version=3, phase="p")
    known.learn(session("s", created_at=1, last_event=3), state, number=3)
    assert known.at(session("s", created_at=1, last_event=3)) is state
    assert known.at(session("s", created_at=1, last_event=4)) is None
    assert known.at(session("s", created_at=2, last_event=3)) is None
    assert known.at(session("s", created_at=1, last_event=3, at=6)) is None
    assert known.at(session("t", created_at=1, last_event=3)) is None


def test_the_known_state_used_longest_ago_makes_room() -> None:
    known = StateCache[WorkflowState](capacity=2)
    for handle in "aba":
        of = session(handle, created_at=1, last_event=0)
        if known.at(of) is None:
            known.learn(of, WorkflowState(), number=0)
    known.learn(session("c", created_at=1, last_event=0), WorkflowState(), number=0)
    assert [known.at(session(handle, created_at=1, last_event=0)) is not None for handle in "abc"] == [
        True,
        False,
        True,
    ]


def test_a_state_that_is_not_the_one_at_the_newest_event_is_not_kept() -> None:
    known = StateCache[WorkflowState]()
    for read in (session("s", created_at=1, last_event=3), session("s", created_at=1, last_event=4, at=None)):  # type: ignore[arg-type]
        known.learn(read, WorkflowState(version=4), number=4)
        assert known.at(read) is None


async def test_a_read_replays_no_more_than_came_after_the_newest_snapshot(tmp_path: Path) -> None:
    labels = {"store": "sqlite", "tool": "replay_state"}
    async with inside(tmp_path, sessions=("s",), snapshot_every=10) as server:
        for number in range(1, 36):
            await server.call("complete_step", session_id="s", step_id=str(number), agent_id="a")
        state = await server.call("replay_state", session_id="s", event_number=35)
        assert state["completedSteps"] == [str(number) for number in range(1, 36)]
        assert server.sample("mcp_state_replayed_events_sum", **labels) == 5
        assert server.sample("mcp_state_snapshots_total", store="sqlite") == 3
        assert server.sample("mcp_state_events_total", store="sqlite", tool="complete_step") == 35


async def test_old_snapshots_are_pruned_and_old_states_still_right(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("s",), snapshot_every=5, snapshots_kept=2) as server:
        for number in range(1, 31):
            await server.call("complete_step", session_id="s", step_id=str(number), agent_id="a")
        snapshots = [
            (await server.reference.context.store.history("s", upto=upto)).snapshot for upto in (30, 29, 24, 4)
        ]
        assert [snapshot and snapshot.number for snapshot in snapshots] == [30, 25, 20, None]
        for number in (0, 1, 4, 5, 24, 26, 30):
            state = await server.call("replay_state", session_id="s", event_number=number)
            assert state["completedSteps"] == [str(n) for n in range(1, number + 1)]


@pytest.mark.parametrize("each", [2, 3, 4, 8])
def test_snapshots_get_sparser_with_age_and_none_that_was_dropped_is_kept_later(each: int) -> None:
    kept: set[int] = set()
    for newest in range(100, 20_001, 100):
        keep = set(snapshots_to_keep(newest, every=100, each=each))
        assert newest in keep
        assert keep <= kept | {newest}
        kept = keep
        assert len(keep) <= each * 8
        for event in range(1, newest, 777):
            below = max((number for number in keep if number <= event), default=0)
            assert event - below <= 100 + 2 * (newest - event) / (each - 1)
    assert len(snapshots_to_keep(10_000, every=100, each=4)) == 13


async def test_an_old_state_of_a_long_workflow_is_not_replayed_from_the_beginning(world: World) -> None:
    async with serving_inside(world, sessions=("s",), snapshot_every=10) as server:
        for number in range(1, 401):
            await server.call("complete_step", session_id="s", step_id=str(number), agent_id="a")
        labels = {"store": world.name, "tool": "replay_state"}
        for event in (395, 299, 201, 35):
            before = server.sample("mcp_state_replayed_events_sum", **labels)
            state = await server.call("replay_state", session_id="s", event_number=event)
            assert state["completedSteps"] == [str(number) for number in range(1, event + 1)]
            replayed = server.sample("mcp_state_replayed_events_sum", **labels) - before
            assert replayed <= min(event, 10 + (400 - event) * 2 / 3)


async def test_an_unchanged_workflow_is_read_without_replaying(tmp_path: Path) -> None:
    labels = {"store": "sqlite", "tool": "get_workflow_state"}
    async with inside(tmp_path, sessions=("s",)) as server:
        for number in range(4):
            await server.call("complete_step", session_id="s", step_id=str(number), agent_id="a")
        first = await server.call("get_workflow_state", session_id="s")
        assert server.sample("mcp_state_replayed_events_sum", **labels) == 4
        assert await server.call("get_workflow_state", session_id="s") == first
        assert server.sample("mcp_state_replayed_events_sum", **labels) == 4
        await server.call("complete_step", session_id="s", step_id="new", agent_id="a")
        assert (await server.call("get_workflow_state", session_id="s"))["completedSteps"][-1] == "new"


async def test_two_servers_on_one_file_see_each_others_events_at_once(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("s",)) as one, inside(tmp_path) as two:
        for number in range(1, 20, 2):
            await one.call("complete_step", session_id="s", step_id=str(number), agent_id="a")
            assert (await two.call("get_workflow_state", session_id="s"))["version"] == number
            await two.call("complete_step", session_id="s", step_id=str(number + 1), agent_id="a")
            assert (await one.call("get_workflow_state", session_id="s"))["version"] == number + 1


async def test_a_snapshot_that_cannot_be_written_is_logged_and_the_event_stands(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_arguments: object, **_options: object) -> None:
        raise StoreUnavailableError("no room")

    async with inside(tmp_path, sessions=("s",), snapshot_every=2) as server:
        monkeypatch.setattr(server.reference.context.store, "put_snapshot", refuse)
        for number in (1, 2, 3):
            await server.call("complete_step", session_id="s", step_id=str(number), agent_id="a")
        monkeypatch.undo()
        await server.call("complete_step", session_id="s", step_id="4", agent_id="a")
        state = await server.call("replay_state", session_id="s", event_number=4)
        assert state["completedSteps"] == ["1", "2", "3", "4"]
        assert server.sample("mcp_state_snapshots_total", store="sqlite") == 1
    (facts,) = (vars(record)["facts"] for record in caplog.records if record.getMessage() == "snapshot_failed")
    assert facts == {"session_id": "s", "number": 2, "error": "StoreUnavailableError"}
