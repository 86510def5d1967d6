"""The store protocol on SQLite: reads on reading threads, writes through the group-committing writer."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import AsyncGenerator, Collection, Mapping
from pathlib import Path
from typing import Final

from mcp_state.breaker import BreakerPolicy, breakers
from mcp_state.completeness import complete_events
from mcp_state.errors import (
    LockHeldError,
    LockLostError,
    SessionExistsError,
    StaleTokenError,
    StoreError,
    StoreUnavailableError,
    UnknownSessionError,
)
from mcp_state.protocol import SilentObserver, StoreObserver
from mcp_state.sqlite import rows, writes
from mcp_state.sqlite import statements as sql
from mcp_state.sqlite.readers import Readers
from mcp_state.sqlite.schema import Synchronous, connect, prepare
from mcp_state.sqlite.writer import Writer
from mcp_state.values import Config, Dequeued, Event, EventHistory, Lock, Session, Snapshot

_PURGE_BATCH: Final = 200
"""Sessions removed in one write, so that a purge does not block other writes."""

_CHANGES_KEPT: Final = 10_000
"""An instance that falls this far behind invalidates its whole cache."""


class SqliteStore:
    """Shared state in one file. Correct for any number of instances in any number of processes of one machine."""

    name = "sqlite"

    def __init__(
        self,
        *,
        path: Path,
        synchronous: Synchronous = "NORMAL",
        window: float = 0.010,
        readers: int = 4,
        max_wait: float = 5.0,
        change_poll: float = 0.050,
        breaker: BreakerPolicy | None = None,
        observer: StoreObserver | None = None,
    ) -> None:
        """All times in seconds.

        `window`: how long a write waits at most for others to share its commit (0: each commits alone). `max_wait`: how
        long a read waits for one of the `readers`, and a commit for the write lock of another process. `change_poll`:
        how often changes of other processes are polled. `breaker`: when the database makes callers wait so long that
        reads, or writes, are refused for a while; each by itself, for only writers wait for another process.
        """
        self._path = path
        self._synchronous: Synchronous = synchronous
        self._window = window
        self._reader_count = readers
        self._max_wait = max_wait
        self._change_poll = change_poll
        self._policy = breaker or BreakerPolicy()
        self._observer = observer or SilentObserver()
        self._instance = secrets.token_hex(8)
        self._opened: tuple[Writer, Readers] | None = None

    async def open(self) -> None:
        """Create the file if it is missing, start the threads."""
        await asyncio.to_thread(prepare, self._path, synchronous=self._synchronous)
        observer = self._observer
        of_writes, of_reads = breakers(
            self._policy, count=2, changed=lambda is_open: observer.breaker_changed(is_open=is_open)
        )
        writer = Writer(self._connect(), window=self._window, observer=observer, breaker=of_writes)
        readers = Readers(
            self._connect, size=self._reader_count, max_wait=self._max_wait, observer=observer, breaker=of_reads
        )
        self._opened = writer, readers

    async def close(self) -> None:
        """Finish accepted writes and running reads, end the threads."""
        if self._opened is None:
            return
        (writer, readers), self._opened = self._opened, None
        await readers.close()
        await writer.close()

    async def check(self) -> None:
        """Read one row."""
        await self._fetch("SELECT 1 FROM sessions LIMIT 1", of_caller=False)

    async def create(self, handle: str, *, lifetime: float | None) -> Session:
        """Insert a session, in place of an expired one."""

        def write(connection: sqlite3.Connection) -> Session:
            rows.fetch(connection, sql.REMOVE_EXPIRED, handle=handle)
            found = rows.fetch(connection, sql.CREATE, handle=handle, lifetime=lifetime)
            if not found:
                raise SessionExistsError(handle)
            return rows.session(found[0])

        return await self._writer.run(write)

    async def get(self, handle: str) -> Session:
        """One row, read at one instant."""
        return await self._readers.run(lambda connection: rows.live_session(connection, handle))

    async def delete(self, handle: str) -> None:
        """Delete the row; the rows of other tables are deleted by cascade."""

        def write(connection: sqlite3.Connection) -> None:
            if not rows.fetch(connection, sql.DELETE, handle=handle):
                raise UnknownSessionError(handle)
            self._announce(connection, handle)

        await self._writer.run(write)

    async def page(self, *, after: str, limit: int) -> tuple[Session, ...]:
        """Live sessions by handle, which is the primary key."""
        return tuple(rows.session(row) for row in await self._fetch(sql.PAGE, after=after, limit=limit))

    async def count(self) -> int:
        """Count live sessions."""
        return int((await self._fetch(sql.COUNT, of_caller=False))[0][0])

    async def purge(self) -> int:
        """Delete expired sessions in small writes; writes nothing if none expired."""
        if not await self._fetch(sql.HAS_EXPIRED, of_caller=False):
            return 0
        purged = 0
        while found := await self._writer.run(lambda c: rows.fetch(c, sql.PURGE, limit=_PURGE_BATCH)):
            purged += len(found)
        return purged

    async def step(self, handle: str, *, tool: str, result: str, lifetime: float | None = None) -> Session:
        """One UPDATE: the database adds, not the caller."""

        def write(connection: sqlite3.Connection) -> Session:
            found = rows.fetch(connection, sql.STEP, handle=handle, tool=tool, result=result, lifetime=lifetime)
            if not found:
                raise UnknownSessionError(handle)
            if lifetime is not None:
                self._announce(connection, handle)
            return rows.session(found[0])

        return await self._writer.run(write)

    async def swap(self, handle: str, *, expected_version: int, value: str) -> Session:
        """See `writes.swap`."""
        return await self._writer.run(
            lambda connection: writes.swap(connection, handle, expected_version=expected_version, value=value)
        )

    async def swap_value(self, handle: str, *, expected: str, value: str) -> Session:
        """See `writes.swap_value`."""
        return await self._writer.run(
            lambda connection: writes.swap_value(connection, handle, expected=expected, value=value)
        )

    async def enqueue(self, handle: str, *, item: str) -> int:
        """Insert at the highest position so far."""
        return await self._writer.run(lambda connection: writes.enqueue(connection, handle, item=item))

    async def dequeue(self, handle: str) -> Dequeued:
        """One DELETE finds the first row, takes it out and returns it."""
        return await self._writer.run(lambda connection: writes.dequeue(connection, handle))

    async def append(
        self, handle: str, *, kind: str, payload: str, agent_id: str, expected_last: int | None = None
    ) -> Event:
        """See `writes.append`."""
        values = {"kind": kind, "payload": payload, "agent_id": agent_id}
        return await self._writer.run(
            lambda connection: writes.append(connection, handle, **values, expected_last=expected_last)
        )

    async def events(self, handle: str, *, after: int, limit: int) -> tuple[Event, ...]:
        """A page of the log."""
        found = await self._fetch(sql.EVENTS, handle=handle, after=after, limit=limit)
        if not found:
            raise UnknownSessionError(handle)
        last_event, page = found[0]
        last = min(last_event, max(after, 0) + limit)
        return complete_events(handle, rows.events(page), first=max(after, 0) + 1, last=last)

    async def history(self, handle: str, *, upto: int | None = None) -> EventHistory:
        """Snapshot, tail and newest number out of one statement, so at one instant."""
        return await self._readers.run(lambda connection: rows.history(connection, handle, upto=upto))

    async def put_snapshot(self, handle: str, snapshot: Snapshot, *, keep: Collection[int]) -> None:
        """Insert, then prune."""
        await self._writer.run(lambda connection: writes.put_snapshot(connection, handle, snapshot, keep=keep))

    async def config(self, handle: str) -> Config:
        """The configuration."""
        return await self._readers.run(lambda connection: rows.config(connection, handle))

    async def update_config(self, handle: str, changes: Mapping[str, str | None]) -> Config:
        """Read, merge, write: inside one write transaction, so nothing comes between."""

        def write(connection: sqlite3.Connection) -> Config:
            rows.renew(connection, handle)
            before = rows.config(connection, handle)
            merged = {**before.options, **changes}
            options = {name: text for name, text in merged.items() if text is not None}
            config = Config(version=before.version + 1, options=options)
            rows.fetch(connection, sql.PUT_CONFIG, handle=handle, version=config.version, options=json.dumps(options))
            self._announce(connection, handle)
            return config

        return await self._writer.run(write)

    async def changes(self) -> AsyncGenerator[str | None, None]:
        """Poll the table of changes every `change_poll` seconds: SQLite has no notifications."""
        seen = None
        while True:
            try:
                if seen is None:
                    seen = int((await self._fetch(sql.NEWEST_CHANGE, of_caller=False))[0][0])
                    yield None
                for revision, handle, instance in await self._fetch(sql.CHANGES, of_caller=False, revision=seen):
                    if revision != seen + 1:  # older changes were deleted before this instance saw them
                        yield None
                    seen = revision
                    if instance != self._instance:
                        yield handle
            except StoreError:
                seen = None
            await asyncio.sleep(self._change_poll)

    async def acquire(self, handle: str, *, owner: str, ttl: float) -> Lock:
        """Read first: waiting callers retry often, and a read blocks nobody."""
        taken_until = await self._readers.run(lambda connection: rows.lock_expiry(connection, handle))
        if taken_until is not None and taken_until > (now := time.time()):
            raise LockHeldError(handle, expires_in=taken_until - now)

        def write(connection: sqlite3.Connection) -> Lock:
            found = rows.fetch(connection, sql.ACQUIRE, handle=handle, owner=owner, ttl=ttl)
            if not found:
                taken_until = rows.lock_expiry(connection, handle) or 0.0
                raise LockHeldError(handle, expires_in=max(0.0, taken_until - time.time()))
            token, expires_at = found[0]
            return Lock(handle=handle, owner=owner, token=token, expires_at=expires_at)

        return await self._writer.run(write)

    async def release(self, handle: str, *, owner: str) -> None:
        """One UPDATE that matches no row unless the owner still holds the lock."""

        def write(connection: sqlite3.Connection) -> None:
            if not rows.fetch(connection, sql.RELEASE, handle=handle, owner=owner):
                rows.live_session(connection, handle)
                raise LockLostError(handle)

        await self._writer.run(write)

    async def write_guarded(self, handle: str, *, token: int, value: int) -> Session:
        """One UPDATE that matches no row unless the token is the newest."""

        def write(connection: sqlite3.Connection) -> Session:
            found = rows.fetch(connection, sql.WRITE_GUARDED, handle=handle, token=token, value=value)
            if not found:
                raise StaleTokenError(handle, token=token, current=rows.live_session(connection, handle).fence)
            return rows.session(found[0])

        return await self._writer.run(write)

    async def _fetch(self, statement: str, *, of_caller: bool = True, **values: object) -> list[rows.Row]:
        """The rows of one reading statement."""
        return await self._readers.run(
            lambda connection: rows.fetch(connection, statement, **values), of_caller=of_caller
        )

    @property
    def _writer(self) -> Writer:
        return self._open_parts()[0]

    @property
    def _readers(self) -> Readers:
        return self._open_parts()[1]

    def _open_parts(self) -> tuple[Writer, Readers]:
        if self._opened is None:
            raise StoreUnavailableError("the store is closed")
        return self._opened

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, synchronous=self._synchronous, max_wait=self._max_wait)

    def _announce(self, connection: sqlite3.Connection, handle: str) -> None:
        """Record the change for the other instances, in the same transaction."""
        revision = rows.fetch(connection, sql.ANNOUNCE, handle=handle, instance=self._instance)[0][0]
        rows.fetch(connection, sql.FORGET_CHANGES, revision=revision - _CHANGES_KEPT)
