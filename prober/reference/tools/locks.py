"""Tools over a session's lock: work that must not overlap, and writes that a lost lock can not spoil."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Final

from pydantic import Field

from mcp_state.lock import acquire, holding
from mcp_state.writes import counted
from prober.reference.context import Context
from prober.reference.tools.arguments import NUMBER, Name, SessionId, Whole
from prober.reference.tools.registry import ToolRegistry
from prober.reference.tools.results import AcquiredLock, ExclusiveRun, GuardedWrite, ReleasedLock

Wait = Annotated[int, Field(ge=0, le=30_000, description="How long to wait for the lock, in milliseconds."), NUMBER]

_MARGIN: Final = 10.0
"""Seconds that the lock is held beyond its work: a holder that died blocks others for as long."""


def register(tools: ToolRegistry, context: Context) -> None:
    """Add the tools of this file."""
    store, recorder = context.store, context.recorder

    @tools.add
    async def run_exclusive(
        session_id: SessionId,
        work_ms: Annotated[
            int, Field(ge=0, le=5_000, description="How long the work takes, in milliseconds."), NUMBER
        ] = 10,
        wait_ms: Wait = 5_000,
    ) -> ExclusiveRun:
        """Do a piece of work that must never overlap with itself: read a count, work, write it back one higher.

        Only the lock makes that safe; and should the lock be lost on the way, the fencing token refuses the write.
        """
        began = time.monotonic()

        async def work() -> ExclusiveRun:
            ttl = work_ms / 1000 + _MARGIN
            wait = wait_ms / 1000
            async with holding(store, session_id, recorder=recorder, tool="run_exclusive", ttl=ttl, wait=wait) as lock:
                waited = time.monotonic() - began
                runs = (await store.get(session_id)).guarded_value
                await asyncio.sleep(work_ms / 1000)
                await store.write_guarded(session_id, token=lock.token, value=runs + 1)
            return ExclusiveRun(
                session_id=session_id, fencing_token=lock.token, runs=runs + 1, waited_ms=round(waited * 1000, 3)
            )

        return await counted(work(), recorder=recorder, tool="run_exclusive", handle=session_id)

    @tools.add
    async def acquire_lock(
        session_id: SessionId,
        ttl_ms: Annotated[
            int, Field(ge=10, le=60_000, description="How long it is held, in milliseconds."), NUMBER
        ] = 10_000,
        wait_ms: Wait = 0,
    ) -> AcquiredLock:
        """Take the session's lock; it is an error where another holds it for the whole wait."""
        ttl, wait = ttl_ms / 1000, wait_ms / 1000
        taking = acquire(store, session_id, recorder=recorder, tool="acquire_lock", ttl=ttl, wait=wait)
        return AcquiredLock.of(await counted(taking, recorder=recorder, tool="acquire_lock", handle=session_id))

    @tools.add
    async def release_lock(session_id: SessionId, owner: Name) -> ReleasedLock:
        """Give the lock back; it is an error where it expired or is another's."""
        await counted(store.release(session_id, owner=owner), recorder=recorder, tool="release_lock", handle=session_id)
        return ReleasedLock(session_id=session_id, released=True)

    @tools.add
    async def write_guarded(session_id: SessionId, fencing_token: Whole, value: Whole) -> GuardedWrite:
        """Write the guarded value; refused unless the fencing token is that of the newest lock grant."""
        writing = store.write_guarded(session_id, token=fencing_token, value=value)
        session = await counted(writing, recorder=recorder, tool="write_guarded", handle=session_id)
        return GuardedWrite(session_id=session_id, guarded_value=session.guarded_value, fencing_token=session.fence)
