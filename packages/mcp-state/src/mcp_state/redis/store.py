"""The store protocol on Redis: each method is one script."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from itertools import chain
from typing import Final

from redis.exceptions import NoPermissionError

from mcp_state.breaker import BreakerPolicy
from mcp_state.completeness import complete_events, complete_history
from mcp_state.errors import (
    LockHeldError,
    LockLostError,
    SessionExistsError,
    StaleTokenError,
    StateLostError,
    StoreUnavailableError,
    UnknownSessionError,
    ValueConflictError,
    VersionConflictError,
)
from mcp_state.logs import log
from mcp_state.protocol import SilentObserver, StoreObserver
from mcp_state.redis import replies, scripts
from mcp_state.redis.connection_factory import ConnectionFactory
from mcp_state.redis.connections import Connections
from mcp_state.redis.keys import Keys
from mcp_state.redis.replies import Reply
from mcp_state.redis.scripts import Script
from mcp_state.redis.subscription import Subscriptions
from mcp_state.values import Config, Dequeued, Event, EventHistory, Lock, Session, Snapshot

_PURGE_BATCH: Final = 500
"""Sessions removed by one script, so that a purge does not block other calls."""

_KEEPS: Final = "noeviction"
"""The policy under which a full Redis refuses writes instead of dropping what it holds."""

_HIGHEST_EVENT: Final = 2**62
"""Above any event number, and still a valid ID of a stream."""


class RedisStore:
    """Shared state in one Redis. Correct for any number of instances, on any number of machines.

    Which acknowledged writes survive a crash of Redis depends on its settings: `appendfsync always` keeps all.
    """

    name = "redis"

    def __init__(
        self,
        *,
        url: str,
        namespace: str = "mcp",
        pool_size: int = 32,
        max_wait: float = 1.0,
        patience: float = 1.5,
        idle_trust: float = 15.0,
        breaker: BreakerPolicy | None = None,
        observer: StoreObserver | None = None,
    ) -> None:
        """All times in seconds.

        `url` is `redis://`, `rediss://` (TLS) or `unix://`. `pool_size` should be the number of calls expected at
        once; a call waits `max_wait` for one of them, and then `patience` for Redis, connecting included. A connection
        that was idle for longer than `idle_trust` is checked before use.

        Raises:
            ValueError: the URL is unusable.
        """
        self._factory = ConnectionFactory(url, patience=patience, idle_trust=idle_trust)
        self._keys = Keys(namespace=namespace)
        self._pool_size = pool_size
        self._max_wait = max_wait
        self._patience = patience
        self._policy = breaker or BreakerPolicy()
        self._observer = observer or SilentObserver()
        self._instance = secrets.token_hex(8)
        self._opened: tuple[Connections, Subscriptions] | None = None
        self._warned = False

    async def open(self) -> None:
        """Connect and check Redis once."""
        connections = Connections(
            factory=self._factory,
            size=self._pool_size,
            max_wait=self._max_wait,
            patience=self._patience,
            policy=self._policy,
            observer=self._observer,
        )
        subscriptions = Subscriptions(make=self._factory.make, channel=self._keys.changes, beat=self._patience)
        self._opened = connections, subscriptions
        try:
            await self.check()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Wait for accepted calls, then close all connections; iterations of `changes` end."""
        if self._opened is None:
            return
        (connections, subscriptions), self._opened = self._opened, None
        await subscriptions.close()
        await connections.close()

    async def check(self) -> None:
        """One call. An open circuit breaker refuses it; after the reset timeout it is the breaker's trial.

        Raises:
            StoreUnavailableError: Redis evicts: an acknowledged write could be gone at any moment.
        """
        try:
            memory = await self._connections.memory()
        except StoreUnavailableError as error:
            if not isinstance(error.__cause__, NoPermissionError):
                raise
            await self._connections.ping()
            memory = {}
        policy = memory.get("maxmemory_policy")
        if policy is None and not self._warned:
            self._warned = True
            log(logging.WARNING, "eviction_unknown", needs="INFO memory")
        if policy not in (None, _KEEPS) and int(memory.get("maxmemory", "0")):
            raise StoreUnavailableError(
                f"this Redis evicts keys (maxmemory-policy {policy}), so state would disappear; "
                f"set maxmemory-policy {_KEEPS}, or use a Redis that is no cache"
            )

    # Sessions

    async def create(self, handle: str, *, lifetime: float | None) -> Session:
        """The record and its entries in both sorted sets, in one script."""
        reply = await self._on_one(scripts.CREATE, handle, replies.lifetime_text(lifetime))
        if reply[0] == "taken":
            raise SessionExistsError(handle)
        return replies.session(handle, reply[1])

    async def get(self, handle: str) -> Session:
        """One HMGET: all fields at one instant."""
        fields = await self._connections.fields(self._keys.record(handle), *scripts.SESSION)
        if fields[0] is None:
            raise UnknownSessionError(handle)
        return replies.session(handle, fields)

    async def delete(self, handle: str) -> None:
        """Delete all keys of the session and publish the change."""
        await self._on_one(scripts.DELETE, handle, *self._announcement(handle))

    async def page(self, *, after: str, limit: int) -> tuple[Session, ...]:
        """A range of the sorted set, and its records; expired ones are passed over."""
        keys = self._keys
        reply = await self._connections.run(scripts.PAGE, (keys.sessions,), keys.record(after), limit)
        return tuple(replies.session(keys.handle(record), fields) for record, fields in reply[1])

    async def count(self) -> int:
        """How many expire later than now."""
        _, living = await self._connections.run(scripts.COUNT, (self._keys.expiries,), of_caller=False)
        return int(living)

    async def purge(self) -> int:
        """Redis frees expired sessions by itself; this takes their keys out of the sorted sets."""
        total = 0
        while True:
            _, removed = await self._connections.run(
                scripts.PURGE, (self._keys.expiries, self._keys.sessions), _PURGE_BATCH, of_caller=False
            )
            if not removed:
                return total
            total += int(removed)

    # The record

    async def step(self, handle: str, *, tool: str, result: str, lifetime: float | None = None) -> Session:
        """HINCRBY, HSET and the new expiry."""
        text = replies.lifetime_text(lifetime)
        reply = await self._on_one(scripts.STEP, handle, tool, result, text, *self._announcement(handle))
        return replies.session(handle, reply[1])

    async def swap(self, handle: str, *, expected_version: int, value: str) -> Session:
        """Compare and set."""
        reply = await self._on_one(scripts.SWAP, handle, expected_version, value)
        if reply[0] == "conflict":
            raise VersionConflictError(handle, expected=expected_version, actual=int(reply[1]))
        return replies.session(handle, reply[1])

    async def swap_value(self, handle: str, *, expected: str, value: str) -> Session:
        """Compare the values and set."""
        reply = await self._on_one(scripts.SWAP_VALUE, handle, expected, value)
        if reply[0] == "conflict":
            raise ValueConflictError(handle)
        return replies.session(handle, reply[1])

    # The queue

    async def enqueue(self, handle: str, *, item: str) -> int:
        """RPUSH."""
        reply = _with_all_items(handle, await self._on_one(scripts.ENQUEUE, handle, item))
        return int(reply[1][0])

    async def dequeue(self, handle: str) -> Dequeued:
        """LPOP."""
        reply = _with_all_items(handle, await self._on_one(scripts.DEQUEUE, handle))
        return Dequeued(item=reply[2], waiting=int(reply[1][0] or 0))

    # The log

    async def append(
        self, handle: str, *, kind: str, payload: str, agent_id: str, expected_last: int | None = None
    ) -> Event:
        """The next number from the record, and the entry of that number in the stream."""
        expected = "" if expected_last is None else expected_last
        reply = await self._on_one(scripts.APPEND, handle, kind, payload, agent_id, expected)
        if reply[0] == "conflict":
            raise VersionConflictError(handle, expected=int(expected), actual=int(reply[1]))
        if reply[0] == "gone":
            raise StateLostError(handle, lost=f"event {reply[1]}")
        number, at = reply[1]
        return Event(number=int(number), kind=kind, payload=payload, agent_id=agent_id, occurred_at=replies.seconds(at))

    async def events(self, handle: str, *, after: int, limit: int) -> tuple[Event, ...]:
        """A range of the stream."""
        first = min(max(after, 0), _HIGHEST_EVENT) + 1
        reply = await self._on_one(scripts.EVENTS, handle, first, limit)
        last = min(int(reply[2]), first + limit - 1)
        return complete_events(handle, replies.events(reply[1]), first=first, last=last)

    async def history(self, handle: str, *, upto: int | None = None) -> EventHistory:
        """Snapshot, tail of the stream and newest number, read by one script."""
        reply = await self._on_one(scripts.HISTORY, handle, "" if upto is None else upto)
        _, last, number, state, entries = reply
        history = EventHistory(
            snapshot=replies.snapshot(number, state), events=replies.events(entries), last_event=last
        )
        return complete_history(handle, history, upto=upto)

    async def put_snapshot(self, handle: str, snapshot: Snapshot, *, keep: Collection[int]) -> None:
        """Set, then prune."""
        reply = await self._on_one(scripts.PUT_SNAPSHOT, handle, snapshot.number, snapshot.state, *keep)
        if reply[0] == "conflict":
            raise VersionConflictError(handle, expected=snapshot.number, actual=int(reply[1]))

    # Configuration

    async def config(self, handle: str) -> Config:
        """Version and options, read by one script."""
        return replies.config(*_with_all_options(handle, await self._on_one(scripts.CONFIG, handle)))

    async def update_config(self, handle: str, changes: Mapping[str, str | None]) -> Config:
        """HSET and HDEL of the options, and PUBLISH, in one script."""
        kept = {name: text for name, text in changes.items() if text is not None}
        removed = [name for name, text in changes.items() if text is None]
        words: tuple[str | int, ...] = (len(kept), *chain.from_iterable(kept.items()), *removed)
        reply = await self._on_one(scripts.UPDATE_CONFIG, handle, *self._announcement(handle), *words)
        return replies.config(*_with_all_options(handle, reply))

    async def changes(self) -> AsyncGenerator[str | None, None]:
        """The messages of other instances."""
        _, subscriptions = self._open_parts()
        async with aclosing(subscriptions.follow()) as messages:
            async for message in messages:
                if message is None:
                    yield None
                    continue
                instance, _, handle = message.partition(" ")
                if instance != self._instance:
                    yield handle

    # The lock

    async def acquire(self, handle: str, *, owner: str, ttl: float) -> Lock:
        """SET NX PX, and the next token."""
        milliseconds = max(1, math.ceil(ttl * 1000))
        reply = await self._on_one(scripts.ACQUIRE, handle, owner, milliseconds)
        if reply[0] == "held":
            raise LockHeldError(handle, expires_in=max(0, reply[1]) / 1000)
        token, at = reply[1]
        expires_at = (int(at) // 1000 + milliseconds) / 1000
        return Lock(handle=handle, owner=owner, token=int(token), expires_at=expires_at)

    async def release(self, handle: str, *, owner: str) -> None:
        """Compare and delete."""
        reply = await self._on_one(scripts.RELEASE, handle, owner)
        if reply[0] == "lost":
            raise LockLostError(handle)

    async def write_guarded(self, handle: str, *, token: int, value: int) -> Session:
        """Compare the token and set."""
        reply = await self._on_one(scripts.WRITE_GUARDED, handle, token, value)
        if reply[0] == "stale":
            raise StaleTokenError(handle, token=token, current=int(reply[1]))
        return replies.session(handle, reply[1])

    async def _on_one(self, script: Script, handle: str, *arguments: str | int) -> Reply:
        """Run a script on the keys of one session."""
        reply = await self._connections.run(script, self._keys.of_session(handle), *arguments)
        if reply[0] == "unknown":
            raise UnknownSessionError(handle)
        return reply

    def _announcement(self, handle: str) -> tuple[str, str]:
        """Channel and message for the other instances."""
        return self._keys.changes, f"{self._instance} {handle}"

    @property
    def _connections(self) -> Connections:
        return self._open_parts()[0]

    def _open_parts(self) -> tuple[Connections, Subscriptions]:
        if self._opened is None:
            raise StoreUnavailableError("the store is closed")
        return self._opened


def _with_all_items(handle: str, reply: Reply) -> Reply:
    """A reply about the queue. Raises StateLostError."""
    if reply[0] == "gone":
        raise StateLostError(handle, lost=f"some of the {reply[1]} queued items")
    return reply


def _with_all_options(handle: str, reply: Reply) -> Reply:
    """A reply about the configuration without its first entry. Raises StateLostError."""
    if reply[0] == "gone":
        raise StateLostError(handle, lost=f"some of the {reply[1]} options")
    return reply[1:]
