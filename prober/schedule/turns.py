"""Whose turn it is: how many runs there are at once, and who waits for whom.

    its target's   first: those who wait for a target that hangs wait there, and take nobody else's turn
    a processor's  of those that start a process, lent for `LOAN` seconds: servers that start at once fight for the
                   processors and look slow, but one that hangs after its start needs none
    a slow one's   of targets whose last run took half its deadline or more: together they have no more than three
                   quarters of all turns, and processors' turns of their own. What is left is kept for those that
                   answer, however many hang
    one of all

Each line is first come, first served, and they are joined in this order by all: nobody waits in a circle.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Protocol

from prober.engine import Processors

LOAN: Final = 3.0
"""Seconds. Interpreters that are slow to start have done so by then; a loan until the end would let two servers that
hang delay all others by their deadlines."""


class Place(Protocol):
    """What is run: one target."""

    @property
    def turns(self) -> asyncio.Semaphore:
        """Its own."""

    @property
    def slow(self) -> bool:
        """Whether its last run took long."""

    @property
    def starts_process(self) -> bool:
        """Whether it is a process of this machine."""


class Turns:
    """`waiting` and `running` count those who are in line, and those whose turn it is."""

    def __init__(self, concurrency: int, *, processors: int | None = None) -> None:
        self._all = asyncio.Semaphore(concurrency)
        self._slow = asyncio.Semaphore(max(1, concurrency * 3 // 4))
        self._processors = {slow: Processors(processors, lends=LOAN) for slow in (False, True)}
        self.waiting = 0
        self.running = 0

    @asynccontextmanager
    async def turn(self, place: Place) -> AsyncIterator[None]:
        """Wait for the turn of one run, and have it until the end of the block."""
        async with AsyncExitStack() as held:
            self.waiting += 1
            try:
                await held.enter_async_context(place.turns)
                slow, begin = place.slow, None
                if place.starts_process:
                    begin = await held.enter_async_context(self._processors[slow].turn())
                if slow:
                    await held.enter_async_context(self._slow)
                await held.enter_async_context(self._all)
            finally:
                self.waiting -= 1
            if begin is not None:
                begin()
            self.running += 1
            try:
                yield
            finally:
                self.running -= 1
