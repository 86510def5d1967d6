"""The exhibit of how not to keep shared state. Never use it for anything but showing what goes wrong.

State lives in a module-level dict and every write is a read, a pause, and a write of what was read plus the change.
With one caller at a time it behaves like any other store. With two, a write of the first between the read and the write
of the second is lost: lost updates, two winners of one compare-and-swap, two events with one number, two holders of one
lock. The pause stands for the `await` that every real handler has between reading and writing: a query, a tool, a log
line. The state does not outlive the process, and no second process sees it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from mcp_state.errors import (
    LockHeldError,
    LockLostError,
    SessionExistsError,
    StaleTokenError,
    StoreUnavailableError,
    UnknownSessionError,
    ValueConflictError,
    VersionConflictError,
)
from mcp_state.values import Config, Dequeued, Event, EventHistory, Lock, Session, Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    session: Session
    events: tuple[Event, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    config: Config = field(default_factory=Config)
    queue: tuple[str, ...] = ()
    lock: Lock | None = None


_ENTRIES: Final[dict[str, _Entry]] = {}


def forget_everything() -> None:
    """Empty the module-level state, for example between two tests."""
    _ENTRIES.clear()


class UnsafeMemoryStore:
    """Breaks every promise of the protocol but the shapes; see the module's first lines."""

    name = "memory"

    def __init__(self) -> None:
        self._is_open = False

    async def open(self) -> None:
        """Nothing to connect to."""
        self._is_open = True

    async def close(self) -> None:
        """Nothing to close; the state stays in the module."""
        self._is_open = False

    async def check(self) -> None:
        """Succeeds while the store is open."""
        if not self._is_open:
            raise StoreUnavailableError("the memory store is closed")

    async def create(self, handle: str, *, lifetime: float | None) -> Session:
        """Make an empty session."""
        if _alive(_ENTRIES.get(handle)):
            raise SessionExistsError(handle)
        now = time.time()
        session = Session(handle=handle, created_at=now, updated_at=now, lifetime=lifetime, expires_at=None)
        _ENTRIES[handle] = _Entry(session=_renewed(session))
        return _ENTRIES[handle].session

    async def get(self, handle: str) -> Session:
        """The record."""
        return _find(handle).session

    async def delete(self, handle: str) -> None:
        """Forget a session."""
        _find(handle)
        del _ENTRIES[handle]

    async def page(self, *, after: str, limit: int) -> tuple[Session, ...]:
        """Live sessions by handle."""
        living = sorted(handle for handle, entry in _ENTRIES.items() if handle > after and _alive(entry))
        return tuple(_ENTRIES[handle].session for handle in living[:limit])

    async def count(self) -> int:
        """How many sessions live."""
        return sum(_alive(entry) for entry in _ENTRIES.values())

    async def purge(self) -> int:
        """Drop expired sessions."""
        expired = [handle for handle, entry in _ENTRIES.items() if not _alive(entry)]
        for handle in expired:
            del _ENTRIES[handle]
        return len(expired)

    async def step(self, handle: str, *, tool: str, result: str, lifetime: float | None = None) -> Session:
        """Count a step; loses the steps of others during the pause."""
        entry = await _read_slowly(handle)
        changed = replace(
            entry.session,
            step_count=entry.session.step_count + 1,
            last_tool=tool,
            last_result=result,
            lifetime=entry.session.lifetime if lifetime is None else lifetime,
        )
        return _write(replace(entry, session=changed)).session

    async def swap(self, handle: str, *, expected_version: int, value: str) -> Session:
        """Compare before the pause, swap after it: several callers win."""
        entry = await _read_slowly(handle)
        actual = entry.session.value_version
        if actual != expected_version:
            raise VersionConflictError(handle, expected=expected_version, actual=actual)
        changed = replace(entry.session, value=value, value_version=actual + 1)
        return _write(replace(entry, session=changed)).session

    async def swap_value(self, handle: str, *, expected: str, value: str) -> Session:
        """The same by value."""
        entry = await _read_slowly(handle)
        if entry.session.value != expected:
            raise ValueConflictError(handle)
        changed = replace(entry.session, value=value, value_version=entry.session.value_version + 1)
        return _write(replace(entry, session=changed)).session

    async def enqueue(self, handle: str, *, item: str) -> int:
        """Append to the queue as it was before the pause."""
        entry = await _read_slowly(handle)
        return len(_write(replace(entry, queue=(*entry.queue, item))).queue)

    async def dequeue(self, handle: str) -> Dequeued:
        """Look at the first item before the pause, take it out after: several callers get it."""
        entry = await _read_slowly(handle)
        left = _write(replace(entry, queue=entry.queue[1:])).queue
        return Dequeued(item=entry.queue[0] if entry.queue else None, waiting=len(left))

    async def append(
        self, handle: str, *, kind: str, payload: str, agent_id: str, expected_last: int | None = None
    ) -> Event:
        """Append to the log as it was before the pause."""
        entry = await _read_slowly(handle)
        last = entry.session.last_event
        if expected_last is not None and expected_last != last:
            raise VersionConflictError(handle, expected=expected_last, actual=last)
        event = Event(number=last + 1, kind=kind, payload=payload, agent_id=agent_id, occurred_at=time.time())
        session = replace(entry.session, last_event=event.number, last_event_at=event.occurred_at)
        _write(replace(entry, session=session, events=(*entry.events, event)))
        return event

    async def events(self, handle: str, *, after: int, limit: int) -> tuple[Event, ...]:
        """A page of the log."""
        return tuple(event for event in _find(handle).events if event.number > after)[:limit]

    async def history(self, handle: str, *, upto: int | None = None) -> EventHistory:
        """The newest snapshot and what came after."""
        entry = _find(handle)
        last = entry.session.last_event
        end = last if upto is None else upto
        snapshot = max(
            (kept for kept in entry.snapshots if kept.number <= end), key=lambda kept: kept.number, default=None
        )
        start = snapshot.number if snapshot else 0
        events = tuple(event for event in entry.events if start < event.number <= end)
        return EventHistory(snapshot=snapshot, events=events, last_event=last)

    async def put_snapshot(self, handle: str, snapshot: Snapshot, *, keep: Collection[int]) -> None:
        """Keep some snapshots."""
        entry = _find(handle)
        by_number = {kept.number: kept for kept in (*entry.snapshots, snapshot)}
        left = tuple(kept for number, kept in by_number.items() if number >= snapshot.number or number in keep)
        _ENTRIES[handle] = replace(entry, snapshots=left)

    async def config(self, handle: str) -> Config:
        """The configuration."""
        entry = _find(handle)
        expires_at = entry.session.expires_at
        return replace(entry.config, expires_in=None if expires_at is None else expires_at - time.time())

    async def update_config(self, handle: str, changes: Mapping[str, str | None]) -> Config:
        """Merge into the options as they were before the pause."""
        entry = await _read_slowly(handle)
        merged = {**entry.config.options, **changes}
        options = {name: text for name, text in merged.items() if text is not None}
        config = Config(version=entry.config.version + 1, options=options)
        return _write(replace(entry, config=config)).config

    async def changes(self) -> AsyncGenerator[str | None, None]:
        """No other instance shares this state."""
        yield None
        await asyncio.Event().wait()

    async def acquire(self, handle: str, *, owner: str, ttl: float) -> Lock:
        """Check whether the lock is free before the pause, take it after."""
        entry = await _read_slowly(handle)
        now = time.time()
        if entry.lock and entry.lock.expires_at > now:
            raise LockHeldError(handle, expires_in=entry.lock.expires_at - now)
        lock = Lock(handle=handle, owner=owner, token=entry.session.fence + 1, expires_at=now + ttl)
        _write(replace(entry, session=replace(entry.session, fence=lock.token), lock=lock))
        return lock

    async def release(self, handle: str, *, owner: str) -> None:
        """Give the lock back."""
        entry = await _read_slowly(handle)
        if entry.lock is None or entry.lock.owner != owner or entry.lock.expires_at <= time.time():
            raise LockLostError(handle)
        _write(replace(entry, lock=None))

    async def write_guarded(self, handle: str, *, token: int, value: int) -> Session:
        """Compare the token before the pause, write after."""
        entry = await _read_slowly(handle)
        if token != entry.session.fence:
            raise StaleTokenError(handle, token=token, current=entry.session.fence)
        return _write(replace(entry, session=replace(entry.session, guarded_value=value))).session


def _alive(entry: _Entry | None) -> bool:
    return entry is not None and (entry.session.expires_at is None or entry.session.expires_at > time.time())


def _find(handle: str) -> _Entry:
    entry = _ENTRIES.get(handle)
    if entry is None or not _alive(entry):
        raise UnknownSessionError(handle)
    return entry


async def _read_slowly(handle: str) -> _Entry:
    entry = _find(handle)
    await asyncio.sleep(0)
    return entry


def _write(entry: _Entry) -> _Entry:
    written = replace(entry, session=_renewed(entry.session))
    _ENTRIES[entry.session.handle] = written
    return written


def _renewed(session: Session) -> Session:
    now = time.time()
    expires_at = None if session.lifetime is None else now + session.lifetime
    return replace(session, updated_at=now, expires_at=expires_at)
