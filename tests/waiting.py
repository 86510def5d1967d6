"""Waiting for what sends no event when it happens: in another process, in a thread, in the kernel. The test asks again.

Each wait has a bound, a condition, and a message for the test that fails at the bound.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Final, TypeVar

BOUND: Final = 20.0
"""Seconds after which something that must happen is taken not to; far above what it takes on a busy machine."""

T = TypeVar("T")
Message = str | Callable[[], object]
"""What was waited for, or a function that says at the bound how things stand."""


async def until(
    condition: Callable[[], object], message: Message = "", *, seconds: float = BOUND, pause: float = 0.01
) -> None:
    """Wait until a condition is true; its function may be a coroutine function. The event loop goes on meanwhile."""
    try:
        async with asyncio.timeout(seconds) as bound:
            while True:
                answer = condition()
                if await answer if inspect.isawaitable(answer) else answer:
                    return
                await asyncio.sleep(pause)
    except TimeoutError:
        if not bound.expired():
            raise
    raise AssertionError(_late(seconds, message))


def block_until(
    condition: Callable[[], T | None], message: Message = "", *, seconds: float = BOUND, pause: float = 0.05
) -> T:
    """The first answer of a condition that is true. The thread waits."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, _late(seconds, message)
        time.sleep(pause)
    return answer


def _late(seconds: float, message: Message) -> str:
    return f"not within {seconds} s: {message() if callable(message) else message}"
