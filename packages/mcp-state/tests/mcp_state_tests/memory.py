"""What the parts ask of others, in memory and on one event loop: stores for tests, where nothing else is at stake."""

from __future__ import annotations

import time
from collections.abc import Collection

from mcp_state.errors import LockHeldError, LockLostError, StoreUnavailableError, VersionConflictError
from mcp_state.values import Event, EventHistory, Lock, Session, Snapshot


class MemoryLocks:
    """The protocol `Locks`. No method awaits, so each is one step."""

    def __init__(self) -> None:
        self.held: dict[str, Lock] = {}
        self.granted = 0
        self.broken = False

    async def acquire(self, handle: str, *, owner: str, ttl: float) -> Lock:
        """Take the lock."""
        now = time.time()
        held = self.held.get(handle)
        if held and held.expires_at > now:
            raise LockHeldError(handle, expires_in=held.expires_at - now)
        self.granted += 1
        self.held[handle] = Lock(handle=handle, owner=owner, token=self.granted, expires_at=now + ttl)
        return self.held[handle]

    async def release(self, handle: str, *, owner: str) -> None:
        """Give it back."""
        if self.broken:
            raise StoreUnavailableError("down")
        if handle not in self.held or self.held[handle].owner != owner:
            raise LockLostError(handle)
        del self.held[handle]


class MemoryEvents:
    """The protocol `EventStore`. No method awaits, so each is one step."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.snapshots: dict[int, Snapshot] = {}
        self.broken = False
        """Whether snapshots cannot be written."""

    async def get(self, handle: str) -> Session:
        """The record, of which an event log reads only these."""
        last = self.events[-1] if self.events else None
        return Session(
            handle=handle,
            created_at=1,
            updated_at=1,
            lifetime=None,
            expires_at=None,
            last_event=last.number if last else 0,
            last_event_at=last.occurred_at if last else None,
        )

    async def append(
        self, handle: str, *, kind: str, payload: str, agent_id: str, expected_last: int | None = None
    ) -> Event:
        """The next event."""
        last = len(self.events)
        if expected_last not in (None, last):
            raise VersionConflictError(handle, expected=expected_last or 0, actual=last)
        event = Event(number=last + 1, kind=kind, payload=payload, agent_id=agent_id, occurred_at=time.time())
        self.events.append(event)
        return event

    async def history(self, handle: str, *, upto: int | None = None) -> EventHistory:
        """The newest snapshot and what came after."""
        end = len(self.events) if upto is None else upto
        below = [number for number in self.snapshots if number <= end]
        snapshot = self.snapshots[max(below)] if below else None
        first = snapshot.number if snapshot else 0
        return EventHistory(snapshot=snapshot, events=tuple(self.events[first:end]), last_event=len(self.events))

    async def put_snapshot(self, handle: str, snapshot: Snapshot, *, keep: Collection[int]) -> None:
        """Keep some."""
        if self.broken:
            raise StoreUnavailableError("no room")
        self.snapshots[snapshot.number] = snapshot
        self.snapshots = {n: kept for n, kept in self.snapshots.items() if n >= snapshot.number or n in keep}
