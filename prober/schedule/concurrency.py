"""Limits how many runs go on at once. A run takes these slots, in this order, and waits where none is free:

    target's    first, so that runs which wait for a target that hangs hold no other slot
    start       of runs that start a process, held until its first answer: servers that start at once fight for the
                processors and look slow
    slow        of targets whose last run took half its time or more, to start or to answer: together they get at most
                three quarters of all slots, and start slots of their own. The rest is kept for targets that answer,
                however many hang
    any         of all runs

A run that only waits, for minutes, takes none of them: see `beside`.

Every limit serves first come, first served, and all runs take slots in the same order: no two runs wait for each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Protocol

from prober.engine import StartLimiter


class Limited(Protocol):
    """What is run: one target."""

    @property
    def slots(self) -> asyncio.Semaphore:
        """The target's own."""

    @property
    def slow(self) -> bool:
        """Whether the last run took long."""


class ConcurrencyLimits:
    """`waiting` and `running` count the runs that wait for a slot, and those that have all of theirs."""

    def __init__(self, concurrency: int, *, processors: int | None = None) -> None:
        self._any = asyncio.Semaphore(concurrency)
        self._slow = asyncio.Semaphore(max(1, concurrency * 3 // 4))
        self._starts = {slow: StartLimiter(processors) for slow in (False, True)}
        self.waiting = 0
        self.running = 0

    @asynccontextmanager
    async def slot(
        self, target: Limited, *, starts_process: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[Callable[[], None]]:
        """Wait for the slots of one run, and hold them until the end of the block.

        `starts_process` says, once the target's own slot is taken, whether the run starts a process on this machine.
        Yields a function that gives the start slot back before.
        """
        waits = True
        self.waiting += 1
        try:
            async with target.slots:
                slow = target.slow
                start = self._starts[slow].slot() if starts_process() else nullcontext(_nothing)
                async with start as give_back, self._slow if slow else nullcontext(), self._any:
                    waits = False
                    self.waiting -= 1
                    self.running += 1
                    try:
                        yield give_back
                    finally:
                        self.running -= 1
        finally:
            self.waiting -= waits

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Callable[[], None]]:
        """The block of a run that takes no slot: it costs nobody anything, and holds nobody up."""
        self.running += 1
        try:
            yield _nothing
        finally:
            self.running -= 1


def _nothing() -> None:
    """Gives back no start slot, where none was taken."""
