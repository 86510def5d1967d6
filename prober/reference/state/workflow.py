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
from dataclasses import dataclass

from prober.reference.logs import log
from prober.reference.state.context import Context
from prober.reference.state.projection import WorkflowState, snapshot_of, state_of
from prober.reference.stores.errors import StoreError
from prober.reference.stores.values import Event


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A state, and the number of the log's newest event when it was read."""

    state: WorkflowState
    last_event: int


async def current(context: Context, handle: str, *, tool: str) -> WorkflowState:
    """The state now: replayed, unless it is known."""
    session = await context.store.get(handle)
    known = context.states.at(session)
    if known is not None:
        context.metrics.workflow_replayed(tool=tool, events=0)
        return known
    state = (await replayed(context, handle, tool=tool)).state
    context.states.learn(session, state)
    return state


async def replayed(context: Context, handle: str, *, tool: str, upto: int | None = None) -> Replayed:
    """The state now or, with `upto`, as of that event: a snapshot and the events after it."""
    history = await context.store.history(handle, upto=upto)
    context.metrics.workflow_replayed(tool=tool, events=len(history.events))
    return Replayed(state=state_of(history), last_event=history.last_event)


async def append(
    context: Context,
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
        VersionConflictError: `expected_last` is not the newest event's number any more.
    """
    event = await context.store.append(
        handle,
        kind=kind,
        payload=json.dumps(payload, ensure_ascii=False),
        agent_id=agent_id,
        expected_last=expected_last,
    )
    context.metrics.event_appended(tool=tool)
    if event.number % context.settings.snapshot_every == 0:
        await _write_snapshot(context, handle, number=event.number)
    return event


async def _write_snapshot(context: Context, handle: str, *, number: int) -> None:
    """Only makes reads cheaper: where it fails the event stands, and the next snapshot makes up for it."""
    try:
        state = state_of(await context.store.history(handle, upto=number))
        await context.store.put_snapshot(handle, snapshot_of(state), keep=context.settings.snapshots_kept)
    except StoreError as error:
        log(logging.WARNING, "snapshot_failed", session_id=handle, number=number, error=type(error).__name__)
    else:
        context.metrics.snapshot_written()
