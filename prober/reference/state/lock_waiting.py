"""Waiting for a session's lock, and working under it. A store grants or refuses at once; the retries are here."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from prober.reference.logs import log
from prober.reference.state.context import Context
from prober.reference.stores.errors import LockHeldError, StoreError
from prober.reference.stores.values import Lock

_FIRST_PAUSE: Final = 0.005
_MAX_PAUSE: Final = 0.100


async def acquire(context: Context, handle: str, *, tool: str, ttl: float, wait: float) -> Lock:
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
                return await context.store.acquire(handle, owner=owner, ttl=ttl)
            except LockHeldError:
                left = began + wait - time.monotonic()
                if left <= 0:
                    raise
                # Random, so that callers that wait for the same release do not all retry at the same moment.
                await asyncio.sleep(min(left, random.uniform(pause / 2, pause)))  # noqa: S311
                pause = min(_MAX_PAUSE, pause * 2)
    finally:
        _record_wait(context, handle, tool=tool, seconds=time.monotonic() - began)


@asynccontextmanager
async def holding(context: Context, handle: str, *, tool: str, ttl: float, wait: float) -> AsyncIterator[Lock]:
    """Hold the lock during the body. The body's result or error stands, whatever becomes of giving the lock back.

    A lock that is lost by then has expired; one that cannot be given back expires. Neither changes what the body wrote:
    only the fencing token decides that.

    Raises:
        LockHeldError: another owner held the lock for the whole `wait`.
    """
    lock = await acquire(context, handle, tool=tool, ttl=ttl, wait=wait)
    try:
        yield lock
    finally:
        try:
            await context.store.release(handle, owner=lock.owner)
        except StoreError as error:
            log(logging.WARNING, "release_failed", session_id=handle, tool=tool, error=type(error).__name__)


def _record_wait(context: Context, handle: str, *, tool: str, seconds: float) -> None:
    context.metrics.lock_waited(tool=tool, seconds=seconds)
    if seconds > context.settings.lock_wait_warning:
        context.contention.add(handle, tool=tool)
        log(
            logging.WARNING,
            "lock_wait",
            session_id=handle,
            tool=tool,
            wait_seconds=round(seconds, 3),
            store=context.store.name,
        )
