"""Writers who go on through an outage and keep books: what was acknowledged, refused, or left open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from mcp_state.errors import StoreError, StoreUnavailableError
from mcp_state.protocol import Store

from .server import BOUND


class Books:
    """What became of the writes of a crowd, each of which adds one."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.maybe = 0
        """Failed, and may have been done all the same."""
        self.refused = 0
        """Failed, and certainly not done."""
        self.messages: Counter[str] = Counter()
        self._changed = asyncio.Event()

    def note(self, error: StoreError | None) -> None:
        """One write ended."""
        if error is None:
            self.acknowledged += 1
        else:
            self.messages[str(error)] += 1
            if isinstance(error, StoreUnavailableError) and error.maybe_written:
                self.maybe += 1
            else:
                self.refused += 1
        self._changed.set()

    async def acknowledge(self, more: int) -> None:
        """Wait until so many more writes were acknowledged."""
        goal = self.acknowledged + more
        async with asyncio.timeout(BOUND):
            while self.acknowledged < goal:
                self._changed.clear()
                await self._changed.wait()

    async def add_up(self, store: Store, handle: str) -> None:
        """Every acknowledged write is there, and of the others none but those that may have been done."""
        count = (await store.get(handle)).step_count
        assert self.acknowledged <= count <= self.acknowledged + self.maybe


@asynccontextmanager
async def writing(stores: Sequence[Store], handle: str, *, writers: int = 16) -> AsyncIterator[Books]:
    """A crowd that steps one session, spread over the stores, until the body ends."""
    books = Books()
    ending = asyncio.Event()

    async def write(store: Store) -> None:
        while not ending.is_set():
            try:
                await store.step(handle, tool="t", result="1")
            except StoreError as error:
                books.note(error)
                await asyncio.sleep(0.005)  # a refusal is instant, and nobody asks a refuser without a pause
            else:
                books.note(None)

    async with asyncio.TaskGroup() as group:
        for number in range(writers):
            group.create_task(write(stores[number % len(stores)]))
        try:
            yield books
        finally:
            ending.set()
