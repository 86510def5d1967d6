"""A task that ticks, and so notices for how long nothing else on its event loop let it."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

SLOWDOWN = 8 if sys.gettrace() else 1
"""How much longer our code takes while every line of it is traced, as for coverage."""
PROMISE = 0.05 * SLOWDOWN
"""Seconds that judging may hold up the event loop at most."""


@dataclass
class Ticks:
    """`longest` is the most processor time, in seconds, that the loop's thread spent between two ticks.

    Processor time, because other processes take turns on the same machine: what they hold up is not our doing.
    """

    longest: float = 0.0
    count: int = 0


@asynccontextmanager
async def ticking() -> AsyncIterator[Ticks]:
    """Tick while the block runs."""
    ticks = Ticks()

    async def tick() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.002)
            now = time.thread_time()
            ticks.longest = max(ticks.longest, now - last)
            ticks.count += 1
            last = now

    gc.collect()
    gc.freeze()  # what the test runner has piled up is not ours to walk through now and then
    task = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        yield ticks
        await asyncio.sleep(0.01)  # so that what ended just now is measured as well
    finally:
        task.cancel()
        await asyncio.wait([task])
        gc.unfreeze()
