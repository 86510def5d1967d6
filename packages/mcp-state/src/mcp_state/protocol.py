"""The protocols between the parts: what a store does, and who hears what happened.

    Store           all of a session's state; `Locks` and `EventStore` are the parts of it that a store of your own may
                    have alone
    StoreObserver   hears from a store; `metrics.StateMetrics` is one
    Recorder        hears from the other parts; `recorder.StateRecorder` is one

Every store keeps these promises:

* **Atomic.** Each method is one indivisible step for all callers of all instances (processes, machines) that share
  the state. There is no read-modify-write outside the store.
* **Durable.** A write returns only after it is as durable as the store is configured to make it.
* **Linearizable.** A read returns values that were all true at one instant, never older than the newest write that was
  acknowledged (by any instance) before the read began.
* **Renewal.** Every write to a session (all but `delete` and `put_snapshot`) sets `updated_at` to now and
  `expires_at` to `updated_at + lifetime`.
* **Expiry.** A session past `expires_at` raises `UnknownSessionError` from every method, purged or not;
  with a session go its events, snapshots, configuration, queue and lock.
* **Complete.** A read that cannot return all that was acknowledged (a gap in the log, options or queued items that are
  gone) raises `StateLostError`, and so does a write on top of it. A lost record is `UnknownSessionError`.
* **Errors** are the classes of `errors.py` and no others. A cancelled call may or may not have written.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from typing import Literal, Protocol, TypeAlias

from mcp_state.values import Config, Dequeued, Event, EventHistory, Lock, Session, Snapshot

Outcome: TypeAlias = Literal["ok", "conflict", "rejected", "failed"]
CacheResult: TypeAlias = Literal["hit", "miss", "stale"]
"""`hit`: the value was cached. `miss`: nothing was cached. `stale`: the cached value was too old."""
Origin: TypeAlias = Literal["local", "remote"]
"""Whether a write of this process or of another caused an invalidation."""


class Locks(Protocol):
    """Locks by handle."""

    async def acquire(self, handle: str, *, owner: str, ttl: float) -> Lock:
        """Take the session's lock for `ttl` seconds, with a token one above `fence`.

        Raises LockHeldError at once if it is taken.

        Not re-entrant: the holder is refused too. A lock past its expiry is free.
        """
        ...

    async def release(self, handle: str, *, owner: str) -> None:
        """Give the lock back. Raises LockLostError unless `owner` holds it, unexpired, at this instant."""
        ...


class EventStore(Protocol):
    """Event logs by handle, and the snapshots of what they fold into."""

    async def get(self, handle: str) -> Session:
        """The record of a session. An event log reads `created_at`, `last_event` and `last_event_at`."""
        ...

    async def append(
        self, handle: str, *, kind: str, payload: str, agent_id: str, expected_last: int | None = None
    ) -> Event:
        """Append an event with the next number; where `expected_last` is not the newest, raise VersionConflictError."""
        ...

    async def history(self, handle: str, *, upto: int | None = None) -> EventHistory:
        """The newest snapshot and all events after it; with `upto`: only what has a number <= `upto`."""
        ...

    async def put_snapshot(self, handle: str, snapshot: Snapshot, *, keep: Collection[int]) -> None:
        """Keep a snapshot; of the session's older ones only those whose number is in `keep` stay.

        Putting the same number twice is fine (both hold the same state). Renews nothing. Raises VersionConflictError if
        the log does not reach the snapshot's number any more: the store came back from an older copy.
        """
        ...


class Store(Locks, EventStore, Protocol):
    """Shared state of workflow sessions, used between `open` and `close` on one event loop."""

    @property
    def name(self) -> str:
        """The label value in metrics and logs: `sqlite`, `redis` or another."""
        ...

    async def open(self) -> None:
        """Connect and prepare. Raises StoreUnavailableError if the state cannot be reached."""
        ...

    async def close(self) -> None:
        """Finish pending writes, then release everything. Closing twice, or an unopened store, does nothing."""
        ...

    async def check(self) -> None:
        """One cheap round trip, for readiness. Raises StoreUnavailableError or StoreBusyError."""
        ...

    # Sessions

    async def create(self, handle: str, *, lifetime: float | None) -> Session:
        """Make an empty session in place of an expired one. Raises SessionExistsError if a live one has the handle."""
        ...

    async def delete(self, handle: str) -> None:
        """Remove a session and all that belongs to it."""
        ...

    async def page(self, *, after: str, limit: int) -> tuple[Session, ...]:
        """Up to `limit` live sessions with handle > `after`, by handle in byte order; `after=""` begins.

        A session that lives through a whole walk over the pages is seen exactly once.
        """
        ...

    async def count(self) -> int:
        """How many sessions live."""
        ...

    async def purge(self) -> int:
        """Delete expired sessions; returns how many. A store that expires by itself may return 0."""
        ...

    # The record

    async def step(self, handle: str, *, tool: str, result: str, lifetime: float | None = None) -> Session:
        """Add one to `step_count`, set `last_tool` and `last_result` (JSON text); set `lifetime` unless None.

        A new lifetime is a change of which every other instance's `changes` yields the handle.
        """
        ...

    async def swap(self, handle: str, *, expected_version: int, value: str) -> Session:
        """Set `value` (JSON text) and add one to `value_version`. Raises VersionConflictError unless that is
        `expected_version`.
        """
        ...

    async def swap_value(self, handle: str, *, expected: str, value: str) -> Session:
        """Set `value` and add one to `value_version`. Raises ValueConflictError unless the text is `expected`.

        A value that was changed and changed back passes for unchanged; `swap` notices.
        """
        ...

    # The queue

    async def enqueue(self, handle: str, *, item: str) -> int:
        """Put an item (JSON text) at the end of the session's queue; returns how many wait in it now."""
        ...

    async def dequeue(self, handle: str) -> Dequeued:
        """Take the first item: of all callers of all instances it is given to one.

        It is given once. A caller that dies with it, or whose answer is lost, takes it along.
        """
        ...

    # The log

    async def events(self, handle: str, *, after: int, limit: int) -> tuple[Event, ...]:
        """Up to `limit` events with number > `after`, in order."""
        ...

    # Configuration

    async def config(self, handle: str) -> Config:
        """The configuration; version 0 without options if none was ever set."""
        ...

    async def update_config(self, handle: str, changes: Mapping[str, str | None]) -> Config:
        """Set each option to its JSON text, remove it where None, leave the others; add one to the version.

        Afterwards every other instance's `changes` yields the handle.
        """
        ...

    def changes(self) -> AsyncGenerator[str | None, None]:
        """Handles whose configuration or lifetime another instance changed, or whose session it deleted; without end.

        Yields None when changes may have been missed, so that all cached values must be dropped: first of all when
        the subscription has become live, and again after each interruption. Never raises for an unreachable store:
        it waits and subscribes again. A store with one instance may yield None once and then wait for ever.
        """
        ...

    # The lock

    async def write_guarded(self, handle: str, *, token: int, value: int) -> Session:
        """Set `guarded_value` if the newest grant has `token`; else raise StaleTokenError.

        Only the token counts: a holder whose lock expired may still write until the lock is granted again.
        """
        ...


