"""What keeps the reading of an event log cheap: which snapshots stay, and states that are known already."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeAlias, TypeVar

from mcp_state.values import Session

S = TypeVar("S")


def snapshots_to_keep(newest: int, *, every: int, each: int) -> tuple[int, ...]:
    """The numbers of the snapshots that stay when one is written at event `newest`; there was one every `every` events.

    The newest `each` of all, the newest `each` of every second, of every fourth and so on: the older, the sparser. A
    read of an old state replays `every` events at most, and 2 / (`each` - 1) of those since; with 4, 10,000 events
    have 13 snapshots. What this keeps, it kept before too: no snapshot that was dropped is asked for later.
    """
    numbers: set[int] = set()
    distance = every
    while distance <= newest:
        last = newest // distance
        numbers.update(distance * count for count in range(max(1, last - each + 1), last + 1))
        distance *= 2
    return tuple(sorted(numbers))


_LogEnd: TypeAlias = tuple[float, int, float | None]


def _log_end(session: Session) -> _LogEnd:
    """What no other newest event of any log under this handle has in common."""
    return session.created_at, session.last_event, session.last_event_at


class StateCache(Generic[S]):
    """Folded states, reused as long as no event was appended since.

    Never stale, without invalidation: every read asks the store for the newest event, and the state at one event never
    changes. `created_at` tells the logs of two sessions under one handle apart. Number and time name the event: a store
    that came back from an older copy (Redis after a restart, a replica that took over, a restored file) gives the
    numbers of lost events to others.
    """

    def __init__(self, capacity: int = 1_000) -> None:
        self._capacity = capacity
        self._states: OrderedDict[str, tuple[_LogEnd, S]] = OrderedDict()

    def at(self, session: Session) -> S | None:
        """The state at the newest event of this session's log, if it is cached."""
        known = self._states.get(session.handle)
        if known is None or known[0] != _log_end(session):
            return None
        self._states.move_to_end(session.handle)
        return known[1]

    def learn(self, session: Session, state: S, *, number: int) -> None:
        """Cache the state after event `number`, unless that is not the session's newest one.

        The state that was used longest ago makes room.
        """
        if number != session.last_event or (session.last_event and session.last_event_at is None):
            return
        self._states[session.handle] = _log_end(session), state
        self._states.move_to_end(session.handle)
        if len(self._states) > self._capacity:
            self._states.popitem(last=False)
