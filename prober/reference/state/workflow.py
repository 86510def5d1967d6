"""The workflow of a session: an append-only log of events, and the state that they fold into.

Nobody updates the state. A tool appends what happened, and the state is what replaying the log gives; two appends never
overwrite each other, and the log is the audit trail. So that reading stays cheap, the state is written down as a
snapshot every N events, and a read replays only what came after: at most N events, 2 N where a server died between an
event and its snapshot. The version of the workflow is the number of its newest event; an append that expects a version
is refused where another came first.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Final

from prober.reference.logs import log
from prober.reference.state.shared import Shared
from prober.reference.stores.errors import StoreError
from prober.reference.stores.values import Event, History, Snapshot

STEP_COMPLETED: Final = "step_completed"
PHASE_ADVANCED: Final = "phase_advanced"
ERROR_RECORDED: Final = "error_recorded"


@dataclass(frozen=True, kw_only=True)
class WorkflowState:
    """The state after the events 1 to `version`."""

    version: int = 0
    phase: str = "init"
    completed_steps: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A state, how many events had to be replayed for it, and the newest event's number at that instant."""

    state: WorkflowState
    events: int
    last_event: int


async def current(shared: Shared, handle: str, *, tool: str, upto: int | None = None) -> Replayed:
    """The state now or, with `upto`, as of that event."""
    history = await shared.store.history(handle, upto=upto)
    shared.metrics.workflow_replayed(tool=tool, events=len(history.events))
    return Replayed(state=_state_of(history), events=len(history.events), last_event=history.last_event)


async def append(
    shared: Shared,
    handle: str,
    *,
    tool: str,
    kind: str,
    payload: dict[str, str],
    agent_id: str,
    expected_last: int | None = None,
) -> Event:
    """Append an event; every N events also write a snapshot.

    Raises:
        VersionConflict: `expected_last` is not the newest event's number any more.
    """
    event = await shared.store.append(
        handle,
        kind=kind,
        payload=json.dumps(payload, ensure_ascii=False),
        agent_id=agent_id,
        expected_last=expected_last,
    )
    shared.metrics.event_appended(tool=tool)
    if event.number % shared.settings.snapshot_every == 0:
        await _write_snapshot(shared, handle, number=event.number)
    return event


def fold(state: WorkflowState, events: Iterable[Event]) -> WorkflowState:
    """The state after these events; of kinds it does not know only the number counts."""
    steps = list(state.completed_steps)
    for event in events:
        payload = json.loads(event.payload)
        if event.kind == STEP_COMPLETED:
            steps.append(payload["step"])
        if event.kind == PHASE_ADVANCED:
            steps += [payload["completedStep"]] if "completedStep" in payload else []
            state = replace(state, phase=payload["phase"])
        if event.kind == ERROR_RECORDED:
            state = replace(state, error=payload["message"])
        state = replace(state, version=event.number)
    return replace(state, completed_steps=tuple(steps))


def _state_of(history: History) -> WorkflowState:
    if history.snapshot is None:
        return fold(WorkflowState(), history.events)
    kept = json.loads(history.snapshot.state)
    return fold(WorkflowState(**{**kept, "completed_steps": tuple(kept["completed_steps"])}), history.events)


async def _write_snapshot(shared: Shared, handle: str, *, number: int) -> None:
    """Only makes reads cheaper: where it fails the event stands, and the next snapshot makes up for it."""
    try:
        state = _state_of(await shared.store.history(handle, upto=number))
        snapshot = Snapshot(number=number, state=json.dumps(asdict(state), ensure_ascii=False))
        await shared.store.put_snapshot(handle, snapshot, keep=shared.settings.snapshots_kept)
    except StoreError as error:
        log(logging.WARNING, "snapshot_failed", session_id=handle, number=number, error=type(error).__name__)
    else:
        shared.metrics.snapshot_written()
