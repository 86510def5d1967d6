"""Waiting for a lock, and working under it. A store grants or refuses at once; the retries are here."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mcp_state.errors import LockHeldError, StoreError
from mcp_state.protocol import Locks, Recorder
from mcp_state.values import Lock

_FIRST_PAUSE: Final = 0.005
_MAX_PAUSE: Final = 0.100


async def acquire(locks: Locks, handle: str, *, recorder: Recorder, tool: str, ttl: float, wait: float) -> Lock:
    """Acquire the lock for `ttl` seconds under a new owner name, with retries for up to `wait` seconds.

    Raises:
        LockHeldError: another owner held the lock all the time.
    """
    owner = secrets.token_urlsafe(12)
    began = time.monotonic()
    pause = _FIRST_PAUSE
    try:
        while True:
            try:
                return await locks.acquire(handle, owner=owner, ttl=ttl)
            except LockHeldError:
                left = began + wait - time.monotonic()
                if left <= 0:
                    raise
                # Random, so that callers that wait for the same release do not all retry at the same moment.
                await asyncio.sleep(min(left, random.uniform(pause / 2, pause)))  # noqa: S311
                pause = min(_MAX_PAUSE, pause * 2)
    finally:
        recorder.lock_waited(tool=tool, handle=handle, seconds=time.monotonic() - began)


@asynccontextmanager
async def holding(
    locks: Locks, handle: str, *, recorder: Recorder, tool: str, ttl: float, wait: float
) -> AsyncIterator[Lock]:
    """Hold the lock during the body. The body's result or error stands, whatever becomes of giving the lock back.

    A lock that is lost by then has expired; one that cannot be given back expires. Neither changes what the body wrote:
    only the fencing token decides that.

    Raises:
        LockHeldError: another owner held the lock for the whole `wait`.
    """
    lock = await acquire(locks, handle, recorder=recorder, tool=tool, ttl=ttl, wait=wait)
    try:
        yield lock
    finally:
        try:
            await locks.release(handle, owner=lock.owner)
        except StoreError as error:
            recorder.release_failed(tool=tool, handle=handle, error=error)
