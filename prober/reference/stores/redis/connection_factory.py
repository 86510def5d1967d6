"""Connections as redis-py makes them: set up for calls with one deadline each, and checked before they are used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from redis.asyncio import ConnectionPool, UnixDomainSocketConnection
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from prober.reference.stores.redis.replies import Reply

_TRIES_AGAIN: Final = 3
_BACKOFF: Final = 0.02
"""Seconds before the second try to connect; doubles, plus jitter."""
_LONGEST_BACKOFF: Final = 0.2

_HEALTH_SHARE: Final = 0.25
"""The part of a call's deadline that asking an idle connection whether it lives may take."""


class PooledConnection(Protocol):
    """One connection: the part of redis-py's that is used."""

    async def connect(self) -> None:
        """Connect where it is not; tries again with backoff, for nothing was sent yet."""
        ...

    async def disconnect(self, nowait: bool = False) -> None:
        """Close; with `nowait`, without waiting for the other side."""
        ...

    async def check_health(self) -> None:
        """PING where it was idle for long."""
        ...

    async def send_command(self, *words: str | int, check_health: bool) -> None:
        """Send one command."""
        ...

    async def read_response(self, *, timeout: float | None = None) -> Reply:
        """The next answer; None where there was none within `timeout`. Raises the error that an answer is."""
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
            client_name="mcp-prober-reference",
            retry=Retry(ExponentialWithJitterBackoff(base=_BACKOFF, cap=_LONGEST_BACKOFF), _TRIES_AGAIN),
        )
        self._health_patience = patience * _HEALTH_SHARE
        self._ensure: Callable[[Any], Awaitable[None]] = factory.ensure_connection
        self.make: Callable[[], PooledConnection] = factory.make_connection
        """A new connection, not yet connected; the caller's to disconnect."""

    async def ready(self, wire: PooledConnection) -> None:
        """Connect, and make sure as far as one can know that it lives.

        A closed connection is noticed at once. One that was idle for long is asked with a PING: a firewall may have
        dropped it without a word.
        """
        await self._ensure(wire)
        try:
            async with asyncio.timeout(self._health_patience):
                await wire.check_health()
        except TimeoutError:
            await wire.disconnect(nowait=True)
            await wire.connect()


def _factory(url: str, **settings: Any) -> ConnectionPool:
    """What makes connections; only that of the pool is used. The settings win over options in the URL."""
    try:
        wanted: dict[str, Any] = {**parse_url(url), **settings}
        if wanted.get("connection_class") is UnixDomainSocketConnection:
            del wanted["socket_keepalive"]
        factory = ConnectionPool(**wanted)
        factory.make_connection()  # type: ignore[no-untyped-call]  # unconnected: it only looks at its options
    except (ValueError, TypeError, RedisError):  # their messages may quote the password
        raise ValueError(
            "the Redis URL must be redis://, rediss:// or unix://, with special characters percent-encoded "
            "and no options but redis-py's"
        ) from None
    return factory
