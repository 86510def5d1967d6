"""Faults in shared state: a store around the real one that breaks its promises while a fault is on.

Each method with a fault returns what a caller of a broken store would see; the others are passed on. Faults never write
to the real store, so that its state is correct again when the fault is off. There are two exceptions: `duplicate-event`
writes one event or task too many, `lock-not-released` leaves a lock that expires by itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from mcp_state.errors import LockHeldError, LockLostError, UnknownSessionError, VersionConflictError
from mcp_state.protocol import Store
from mcp_state.values import Config, Dequeued, Event, EventHistory, Lock, Session, Snapshot
from prober.reference.faults.switches import FaultSwitches

T = TypeVar("T")

_REMEMBERED: Final = 1024
"""At most this many older records, configurations and owners of doubly granted locks are kept."""


class FaultyStore:
    """A store that breaks its promises while faults are on."""

    def __init__(self, store: Store, switches: FaultSwitches) -> None:
        self._store = store
        self._switches = switches
        self._before: OrderedDict[str, Session] = OrderedDict()
        self._first_configs: OrderedDict[str, Config] = OrderedDict()
        self._forged: OrderedDict[str, None] = OrderedDict()

    @property
    def name(self) -> str:
        """The name of the real store."""
        return self._store.name

    async def open(self) -> None:
        """Passed on."""
        await self._store.open()

    async def close(self) -> None:
        """Passed on."""
        await self._store.close()

    async def check(self) -> None:
        """Passed on."""
        await self._store.check()

    async def create(self, handle: str, *, lifetime: float | None) -> Session:
        """Passed on."""
        return await self._store.create(handle, lifetime=lifetime)

    async def get(self, handle: str) -> Session:
        """torn-read: fields of one write are returned with fields of another."""
        self._lose_session(handle)
        session = await self._store.get(handle)
        if self._switches.strike("torn-read"):
            before = self._before.get(handle)
            return replace(session, last_result=before.last_result if before else None)
        return session

    async def delete(self, handle: str) -> None:
        """Passed on."""
        self._lose_session(handle)
        await self._store.delete(handle)

    async def page(self, *, after: str, limit: int) -> tuple[Session, ...]:
        """Passed on."""
        return await self._store.page(after=after, limit=limit)

    async def count(self) -> int:
        """Passed on."""
        return await self._store.count()

    async def purge(self) -> int:
        """Passed on."""
        return await self._store.purge()

    async def step(self, handle: str, *, tool: str, result: str, lifetime: float | None = None) -> Session:
        """lost-update: the write is acknowledged and not kept, as if another write had replaced it."""
        self._lose_session(handle)
        if self._switches.strike("lost-update"):
            session = await self._store.get(handle)
            return replace(session, step_count=session.step_count + 1, last_tool=tool, last_result=result)
        if self._switches.is_on("torn-read"):
            _remember(self._before, handle, await self._store.get(handle))
        return await self._store.step(handle, tool=tool, result=result, lifetime=lifetime)

    async def swap(self, handle: str, *, expected_version: int, value: str) -> Session:
        """lost-update: every swap is acknowledged, and the register stays as it is."""
        self._lose_session(handle)
        if self._switches.strike("lost-update"):
            session = await self._store.get(handle)
            if expected_version > session.value_version:
                raise VersionConflictError(handle, expected=expected_version, actual=session.value_version)
            return replace(session, value=value, value_version=expected_version + 1)
        return await self._store.swap(handle, expected_version=expected_version, value=value)

    async def swap_value(self, handle: str, *, expected: str, value: str) -> Session:
        """lost-update: every swap is acknowledged, and the register stays as it is."""
        self._lose_session(handle)
        if self._switches.strike("lost-update"):
            session = await self._store.get(handle)
            return replace(session, value=value, value_version=session.value_version + 1)
        return await self._store.swap_value(handle, expected=expected, value=value)

    async def enqueue(self, handle: str, *, item: str) -> int:
        """lost-update: acknowledges and puts nothing in. duplicate-event: puts it in twice."""
        self._lose_session(handle)
        if self._switches.strike("lost-update"):
            await self._store.get(handle)
            return 1
        waiting = await self._store.enqueue(handle, item=item)
        if self._switches.strike("duplicate-event"):
            await self._store.enqueue(handle, item=item)
        return waiting

    async def dequeue(self, handle: str) -> Dequeued:
        """Passed on."""
        self._lose_session(handle)
        return await self._store.dequeue(handle)

    async def append(
        self, handle: str, *, kind: str, payload: str, agent_id: str, expected_last: int | None = None
    ) -> Event:
        """lost-update: returns a number, but appends nothing. duplicate-event: appends twice."""
        self._lose_session(handle)
        if self._switches.strike("lost-update"):
            session = await self._store.get(handle)
            number = session.last_event + 1 if expected_last is None else expected_last + 1
            return Event(number=number, kind=kind, payload=payload, agent_id=agent_id, occurred_at=session.updated_at)
        event = await self._store.append(
            handle, kind=kind, payload=payload, agent_id=agent_id, expected_last=expected_last
        )
        if self._switches.strike("duplicate-event"):
            await self._store.append(handle, kind=kind, payload=payload, agent_id=agent_id)
        return event

    async def events(self, handle: str, *, after: int, limit: int) -> tuple[Event, ...]:
        """Passed on."""
        self._lose_session(handle)
        return await self._store.events(handle, after=after, limit=limit)

    async def history(self, handle: str, *, upto: int | None = None) -> EventHistory:
        """Passed on."""
        self._lose_session(handle)
        return await self._store.history(handle, upto=upto)

    async def put_snapshot(self, handle: str, snapshot: Snapshot, *, keep: Collection[int]) -> None:
        """Passed on."""
        await self._store.put_snapshot(handle, snapshot, keep=keep)

    async def config(self, handle: str) -> Config:
        """stale-cache: always returns the first configuration that was read since the fault was switched on."""
        self._lose_session(handle)
        config = await self._store.config(handle)
        if not self._switches.is_on("stale-cache"):
            self._first_configs.clear()
            return config
        first = self._first_configs.get(handle) or config
        _remember(self._first_configs, handle, first)
        return first if self._switches.strike("stale-cache") else config

    async def update_config(self, handle: str, changes: Mapping[str, str | None]) -> Config:
        """stale-cache: keeps the configuration before the first change, for reads to return."""
        self._lose_session(handle)
        if self._switches.is_on("stale-cache") and handle not in self._first_configs:
            _remember(self._first_configs, handle, await self._store.config(handle))
        return await self._store.update_config(handle, changes)

    def changes(self) -> AsyncGenerator[str | None, None]:
        """Passed on."""
        return self._store.changes()

    async def acquire(self, handle: str, *, owner: str, ttl: float) -> Lock:
        """double-lock: grants a held lock, with the holder's token, so that fencing cannot help."""
        self._lose_session(handle)
        try:
            return await self._store.acquire(handle, owner=owner, ttl=ttl)
        except LockHeldError:
            if not self._switches.strike("double-lock"):
                raise
        session = await self._store.get(handle)
        _remember(self._forged, owner, None)
        return Lock(handle=handle, owner=owner, token=session.fence, expires_at=session.updated_at + ttl)

    async def release(self, handle: str, *, owner: str) -> None:
        """lock-not-released: acknowledges and does nothing."""
        self._lose_session(handle)
        if self._switches.strike("lock-not-released"):
            return
        try:
            await self._store.release(handle, owner=owner)
        except LockLostError:
            if owner not in self._forged:
                raise
            del self._forged[owner]

    async def write_guarded(self, handle: str, *, token: int, value: int) -> Session:
        """Passed on."""
        self._lose_session(handle)
        return await self._store.write_guarded(handle, token=token, value=value)

    def _lose_session(self, handle: str) -> None:
        """session-loss: raises as if the session had never existed."""
        if self._switches.strike("session-loss"):
            raise UnknownSessionError(handle)


def _remember(memory: OrderedDict[str, T], key: str, value: T) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
