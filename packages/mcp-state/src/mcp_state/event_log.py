"""Event sourcing: an append-only log of events, and the state that they fold into.

No tool updates the state. A tool appends an event, and replaying the log gives the state; two appends never overwrite
each other, and the log is the audit trail. A snapshot of the state is written every N events so that reading stays
cheap: a read replays only the events after it, at most N, or 2 N if a server died between an event and its snapshot.
The version of a state is the number of its newest event; an append that expects a version is refused if another event
came first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mcp_state.errors import StoreError
from mcp_state.protocol import EventStore, Recorder
from mcp_state.snapshots import StateCache, snapshots_to_keep
from mcp_state.values import Event, EventHistory, Snapshot

S = TypeVar("S")


class Projection(Protocol[S]):
    """How events fold into a state. No store, no clock: the same log gives the same state everywhere."""

    def initial(self) -> S:
        """The state before the first event."""
        ...

    def fold(self, state: S, events: Sequence[Event]) -> S:
        """The state after these events, as a new value; an event of a kind that is not known changes nothing."""
        ...

    def dump(self, state: S) -> str:
        """The state as JSON text, for a snapshot."""
        ...

    def load(self, text: str) -> S:
        """The inverse of `dump`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Replayed(Generic[S]):
    """A state that was read from the log."""

    state: S
    version: int
    """The number of the newest event in the state."""
    last_event: int
    """The number of the newest event in the log at that moment."""


def replay(projection: Projection[S], history: EventHistory) -> Replayed[S]:
    """The state at the end of a history."""
    snapshot = history.snapshot
    state = projection.initial() if snapshot is None else projection.load(snapshot.state)
    version = history.events[-1].number if history.events else snapshot.number if snapshot else 0
    return Replayed(
        state=projection.fold(state, history.events) if history.events else state,
        version=version,
        last_event=history.last_event,
    )


class EventLog(Generic[S]):
    """The event logs of one store and the states that they fold into. Raises the errors of the store."""

    def __init__(
        self,
        store: EventStore,
        projection: Projection[S],
        *,
        recorder: Recorder,
        snapshot_every: int = 100,
        snapshots_kept: int = 4,
    ) -> None:
        """A snapshot after every `snapshot_every` events; `snapshots_kept` of the newest stay, and as many of every
        second one, of every fourth and so on.
        """
        self._store = store
        self._projection = projection
        self._recorder = recorder
        self._snapshot_every = snapshot_every
        self._snapshots_kept = snapshots_kept
        self._known: StateCache[S] = StateCache()

    async def current(self, handle: str, *, tool: str) -> S:
        """The present state: known, or replayed."""
        session = await self._store.get(handle)
        known = self._known.at(session)
        if known is not None:
            self._recorder.log_replayed(tool=tool, events=0)
            return known
        replayed = await self.replayed(handle, tool=tool)
        self._known.learn(session, replayed.state, number=replayed.version)
        return replayed.state

    async def replayed(self, handle: str, *, tool: str, upto: int | None = None) -> Replayed[S]:
        """The present state or, with `upto`, the state at that event, replayed from a snapshot and the events after."""
        history = await self._store.history(handle, upto=upto)
        self._recorder.log_replayed(tool=tool, events=len(history.events))
        return replay(self._projection, history)

    async def append(
        self,
        handle: str,
        *,
        tool: str,
        kind: str,
        payload: Mapping[str, object],
        agent_id: str,
        expected_last: int | None = None,
    ) -> Event:
        """Append an event; write a snapshot after every N events. `payload` is JSON.

        Raises:
            VersionConflictError: `expected_last` is not the newest event's number any more.
        """
        event = await self._store.append(
            handle,
            kind=kind,
            payload=json.dumps(payload, ensure_ascii=False),
            agent_id=agent_id,
            expected_last=expected_last,
        )
        self._recorder.event_appended(tool=tool)
        if event.number % self._snapshot_every == 0:
            await self._write_snapshot(handle, number=event.number)
        return event

    async def _write_snapshot(self, handle: str, *, number: int) -> None:
        """A snapshot only makes reads cheaper: if this one cannot be written, the event still stands."""
        try:
            replayed = replay(self._projection, await self._store.history(handle, upto=number))
            snapshot = Snapshot(number=replayed.version, state=self._projection.dump(replayed.state))
            keep = snapshots_to_keep(number, every=self._snapshot_every, each=self._snapshots_kept)
            await self._store.put_snapshot(handle, snapshot, keep=keep)
        except StoreError as error:
            self._recorder.snapshot_ended(handle=handle, number=number, error=error)
        else:
            self._recorder.snapshot_ended(handle=handle, number=number)
