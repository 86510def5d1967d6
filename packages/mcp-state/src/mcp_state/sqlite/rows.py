"""Runs statements and turns rows into values. Every read of sessions sees only live ones."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any, TypeAlias

from mcp_state.completeness import complete_history
from mcp_state.errors import UnknownSessionError
from mcp_state.sqlite import statements as sql
from mcp_state.values import Config, Event, EventHistory, Session, Snapshot

Row: TypeAlias = tuple[Any, ...]


def fetch(connection: sqlite3.Connection, statement: str, **values: object) -> list[Row]:
    """All rows; sets `:now`. A RETURNING that is only half read would keep the transaction from committing."""
    return connection.execute(statement, {"now": time.time(), **values}).fetchall()


def session(row: Row) -> Session:
    """A row of the columns `statements.SESSION`."""
    return Session(**dict(zip(sql.SESSION, row, strict=True)))


def live_session(connection: sqlite3.Connection, handle: str) -> Session:
    """The session with this handle. Raises UnknownSessionError."""
    found = fetch(connection, sql.GET, handle=handle)
    if not found:
        raise UnknownSessionError(handle)
    return session(found[0])


def events(text: str) -> tuple[Event, ...]:
    """Events from the JSON text of statements.EVENTS and HISTORY."""
    return tuple(
        Event(number=number, kind=kind, payload=payload, agent_id=agent_id, occurred_at=micros / 1_000_000)
        for number, kind, payload, agent_id, micros in json.loads(text)
    )


def history(connection: sqlite3.Connection, handle: str, *, upto: int | None) -> EventHistory:
    """Snapshot, events after it and newest number. Raises UnknownSessionError, StateLostError."""
    found = fetch(connection, sql.HISTORY, handle=handle, upto=upto)
    if not found:
        raise UnknownSessionError(handle)
    last_event, number, state, tail = found[0]
    snapshot = None if number is None else Snapshot(number=number, state=state)
    found_history = EventHistory(snapshot=snapshot, events=events(tail), last_event=last_event)
    return complete_history(handle, found_history, upto=upto)


def config(connection: sqlite3.Connection, handle: str) -> Config:
    """The configuration of a session, empty if none was set. Raises UnknownSessionError."""
    found = fetch(connection, sql.CONFIG, handle=handle)
    if not found:
        raise UnknownSessionError(handle)
    version, options, expires_in = found[0]
    if version is None:
        return Config(expires_in=expires_in)
    return Config(version=version, options=json.loads(options), expires_in=expires_in)


def renew(connection: sqlite3.Connection, handle: str) -> None:
    """For a write to another table than that of the sessions. Raises UnknownSessionError."""
    if not fetch(connection, sql.RENEW, handle=handle):
        raise UnknownSessionError(handle)


def lock_expiry(connection: sqlite3.Connection, handle: str) -> float | None:
    """When the lock expires or expired; None if it was released. Raises UnknownSessionError."""
    found = fetch(connection, sql.LOCK_EXPIRY, handle=handle)
    if not found:
        raise UnknownSessionError(handle)
    expires_at: float | None = found[0][0]
    return expires_at
