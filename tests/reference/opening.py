"""How the store suites open each store: a further store is one further entry in OPENERS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

from mcp_state.protocol import Store
from mcp_state.redis import RedisStore
from mcp_state.sqlite import SqliteStore
from prober.reference import unsafe_memory
from prober.reference.unsafe_memory import UnsafeMemoryStore

from .redis.server import running

Connect = Callable[[], Awaitable[Store]]
"""Opens one more instance on the same state; closed by whoever gave it."""

Opener = Callable[[Path], AbstractAsyncContextManager[Connect]]
"""Prepares fresh state in a folder; on leaving, closes every instance that was opened on it."""


@asynccontextmanager
async def _instances(make: Callable[[], Store]) -> AsyncIterator[Connect]:
    opened: list[Store] = []

    async def connect() -> Store:
        store = make()
        opened.append(store)
        await store.open()
        return store

    try:
        yield connect
    finally:
        for store in opened:
            await store.close()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Connect]:
    async with _instances(lambda: SqliteStore(path=folder / "state.db")) as connect:
        yield connect


@asynccontextmanager
async def _memory(_folder: Path) -> AsyncIterator[Connect]:
    unsafe_memory.forget_everything()
    async with _instances(UnsafeMemoryStore) as connect:
        yield connect


@asynccontextmanager
async def _redis(folder: Path) -> AsyncIterator[Connect]:
    with running(folder / "redis") as server:
        async with _instances(lambda: RedisStore(url=server.url)) as connect:
            yield connect


OPENERS: Final[Mapping[str, Opener]] = {"sqlite": _sqlite, "redis": _redis, "memory": _memory}

SAFE: Final[tuple[str, ...]] = tuple(name for name in OPENERS if name != "memory")
