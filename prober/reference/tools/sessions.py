"""Tools over whole sessions: create, read, list, delete."""

from __future__ import annotations

import secrets
from typing import Annotated

from pydantic import Field

from mcp_state.writes import counted
from prober.reference.context import Context
from prober.reference.tools.arguments import NUMBER, SessionId
from prober.reference.tools.registry import ToolRegistry
from prober.reference.tools.results import (
    CreatedSession,
    DeletedSession,
    SessionPage,
    SessionRecord,
    SessionSummary,
    moment_or_never,
)


def register(tools: ToolRegistry, context: Context) -> None:
    """Add the tools of this file."""
    store, recorder, settings = context.store, context.recorder, context.settings

    @tools.add
    async def create_session() -> CreatedSession:
        """Make an empty workflow session. Its handle is what every other tool asks for as session_id."""
        handle = "wf_" + secrets.token_urlsafe(16)
        making = store.create(handle, lifetime=settings.handle_lifetime)
        session = await counted(making, recorder=recorder, tool="create_session", handle=handle)
        return CreatedSession(
            handle=session.handle,
            lifetime_seconds=session.lifetime,
            expires_at=moment_or_never(session.expires_at),
        )

    @tools.add
    async def get_session(session_id: SessionId) -> SessionRecord:
        """Read a session's record: all its fields as they stood together at one instant."""
        return SessionRecord.of(await store.get(session_id))

    @tools.add
    async def list_sessions(
        cursor: Annotated[str, Field(max_length=64, description="nextCursor of the page before; empty begins.")] = "",
        limit: Annotated[int, Field(ge=1, le=500), NUMBER] = 50,
    ) -> SessionPage:
        """List live sessions, page by page, in the order of their handles."""
        sessions = await store.page(after=cursor, limit=limit)
        return SessionPage(
            sessions=[SessionSummary.of(session) for session in sessions],
            next_cursor=sessions[-1].handle if len(sessions) == limit else None,
        )

    @tools.add
    async def delete_session(session_id: SessionId) -> DeletedSession:
        """Delete a session with its events, configuration and lock."""
        await counted(store.delete(session_id), recorder=recorder, tool="delete_session", handle=session_id)
        context.configs.invalidate(session_id)
        recorder.cache_invalidated(origin="local")
        return DeletedSession(session_id=session_id, deleted=True)
