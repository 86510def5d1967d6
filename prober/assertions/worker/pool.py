"""The worker processes of one module: they start with the first request that needs one, and stay for the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from prober.assertions.worker.process import Worker, start_worker

_EXIT_TIMEOUT: Final = 5.0
"""Seconds that a killed process has to be gone in."""


class Workers:
    """At most so many processes, each for one request at a time. To be closed by whoever made it.

    A target has one at most. Targets whose last request did not end in time share one among them, so that the hopeless
    requests of several targets do not keep every process from the others.
    """

    def __init__(self, module: str, *, most: int, environ: Mapping[str, str] | None = None):
        self._module, self._environ = module, environ or {}
        self._turns = asyncio.Semaphore(most)
        self._slow_turn = asyncio.Semaphore(1)
        self._slow: set[str] = set()
        self._turn_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._idle: list[Worker] = []
        self._started: set[Worker] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that have not ended yet."""
        return tuple(worker.pid for worker in self._started if not worker.gone.done())

    @asynccontextmanager
    async def turn(self, target: str, *, deadline: float) -> AsyncIterator[None]:
        """Wait for a turn of the target. Raises TimeoutError."""
        own = self._turn_of.get(target) or self._turn_of.setdefault(target, asyncio.Semaphore(1))
        async with AsyncExitStack() as turns:
            async with asyncio.timeout_at(deadline):
                await turns.enter_async_context(own)
                if target in self._slow:
                    await turns.enter_async_context(self._slow_turn)
                await turns.enter_async_context(self._turns)
            yield

    async def acquire(self) -> Worker:
        """A process that waits for a request, one of those that are there or a new one: see `start_worker`."""
        self._started -= {worker for worker in self._started if worker.gone.done()}
        while self._idle:
            worker = self._idle.pop()
            if not worker.lost:
                return worker
        return await start_worker(self._module, self._started.add, self._environ)

    async def ask(self, worker: Worker, frames: Iterable[bytes], *, until: float, target: str) -> bytes:
        """The reply of a process that was acquired, which waits for the next request then.

        Raises:
            TimeoutError: it was not there at `until`.
            WorkerLostError: the process ended.
        """
        try:
            async with asyncio.timeout_at(until):
                reply = await worker.ask(frames)
        except TimeoutError:
            self.was_slow(target)
            raise
        finally:
            # One that was left in the middle of a request, be it by a timeout or a cancellation, is of no use any more.
            if worker.busy:
                worker.kill()
        self._slow.discard(target)
        self._idle.append(worker)
        return reply

    def is_slow(self, target: str) -> bool:
        """Whether the last request of the target did not end in time."""
        return target in self._slow

    def was_slow(self, target: str) -> None:
        """Have the target wait, next time, until no other is served that was slow, too."""
        self._slow.add(target)

    async def aclose(self) -> None:
        """End all processes."""
        self._idle.clear()
        for worker in self._started:
            worker.kill()
        if self._started:
            await asyncio.wait([worker.gone for worker in self._started], timeout=_EXIT_TIMEOUT)