class Recorder(Protocol):
    """Receives reports, on the event loop. `tool` is the tool that was called, `handle` names what it used."""

    def conflict_met(self, *, tool: str, handle: str, retries: int) -> None:
        """One attempt to write lost against another writer, after so many retries."""
        ...

    def write_ended(
        self, *, tool: str, handle: str, error: Exception | None = None, retries: int | None = None
    ) -> None:
        """A write ended, well or with an error; `retries` is None for a write that is never tried again."""
        ...

    def lock_waited(self, *, tool: str, handle: str, seconds: float) -> None:
        """A call got the lock, or stopped waiting for it."""
        ...

    def release_failed(self, *, tool: str, handle: str, error: Exception) -> None:
        """A lock could not be given back; it expires by itself."""
        ...

    def event_appended(self, *, tool: str) -> None:
        """One event was appended."""
        ...

    def log_replayed(self, *, tool: str, events: int) -> None:
        """A state was read by replaying so many events; 0 where it was known."""
        ...

    def snapshot_ended(self, *, handle: str, number: int, error: Exception | None = None) -> None:
        """The snapshot at this event was written, or could not be."""
        ...

    def cache_read(self, *, tool: str, result: CacheResult) -> None:
        """A value was read through the cache."""
        ...

    def cache_invalidated(self, *, origin: Origin) -> None:
        """A cached value, or all of them, were dropped because of a write here or elsewhere."""
        ...


class StoreObserver(Protocol):
    """Receives the reports of a store. Called from any thread; must not block or raise."""

    def batch_committed(self, *, size: int, seconds: float) -> None:
        """One transaction with `size` writes was committed, and the commit took this long."""
        ...

    def pool_changed(self, *, in_use: int, idle: int) -> None:
        """The present connections of the pool."""
        ...

    def write_lock_waited(self, *, seconds: float) -> None:
        """The writer of this process waited this long for the database's write lock, whether it got it or not."""
        ...

    def pool_waited(self, *, seconds: float) -> None:
        """A call waited this long for a connection; 0 if one was idle. Not reported for what the server asks itself."""
        ...

    def breaker_changed(self, *, is_open: bool) -> None:
        """The store's circuit breaker opened or closed again."""
        ...


class SilentObserver:
    """Ignores all reports."""

    def batch_committed(self, *, size: int, seconds: float) -> None:
        """Ignored."""

    def pool_changed(self, *, in_use: int, idle: int) -> None:
        """Ignored."""

    def write_lock_waited(self, *, seconds: float) -> None:
        """Ignored."""

    def pool_waited(self, *, seconds: float) -> None:
        """Ignored."""

    def breaker_changed(self, *, is_open: bool) -> None:
        """Ignored."""
