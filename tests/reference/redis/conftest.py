"""Fixtures: a server of one's own, and stores on it that are closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_state.redis import RedisStore

from .server import RedisServer, running

OpenStore = Callable[..., Awaitable[RedisStore]]
"""Opens one more store; takes what RedisStore takes, and by default reaches the server of the test."""

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
"""Options under which Redis acknowledges only what is on disk."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that keeps nothing on disk."""
    with running(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis whose acknowledged writes outlive it."""
    with running(tmp_path / "durable", *DURABLE) as server:
        yield server


@pytest.fixture
async def open_store(request: pytest.FixtureRequest) -> AsyncIterator[OpenStore]:
    """See OpenStore."""
    opened: list[RedisStore] = []

    async def open_one(**settings: Any) -> RedisStore:
        if "url" not in settings:
            server: RedisServer = request.getfixturevalue("server")
            settings["url"] = server.url
        store = RedisStore(**settings)
        opened.append(store)
        await store.open()
        return store

    yield open_one
    for store in opened:
        await store.close()
