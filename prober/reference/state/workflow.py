"""The workflow of a session by event sourcing: an append-only log of events, and the state that they fold into.

No tool updates the state. A tool appends an event, and replaying the log gives the state; two appends never overwrite
each other, and the log is the audit trail. A snapshot of the state is written every N events so that reading stays
cheap: a read replays only the events after it, at most N, or 2 N if a server died between an event and its snapshot.
The version of the workflow is the number of its newest event; an append that expects a version is refused if another
event came first.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from prober.reference.logs import log
from prober.reference.state.context import Context
from prober.reference.state.projection import WorkflowState, snapshot_of, snapshots_to_keep, state_of
from prober.reference.stores.errors import StoreError
from prober.reference.stores.values import Event


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A state, and the number of the log's newest event when it was read."""

    state: WorkflowState
    last_event: int


async def current(context: Context, handle: str, *, tool: str) -> WorkflowState:
    """The present state: cached, or replayed."""
    session = await context.store.get(handle)
    known = context.states.at(session)
    if known is not None:
        context.metrics.workflow_replayed(tool=tool, events=0)
        return known
    state = (await replayed(context, handle, tool=tool)).state
    context.states.learn(session, state)
    return state


async def replayed(context: Context, handle: str, *, tool: str, upto: int | None = None) -> Replayed:
    """The present state or, with `upto`, the state at that event, replayed from a snapshot and the events after it."""
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
    """Append an event; write a snapshot after every N events.

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
    """A snapshot only makes reads cheaper: if this one cannot be written, the event still stands."""
    try:
        state = state_of(await context.store.history(handle, upto=number))
        settings = context.settings
        keep = snapshots_to_keep(number, every=settings.snapshot_every, each=settings.snapshots_kept)
        await context.store.put_snapshot(handle, snapshot_of(state), keep=keep)
    except StoreError as error:
        log(logging.WARNING, "snapshot_failed", session_id=handle, number=number, error=type(error).__name__)
    else:
        context.metrics.snapshot_written()
