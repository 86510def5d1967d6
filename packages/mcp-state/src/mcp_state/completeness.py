"""Checks that a store returns all that was acknowledged: what was evicted must never look like what never was."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_state.errors import StateLostError
from mcp_state.values import Event, EventHistory


def complete_events(handle: str, events: Sequence[Event], *, first: int, last: int) -> tuple[Event, ...]:
    """The events, which must be those from `first` to `last`. Raises StateLostError."""
    numbers = {event.number for event in events}
    lost = [number for number in range(first, last + 1) if number not in numbers]
    if lost:
        span = f"event {lost[0]}" if len(lost) == 1 else f"{len(lost)} of the events {lost[0]} to {lost[-1]}"
        raise StateLostError(handle, lost=span)
    return tuple(events)


def complete_history(handle: str, history: EventHistory, *, upto: int | None) -> EventHistory:
    """The history, which must reach from its snapshot to `upto` without a gap. Raises StateLostError."""
    first = history.snapshot.number + 1 if history.snapshot else 1
    last = history.last_event if upto is None else min(upto, history.last_event)
    complete_events(handle, history.events, first=first, last=last)
    return history
