"""How long the machine kept the event loop from running, for tests that hold something against a bound in wall time.

On a busy machine a loop wakes up late although it does nothing wrong. A loop that holds itself up uses its processor
meanwhile; one that is held up by others does not. So what the loop was late without working is the machine's doing, and
a test may add it to its bound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_PERIOD = 0.005


@dataclass
class Withheld:
    """`seconds` in which the loop had something to do and its thread was given no processor."""

    seconds: float = 0.0


@asynccontextmanager
async def withheld() -> AsyncIterator[Withheld]:
    """Measure while the block runs."""
    loop = asyncio.get_running_loop()
    measured = Withheld()

    async def look() -> None:
        while True:
            due, worked = loop.time() + _PERIOD, time.thread_time()
            await asyncio.sleep(_PERIOD)
            measured.seconds += max(0.0, loop.time() - due - (time.thread_time() - worked))

    looking = asyncio.create_task(look())
    await asyncio.sleep(0)
    try:
        yield measured
        await asyncio.sleep(2 * _PERIOD)  # so that what ended just now is measured as well
    finally:
        looking.cancel()
        await asyncio.wait([looking])
