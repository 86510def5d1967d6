"""The values of the store protocol. Times are Unix seconds, durations seconds.

JSON crosses the store protocol as text: compact, valid JSON that a store keeps byte for byte and never parses.
Handles are 1 to 64 characters of `A-Z a-z 0-9 _ -`; all other texts may hold any Unicode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The record of one workflow session at one instant. A reader never sees half of a write."""

    handle: str
    created_at: float
    updated_at: float
    lifetime: float | None
    """Seconds that the session lives after its last write; None never expires."""
    expires_at: float | None
    """`updated_at + lifetime`. From this instant on no method finds the session."""

    step_count: int = 0
    last_tool: str | None = None
    last_result: str | None = None
    """JSON text; written together with `last_tool` and `step_count`, never apart."""

    value: str = "null"
    """The register that `swap` writes: JSON text."""
    value_version: int = 0
    """Rises by exactly one with every swap."""

    last_event: int = 0
    """The number of the newest event; also the version of the workflow, for optimistic appends."""
    last_event_at: float | None = None
    """When the newest event was appended; None before the first.

    Number and time together name an event: a store that came back from an older copy gives a number a second time, to
    another event.
    """

    guarded_value: int = 0
    """The value that `write_guarded` writes."""
    fence: int = 0
    """The fencing token of the newest lock grant; 0 before the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One entry of a session's append-only log. Numbers start at 1, have no gaps and are given in commit order."""

    number: int
    kind: str
    payload: str
    """JSON text."""
    agent_id: str
    occurred_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The state that replaying the events 1 to `number` gives."""

    number: int
    state: str
    """JSON text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventHistory:
    """The input of a replay: a snapshot, if there is one, and every event after it."""

    snapshot: Snapshot | None
    events: tuple[Event, ...]
    last_event: int
    """The number of the newest event in the log at the same instant, also if an older state was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A session's configuration: option name -> JSON text. Version 0 means that nothing was ever set."""

    version: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    expires_in: float | None = field(default=None, compare=False)
    """Seconds that the session had left when this was read; None never expires. No cache may keep it for longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dequeued:
    """What one call took from a session's queue."""

    item: str | None
    """JSON text; None where the queue was empty."""
    waiting: int
    """How many items are left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """One grant of a session's lock, held by `owner` until released or until `expires_at`."""

    handle: str
    owner: str
    token: int
    """The fencing token: strictly higher than that of every earlier grant on the same session."""
    expires_at: float
