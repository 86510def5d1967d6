"""Waiting for the end of a session in a store."""

from __future__ import annotations

from mcp_state.errors import UnknownSessionError
from mcp_state.protocol import Store
from tests.waiting import until


async def gone(store: Store, handle: str) -> None:
    """Wait until the session expired."""

    async def unknown() -> bool:
        try:
            await store.get(handle)
        except UnknownSessionError:
            return True
        return False

    await until(unknown, f"session {handle} expires")
