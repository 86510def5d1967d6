"""Replies of scripts -> values. Times in replies are microseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from mcp_state.redis.scripts import SESSION
from mcp_state.values import Config, Event, Session, Snapshot

Reply: TypeAlias = Any
"""A reply of redis-py: text, whole numbers, None, and lists of these."""


def seconds(microseconds: str) -> float:
    """Unix seconds of a time in a reply."""
    return int(microseconds) / 1_000_000


def lifetime_text(lifetime: float | None) -> str:
    """A lifetime as an argument of a script."""
    return "" if lifetime is None else repr(float(lifetime))


def session(handle: str, fields: Sequence[Reply]) -> Session:
    """The values of the fields `scripts.SESSION`."""
    of = dict(zip(SESSION, fields, strict=True))
    updated_at = seconds(of["updated_at"])
    lifetime = float(of["lifetime"]) if of["lifetime"] else None
    return Session(
        handle=handle,
        created_at=seconds(of["created_at"]),
        updated_at=updated_at,
        lifetime=lifetime,
        expires_at=None if lifetime is None else updated_at + lifetime,
        step_count=int(of["step_count"]),
        last_tool=of["last_tool"],
        last_result=of["last_result"],
        value=of["value"],
        value_version=int(of["value_version"]),
        last_event=int(of["last_event"]),
        last_event_at=seconds(of["last_event_at"]) if of["last_event_at"] else None,
        guarded_value=int(of["guarded_value"]),
        fence=int(of["fence"]),
    )


def events(entries: Reply) -> tuple[Event, ...]:
    """The entries of a range of the stream; redis-py returns None for a range of no entries."""
    return tuple(_event(identity, fields) for identity, fields in entries or ())


def _event(identity: str, fields: Sequence[str]) -> Event:
    of = _pairs(fields)
    return Event(
        number=int(identity.partition("-")[0]),
        kind=of["kind"],
        payload=of["payload"],
        agent_id=of["agent_id"],
        occurred_at=seconds(of["at"]),
    )


def snapshot(number: int, state: str | None) -> Snapshot | None:
    """A snapshot, if there is one."""
    return None if state is None else Snapshot(number=number, state=state)


def config(version: Sequence[str], options: Sequence[str], left: int = -1) -> Config:
    """Version and options of a configuration, and how many milliseconds the session has left, -1 for ever."""
    return Config(version=int(version[0]), options=_pairs(options), expires_in=None if left < 0 else left / 1000)


def _pairs(flat: Sequence[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
