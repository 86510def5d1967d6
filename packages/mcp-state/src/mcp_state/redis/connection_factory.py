"""Connections of redis-py, configured for calls with one deadline each and checked before use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from redis.asyncio import ConnectionPool, UnixDomainSocketConnection
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from mcp_state.redis.replies import Reply

_CONNECT_RETRIES: Final = 3
_BACKOFF: Final = 0.02
"""Seconds before the second try to connect; doubles, plus jitter."""
_MAX_BACKOFF: Final = 0.2

_HEALTH_SHARE: Final = 0.25
"""Share of a call's deadline for the health check of an idle connection."""


class PooledConnection(Protocol):
    """The part of redis-py's connection that is used."""

    async def connect(self) -> None:
        """Connect unless connected; retries with backoff, which is safe because nothing was sent yet."""
        ...

    async def disconnect(self, nowait: bool = False) -> None:
        """Close; with `nowait`, without waiting for the server."""
        ...

    async def check_health(self) -> None:
        """Send a PING if the connection was idle for long."""
        ...

    async def send_command(self, *words: str | int, check_health: bool) -> None:
        """Send one command."""
        ...

    async def read_response(self, *, timeout: float | None = None) -> Reply:
        """The next reply; None if none came within `timeout`. Raises an error reply as an exception."""
        ...


class ConnectionFactory:
    """Makes connections to one Redis."""

    def __init__(self, url: str, *, patience: float, idle_trust: float) -> None:
        """Connects to nothing yet. Raises ValueError for an unusable URL."""
        factory = _factory(
            url,
            protocol=2,
            decode_responses=True,
            encoding_errors="surrogatepass",
            socket_timeout=None,  # one deadline for a whole call instead of one for each read and write
            socket_connect_timeout=patience,
            socket_keepalive=True,
            health_check_interval=idle_trust,
            client_name="mcp-state",
            retry=Retry(ExponentialWithJitterBackoff(base=_BACKOFF, cap=_MAX_BACKOFF), _CONNECT_RETRIES),
        )
        self._health_patience = patience * _HEALTH_SHARE
        self._ensure: Callable[[Any], Awaitable[None]] = factory.ensure_connection
        self.make: Callable[[], PooledConnection] = factory.make_connection
        """A new connection, not connected yet; the caller disconnects it."""

    async def ready(self, connection: PooledConnection) -> None:
        """Connect, and check that the connection is usable.

        A closed connection is noticed at once. A connection that was idle for long is checked with a PING: a firewall
        may have dropped it silently.
        """
        await self._ensure(connection)
        try:
            async with asyncio.timeout(self._health_patience):
                await connection.check_health()
        except TimeoutError:
            await connection.disconnect(nowait=True)
            await connection.connect()


def _factory(url: str, **settings: Any) -> ConnectionPool:
    """A redis-py pool, used only to make connections. The settings override options in the URL."""
    try:
        wanted: dict[str, Any] = {**parse_url(url), **settings}
        if wanted.get("connection_class") is UnixDomainSocketConnection:
            del wanted["socket_keepalive"]
        factory = ConnectionPool(**wanted)
        factory.make_connection()  # type: ignore[no-untyped-call]  # does not connect: only checks the options
    except (ValueError, TypeError, RedisError):  # their messages may quote the password
        raise ValueError(
            "the Redis URL must be redis://, rediss:// or unix://, with special characters percent-encoded "
            "and no options but redis-py's"
        ) from None
    return factory
