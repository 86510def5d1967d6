"""Arguments with which every tool answers."""

from __future__ import annotations

from typing import Any

from .inside import Inside

OK: dict[str, dict[str, Any]] = {
    "create_session": {},
    "get_session": {},
    "list_sessions": {"limit": 1},
    "run_step": {"action": "a"},
    "record_step": {"tool": "t", "result": {"a": [1, None, "x"]}},
    "update_workflow_step": {"action": "a", "result": 1, "ttl_seconds": 60},
    "compare_and_swap": {"expected_version": 0, "value": {"a": 1}},
    "compare_and_swap_value": {"expected_value": None, "value": {"a": 1}},
    "enqueue_task": {"task": {"a": [1]}},
    "dequeue_task": {},
    "get_workflow_state": {},
    "advance_workflow": {"next_phase": "p", "completed_step": "s", "agent_id": "a"},
    "complete_step": {"step_id": "s", "agent_id": "a"},
    "record_error": {"message": "m", "agent_id": "a"},
    "get_events": {},
    "replay_state": {"event_number": 0},
    "get_session_config": {},
    "update_session_config": {"options": {"a": 1}},
    "run_exclusive": {"work_ms": 0},
    "acquire_lock": {},
    "release_lock": {},
    "write_guarded": {"value": 1},
    "delete_session": {},
}
"""Arguments that work, beside the session's handle and, for the last of the lock's, what acquire_lock told."""

NEEDS_NO_SESSION = {"create_session", "list_sessions"}


async def answer(
    server: Inside, tool: str, *, handle: str | None = None, lock: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What a tool answers to arguments that work: in a new session and under its lock, unless given others."""
    if tool in NEEDS_NO_SESSION:
        return await server.call(tool, **OK[tool])
    handle = handle or await server.session()
    if tool not in {"release_lock", "write_guarded"}:
        return await server.call(tool, session_id=handle, **OK[tool])
    lock = lock or await server.call("acquire_lock", session_id=handle)
    needed = {"owner": lock["owner"]} if tool == "release_lock" else {"fencing_token": lock["fencingToken"]}
    return await server.call(tool, session_id=handle, **OK[tool], **needed)
