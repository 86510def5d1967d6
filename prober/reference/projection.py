"""The fold of events into a workflow's state. No store, no clock: the same log gives the same state everywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from mcp_state.values import Event

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


class WorkflowProjection:
    """How events make a workflow; a Projection."""

    def initial(self) -> WorkflowState:
        """A workflow that has not begun."""
        return WorkflowState()

    def fold(self, state: WorkflowState, events: Sequence[Event]) -> WorkflowState:
        """The state after these events; an event of an unknown kind only raises the version."""
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

    def dump(self, state: WorkflowState) -> str:
        """The fields, as they are."""
        return json.dumps(asdict(state), ensure_ascii=False)

    def load(self, text: str) -> WorkflowState:
        """The inverse of `dump`."""
        kept = json.loads(text)
        return WorkflowState(**{**kept, "completed_steps": tuple(kept["completed_steps"])})
