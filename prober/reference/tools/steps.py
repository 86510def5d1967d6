"""Tools over a session's record: steps, which the store counts atomically."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from mcp_state.values import Session
from mcp_state.writes import counted
from prober.reference.context import Context
from prober.reference.tools.arguments import NUMBER, Json, Name, SessionId, json_text
from prober.reference.tools.registry import ToolRegistry
from prober.reference.tools.results import SessionRecord, Step


def register(tools: ToolRegistry, context: Context) -> None:
    """Add the tools of this file."""
    store, recorder, limit = context.store, context.recorder, context.settings.payload_limit

    async def step(tool: str, session_id: str, action: str, result: str, lifetime: float | None = None) -> Session:
        writing = store.step(session_id, tool=action, result=result, lifetime=lifetime)
        return await counted(writing, recorder=recorder, tool=tool, handle=session_id)

    @tools.add
    async def run_step(session_id: SessionId, action: Name) -> Step:
        """Run the next step: counts it, atomically, and tells its number. Any number of agents may do so at once."""
        return Step.of(await step("run_step", session_id, action, "null"))

    @tools.add
    async def record_step(session_id: SessionId, tool: Name, result: Json) -> SessionRecord:
        """Count a step and record, in the same write, the tool that made it and its result."""
        text = json_text(result, name="result", limit=limit)
        return SessionRecord.of(await step("record_step", session_id, tool, text))

    @tools.add
    async def update_workflow_step(
        session_id: SessionId,
        action: Name,
        result: Json,
        ttl_seconds: Annotated[
            float | None,
            Field(ge=1, le=30 * 86_400, description="From now on the session lives this long after each write."),
            NUMBER,
        ] = None,
    ) -> SessionRecord:
        """Count a step, record its action and result, and renew the session, if asked with another lifetime."""
        if ttl_seconds is not None and session_id in context.settings.sessions:
            raise ToolError(
                f"Session {session_id!r} is one that this server keeps for ever, for probes. Leave ttl_seconds out, or "
                "use a session of your own: create_session makes one."
            )
        text = json_text(result, name="result", limit=limit)
        session = await step("update_workflow_step", session_id, action, text, ttl_seconds)
        if ttl_seconds is not None:
            context.configs.invalidate(session_id)  # it may end earlier than when its configuration was cached
        return SessionRecord.of(session)
