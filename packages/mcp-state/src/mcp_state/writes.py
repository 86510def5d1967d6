"""Optimistic locking with retries; writes counted by outcome.

Optimistic locking: read a version, compute, write where the version still matches. A write that loses reads again and
tries again: at most three times, after 50, 100 and 200 ms (doubling, never above 500 ms) plus jitter, because writers
that collided once and waited equally long would collide again. A write that loses every time raises GaveUpError.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from mcp_state.errors import ConflictError, GaveUpError, ValueConflictError, VersionConflictError
from mcp_state.protocol import Recorder

T = TypeVar("T")

RETRIES: Final = 3
_FIRST_WAIT: Final = 0.050
_MAX_WAIT: Final = 0.500
_JITTER: Final = 0.050
"""At most this many seconds of jitter: as much as the first wait, so that even first retries spread."""


async def optimistic(
    attempt: Callable[[], Awaitable[T]],
    *,
    recorder: Recorder,
    tool: str,
    handle: str,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[T, int]:
    """Run `attempt` (read, compute, write) until it succeeds; returns its value and the number of retries.

    `attempt` raises VersionConflictError or ValueConflictError where another write came first. Its other exceptions are
    counted and raised.
    `tool` is the tool that writes, `handle` names what it writes to.

    Raises:
        GaveUpError: it met a conflict `RETRIES` + 1 times.
    """
    for retry in range(RETRIES + 1):
        try:
            result = await attempt()
        except (VersionConflictError, ValueConflictError) as conflict:
            recorder.conflict_met(tool=tool, handle=handle, retries=retry)
            if retry == RETRIES:
                gave_up = GaveUpError(handle, tries=retry + 1)
                recorder.write_ended(tool=tool, handle=handle, error=gave_up, retries=retry)
                raise gave_up from conflict
            await sleep(wait_before(retry))
        except Exception as error:
            recorder.write_ended(tool=tool, handle=handle, error=error, retries=retry)
            raise
        else:
            recorder.write_ended(tool=tool, handle=handle, retries=retry)
            return result, retry
    raise AssertionError("the last retry returns or raises")


async def counted(write: Awaitable[T], *, recorder: Recorder, tool: str, handle: str) -> T:
    """Make one write without retries; count its outcome and its conflict, if it met one."""
    try:
        result = await write
    except Exception as error:
        if isinstance(error, ConflictError):
            recorder.conflict_met(tool=tool, handle=handle, retries=0)
        recorder.write_ended(tool=tool, handle=handle, error=error)
        raise
    recorder.write_ended(tool=tool, handle=handle)
    return result


def wait_before(retry: int) -> float:
    """Seconds to wait before retry number `retry`, counted from 0."""
    return min(_MAX_WAIT, _FIRST_WAIT * 2.0**retry) + random.uniform(0, _JITTER)  # noqa: S311 - spreads, hides nothing
