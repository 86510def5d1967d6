"""The fold of events into a workflow's state. No store, no clock: the same log gives the same state everywhere."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, TypeAlias

from prober.reference.stores.values import Event, EventHistory, Session, Snapshot

STEP_COMPLETED: Final = "step_completed"
PHASE_ADVANCED: Final = "phase_advanced"
ERROR_RECORDED: Final = "error_recorded"


@dataclass(frozen=True, kw_only=True)
class WorkflowState:
    """The state after the events 1 to `version`."""

    version: int = 0
    phase: str = "init"
    completed_steps: tuple[str, ...] = ()
    error: str | None = None


def fold(state: WorkflowState, events: Sequence[Event]) -> WorkflowState:
    """The state after these events; an event of an unknown kind only raises the version."""
    if not events:
        return state
    # Parsed as one JSON text: a read replays up to a hundred events, and parsing is most of its cost.
    payloads = json.loads(f"[{','.join(event.payload for event in events)}]")
    phase, error, steps = state.phase, state.error, list(state.completed_steps)
    for event, payload in zip(events, payloads, strict=True):
        if event.kind == STEP_COMPLETED:
            steps.append(payload["step"])
        elif event.kind == PHASE_ADVANCED:
            phase = payload["phase"]
            if "completedStep" in payload:
                steps.append(payload["completedStep"])
        elif event.kind == ERROR_RECORDED:
            error = payload["message"]
    return WorkflowState(version=events[-1].number, phase=phase, completed_steps=tuple(steps), error=error)


def state_of(history: EventHistory) -> WorkflowState:
    """The state at the end of a history."""
    if history.snapshot is None:
        return fold(WorkflowState(), history.events)
    kept = json.loads(history.snapshot.state)
    return fold(WorkflowState(**{**kept, "completed_steps": tuple(kept["completed_steps"])}), history.events)


def snapshot_of(state: WorkflowState) -> Snapshot:
    """The state as a snapshot; `state_of` is the inverse."""
    return Snapshot(number=state.version, state=json.dumps(asdict(state), ensure_ascii=False))


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


class StateCache:
    """Folded states, reused as long as no event was appended since.

    Never stale, without invalidation: every read asks the store for the newest event, and the state at one event never
    changes. `created_at` tells the logs of two sessions under one handle apart. Number and time name the event: a store
    that came back from an older copy (Redis after a restart, a replica that took over, a restored file) gives the
    numbers of lost events to others.
    """

    def __init__(self, capacity: int = 1_000) -> None:
        self._capacity = capacity
        self._states: OrderedDict[str, tuple[_LogEnd, WorkflowState]] = OrderedDict()

    def at(self, session: Session) -> WorkflowState | None:
        """The state at the newest event of this session's log, if it is cached."""
        end, state = self._states.get(session.handle, (None, None))
        if state is None or end != _log_end(session):
            return None
        self._states.move_to_end(session.handle)
        return state

    def learn(self, session: Session, state: WorkflowState) -> None:
        """Cache a state, unless it is not the one at the session's newest event; evict the least recently used one."""
        if state.version != session.last_event or (session.last_event and session.last_event_at is None):
            return
        self._states[session.handle] = _log_end(session), state
        self._states.move_to_end(session.handle)
        if len(self._states) > self._capacity:
            self._states.popitem(last=False)
