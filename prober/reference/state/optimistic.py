"""Optimistic locking with retries; writes counted by outcome.

Optimistic locking: read a version, compute, write where the version still matches. A write that loses reads again and
tries again: at most three times, after 50, 100 and 200 ms (doubling, never above 500 ms) plus jitter, because writers
that collided once and waited equally long would collide again. A write that loses every time raises GaveUpError.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from prober.reference.logs import log
from prober.reference.state.context import Context
from prober.reference.stores.errors import (
    LockHeldError,
    LockLostError,
    SessionExistsError,
    StaleTokenError,
    StoreError,
    UnknownSessionError,
    VersionConflictError,
)

T = TypeVar("T")

RETRIES: Final = 3
_FIRST_WAIT: Final = 0.050
_MAX_WAIT: Final = 0.500
_JITTER: Final = 0.050
"""At most this many seconds of jitter: as much as the first wait, so that even first retries spread."""


class GaveUpError(StoreError):
    """A write met a conflict on every try; nothing was written."""

    def __init__(self, handle: str, *, tries: int) -> None:
        super().__init__(f"session {handle!r} was changed by others on each of {tries} tries")
        self.handle = handle
        self.tries = tries


def outcome_of(error: StoreError) -> str:
    """The label value of a write that ended with this error."""
    if isinstance(error, VersionConflictError | StaleTokenError | GaveUpError):
        return "conflict"
    if isinstance(error, UnknownSessionError | SessionExistsError | LockHeldError | LockLostError):
        return "rejected"
    return "failed"


async def counted(context: Context, write: Coroutine[Any, Any, T], *, tool: str, handle: str) -> T:
    """Make one write without retries; count its outcome and its conflict, if it met one."""
    try:
        result = await write
    except StoreError as error:
        if isinstance(error, VersionConflictError | StaleTokenError):
            record_conflict(context, tool=tool, handle=handle, retry_count=0)
        _end(context, tool=tool, error=error)
        raise
    _end(context, tool=tool)
    return result


async def optimistic(
    context: Context,
    attempt: Callable[[], Awaitable[T]],
    *,
    tool: str,
    handle: str,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[T, int]:
    """Run `attempt` (read, compute, write) until it succeeds; returns its value and the number of retries.

    Raises:
        GaveUpError: it met a conflict `RETRIES` + 1 times.
    """
    for retry in range(RETRIES + 1):
        try:
            result = await attempt()
        except VersionConflictError as conflict:
            record_conflict(context, tool=tool, handle=handle, retry_count=retry)
            if retry == RETRIES:
                gave_up = GaveUpError(handle, tries=retry + 1)
                _end(context, tool=tool, error=gave_up, retries=retry)
                log(logging.ERROR, "write_gave_up", session_id=handle, tool=tool, tries=retry + 1)
                raise gave_up from conflict
            await sleep(wait_before(retry))
        except StoreError as error:
            _end(context, tool=tool, error=error, retries=retry)
            raise
        else:
            _end(context, tool=tool, retries=retry)
            return result, retry
    raise AssertionError("the last retry returns or raises")


def wait_before(retry: int) -> float:
    """Seconds to wait before retry number `retry`, counted from 0."""
    return min(_MAX_WAIT, _FIRST_WAIT * 2.0**retry) + random.uniform(0, _JITTER)  # noqa: S311 - spreads, hides nothing


def record_conflict(context: Context, *, tool: str, handle: str, retry_count: int) -> None:
    """Count, rank and log one conflict; `retry_count` is the number of retries before it."""
    context.metrics.conflict_met(tool=tool)
    context.contention.add(handle, tool=tool)
    log(
        logging.WARNING,
        "write_conflict",
        session_id=handle,
        tool=tool,
        retry_count=retry_count,
        store=context.store.name,
    )


def _end(context: Context, *, tool: str, error: StoreError | None = None, retries: int | None = None) -> None:
    """Count a write that ended; `retries` is None for a tool that does not retry."""
    if error is None:
        context.failures.write_succeeded()
    else:
        context.failures.write_failed(error)
    context.metrics.write_ended(tool=tool, outcome="ok" if error is None else outcome_of(error))
    if retries is not None:
        context.metrics.retries_ended(tool=tool, retries=retries)
