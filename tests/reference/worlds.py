"""The state that servers share, in each store that keeps its promises: taken back, full, or with holes."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from .inside import Inside, inside
from .redis.server import RedisServer, running


class World(Protocol):
    """The state of one store."""

    name: str
    settings: dict[str, Any]
    """Settings with which a server uses this state."""

    def keep(self) -> None:
        """Keep a copy of the state."""

    def go_back(self) -> None:
        """Come back from the copy: a crash, a restored backup, a replica that took over."""

    def lose_events(self, handle: str) -> None:
        """Drop a session's events, and nothing else."""

    def full(self) -> AbstractContextManager[None]:
        """There is no room for a further write while the body runs."""


class SqliteWorld:
    """A file."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.db"
        self._copy = folder / "copy.db"
        self.settings: dict[str, Any] = {"store": "sqlite", "db": self.path}

    def keep(self) -> None:
        """A backup."""
        _copy(self.path, self._copy)

    def go_back(self) -> None:
        """The backup is restored into the file that servers have open."""
        _copy(self._copy, self.path)

    def lose_events(self, handle: str) -> None:
        """By hand."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("DELETE FROM events WHERE handle = ?", (handle,))

    @contextmanager
    def full(self) -> Iterator[None]:
        """The kernel lets no file of this process grow beyond what the log has by now."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = self.path.with_name(self.path.name + "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class RedisWorld:
    """A server."""

    name = "redis"

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.settings: dict[str, Any] = {"store": "redis", "redis_url": server.url}

    def keep(self) -> None:
        """A snapshot of Redis."""
        assert self.server.ask("SAVE") == b"+OK\r\n"

    def go_back(self) -> None:
        """Killed, Redis comes back with its snapshot."""
        self.server.kill()
        self.server.start()

    def lose_events(self, handle: str) -> None:
        """As Redis does when it evicts the key."""
        assert self.server.ask("DEL", f"{{mcp}}:session:{handle}:events") == b":1\r\n"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Redis has less memory than it uses, and evicts nothing."""
        assert self.server.ask("CONFIG", "SET", "maxmemory", "1") == b"+OK\r\n"
        try:
            yield
        finally:
            assert self.server.ask("CONFIG", "SET", "maxmemory", "0") == b"+OK\r\n"


@contextmanager
def _sqlite(folder: Path) -> Iterator[World]:
    yield SqliteWorld(folder)


@contextmanager
def _redis(folder: Path) -> Iterator[World]:
    with running(folder / "redis") as server:
        yield RedisWorld(server)


WORLDS: Final = {"sqlite": _sqlite, "redis": _redis}


@asynccontextmanager
async def serving_inside(world: World, **settings: Any) -> AsyncIterator[Inside]:
    """A server on this state."""
    async with inside(Path(), **{**world.settings, **settings}) as server:
        yield server


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
