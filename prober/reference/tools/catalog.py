"""Every tool of the server and its traits. Hints for clients and series of metrics are derived from the traits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mcp.types import ToolAnnotations

from mcp_state.metrics import ToolTraits


@dataclass(frozen=True, kw_only=True)
class Traits(ToolTraits):
    """What a tool does to shared state, and what clients may know of that."""

    title: str
    destroys: bool = False
    """It deletes or overwrites state, instead of only adding."""
    idempotent: bool = False
    """A second call with the same arguments changes nothing."""

    @property
    def annotations(self) -> ToolAnnotations:
        """The hints of the Model Context Protocol; all state is the server's own, so the world is closed."""
        return ToolAnnotations(
            title=self.title,
            read_only_hint=not self.writes,
            destructive_hint=self.destroys if self.writes else None,
            idempotent_hint=self.idempotent if self.writes else None,
            open_world_hint=False,
        )


TOOLS: Final[Mapping[str, Traits]] = {
    "create_session": Traits(title="Create a workflow session", writes=True),
    "get_session": Traits(title="Read a session"),
    "list_sessions": Traits(title="List sessions"),
    "delete_session": Traits(title="Delete a session", writes=True, destroys=True, idempotent=True),
    "run_step": Traits(title="Run a step", writes=True),
    "record_step": Traits(title="Record a step with its result", writes=True),
    "update_workflow_step": Traits(title="Record a step and renew the session", writes=True),
    "compare_and_swap": Traits(title="Compare and swap the register", writes=True, destroys=True, conflicts=True),
    "compare_and_swap_value": Traits(
        title="Compare and swap the register by its value", writes=True, destroys=True, conflicts=True
    ),
    "enqueue_task": Traits(title="Put a task into the queue", writes=True),
    "dequeue_task": Traits(title="Take a task from the queue", writes=True, destroys=True),
    "get_workflow_state": Traits(title="Read the workflow", replays=True),
    "advance_workflow": Traits(
        title="Advance the workflow", writes=True, conflicts=True, retries=True, appends=True, replays=True
    ),
    "complete_step": Traits(title="Complete a step", writes=True, appends=True),
    "record_error": Traits(title="Record an error", writes=True, appends=True),
    "get_events": Traits(title="Read the audit trail"),
    "replay_state": Traits(title="Read the workflow as of an event", replays=True),
    "get_session_config": Traits(title="Read the configuration", caches=True),
    "update_session_config": Traits(title="Change the configuration", writes=True, destroys=True),
    "run_exclusive": Traits(title="Work under the lock", writes=True, conflicts=True, locks=True),
    "acquire_lock": Traits(title="Take the lock", writes=True, locks=True),
    "release_lock": Traits(title="Give the lock back", writes=True),
    "write_guarded": Traits(
        title="Write under a fencing token", writes=True, destroys=True, idempotent=True, conflicts=True
    ),
}
"""In the order of the listing."""
