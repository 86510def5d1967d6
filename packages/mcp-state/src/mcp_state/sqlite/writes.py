"""Writes that take more than one statement, or look at what they found.

The writer runs each in a savepoint of its own: a write that raises leaves nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from mcp_state.errors import StateLostError, ValueConflictError, VersionConflictError
from mcp_state.sqlite import rows
from mcp_state.sqlite import statements as sql
from mcp_state.values import Dequeued, Event, Session, Snapshot


def swap(connection: sqlite3.Connection, handle: str, *, expected_version: int, value: str) -> Session:
    """One UPDATE that matches no row where the version moved on."""
    found = rows.fetch(connection, sql.SWAP, handle=handle, value=value, expected=expected_version)
    if not found:
        actual = rows.live_session(connection, handle).value_version
        raise VersionConflictError(handle, expected=expected_version, actual=actual)
    return rows.session(found[0])


def swap_value(connection: sqlite3.Connection, handle: str, *, expected: str, value: str) -> Session:
    """One UPDATE that matches no row where the value is another."""
    found = rows.fetch(connection, sql.SWAP_VALUE, handle=handle, value=value, expected=expected)
    if not found:
        rows.live_session(connection, handle)
        raise ValueConflictError(handle)
    return rows.session(found[0])


def enqueue(connection: sqlite3.Connection, handle: str, *, item: str) -> int:
    """Put an item at the end of the queue; returns how many wait. Raises UnknownSessionError."""
    rows.renew(connection, handle)
    rows.fetch(connection, sql.ENQUEUE, handle=handle, item=item)
    return _waiting(connection, handle)


def dequeue(connection: sqlite3.Connection, handle: str) -> Dequeued:
    """Take the first item. Raises UnknownSessionError."""
    rows.renew(connection, handle)
    found = rows.fetch(connection, sql.DEQUEUE, handle=handle)
    return Dequeued(item=found[0][0] if found else None, waiting=_waiting(connection, handle))


def _waiting(connection: sqlite3.Connection, handle: str) -> int:
    return int(rows.fetch(connection, sql.WAITING, handle=handle)[0][0])


def append(
    connection: sqlite3.Connection, handle: str, *, kind: str, payload: str, agent_id: str, expected_last: int | None
) -> Event:
    """Take the next number from the session's row, insert the event under it."""
    found = rows.fetch(connection, sql.NEXT_EVENT, handle=handle, expected=expected_last)
    if not found:
        actual = rows.live_session(connection, handle).last_event
        raise VersionConflictError(handle, expected=-1 if expected_last is None else expected_last, actual=actual)
    number, now = found[0]
    if number > 1 and not rows.fetch(connection, sql.HAS_EVENT, handle=handle, number=number - 1):
        raise StateLostError(handle, lost=f"event {number - 1}")
    micros = int(now * 1_000_000)
    values = {"handle": handle, "number": number, "kind": kind, "payload": payload, "agent_id": agent_id}
    rows.fetch(connection, sql.APPEND, **values, occurred_at=micros)
    return Event(number=number, kind=kind, payload=payload, agent_id=agent_id, occurred_at=micros / 1_000_000)


def put_snapshot(connection: sqlite3.Connection, handle: str, snapshot: Snapshot, *, keep: Collection[int]) -> None:
    """Insert, then prune."""
    last = rows.live_session(connection, handle).last_event
    if snapshot.number > last:
        raise VersionConflictError(handle, expected=snapshot.number, actual=last)
    of = {"handle": handle, "number": snapshot.number}
    rows.fetch(connection, sql.PUT_SNAPSHOT, **of, state=snapshot.state)
    rows.fetch(connection, sql.PRUNE_SNAPSHOTS, **of, keep=json.dumps(list(keep)))
