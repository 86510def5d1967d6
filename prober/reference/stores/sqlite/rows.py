"""Statements run to their end, and rows read into values. Every read of a session sees only live ones."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TypeAlias

from prober.reference.stores.errors import UnknownSession
from prober.reference.stores.sqlite import statements as sql
from prober.reference.stores.values import Config, Event, Session

Row: TypeAlias = tuple[Any, ...]


def fetch(connection: sqlite3.Connection, statement: str, **values: object) -> list[Row]:
    """All rows; `:now` is filled in. All, because a half-read RETURNING would keep the transaction from committing."""
    return connection.execute(statement, {"now": time.time(), **values}).fetchall()


class OneInstant(AbstractContextManager[None]):
    """A read transaction: all reads inside see the database as it was at the first of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.execute("ROLLBACK")


def session(row: Row) -> Session:
    """A row of the columns `statements.SESSION`."""
    return Session(**dict(zip(sql.SESSION, row, strict=True)))


def live_session(connection: sqlite3.Connection, handle: str) -> Session:
    """The session with this handle. Raises UnknownSession."""
    found = fetch(connection, sql.GET, handle=handle)
    if not found:
        raise UnknownSession(handle)
    return session(found[0])


def events(connection: sqlite3.Connection, handle: str, *, after: int, upto: int, limit: int) -> tuple[Event, ...]:
    """Events with a number above `after` and not above `upto`; a negative limit is none."""
    return tuple(
        Event(number=number, kind=kind, payload=payload, agent_id=agent_id, occurred_at=occurred_at)
        for number, kind, payload, agent_id, occurred_at in fetch(
            connection, sql.EVENTS, handle=handle, after=after, upto=upto, limit=limit
        )
    )


def config(connection: sqlite3.Connection, handle: str) -> Config:
    """The configuration of a session, empty where none was set."""
    found = fetch(connection, sql.CONFIG, handle=handle)
    return Config(version=found[0][0], options=json.loads(found[0][1])) if found else Config()


def lock_expiry(connection: sqlite3.Connection, handle: str) -> float | None:
    """When the lock expires, or did; None where it is free. Raises UnknownSession."""
    found = fetch(connection, sql.LOCK_EXPIRY, handle=handle)
    if not found:
        raise UnknownSession(handle)
    expires_at: float | None = found[0][0]
    return expires_at
