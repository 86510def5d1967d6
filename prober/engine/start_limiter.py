"""How many processes start at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

MAX_START_HOLD: Final = 10.0
"""Seconds for which a process that has not answered yet keeps other processes from starting."""


class StartLimiter:
    """Limits how many processes start at once to the number of processors. A start ends with the first answer.

    Servers that fight each other for a processor would look slow, and the prober would be the cause. A server that
    does not answer keeps its slot for `max_hold` seconds: one that hangs needs no processor.
    """

    def __init__(self, count: int | None = None, *, max_hold: float = MAX_START_HOLD) -> None:
        self._free = asyncio.Semaphore(count or max(2, os.cpu_count() or 1))
        self._max_hold = max_hold

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Callable[[], None]]:
        """Wait for a slot; yields a function that gives it back before the end of the block."""
        await self._free.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                self._free.release()

        over = asyncio.get_running_loop().call_later(self._max_hold, give_back)
        try:
            yield give_back
        finally:
            over.cancel()
            give_back()
