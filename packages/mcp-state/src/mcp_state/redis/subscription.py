"""Changes of other instances by Pub/Sub.

Pub/Sub does not store messages: a subscriber misses all messages while it is disconnected. So each gap is reported
(None), a silent connection is checked, and caches still need a time to live.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from mcp_state.redis.connection_factory import PooledConnection
from mcp_state.redis.error_mapping import OTHER_ERRORS

_FIRST_PAUSE: Final = 0.05
_MAX_PAUSE: Final = 2.0
"""Seconds between two attempts to subscribe; each pause is twice as long as the previous one."""


class Subscriptions:
    """All subscriptions of one store, so that closing the store ends them."""

    def __init__(self, *, make: Callable[[], PooledConnection], channel: str, beat: float) -> None:
        """After `beat` seconds of silence the connection is checked with a PING, which has `beat` seconds to answer."""
        self._make = make
        self._channel = channel
        self._beat = beat
        self._live: set[PooledConnection] = set()
        self._closed = False

    async def follow(self) -> AsyncGenerator[str | None, None]:
        """Messages, and None whenever some may have been missed. Ends when closed."""
        pause = _FIRST_PAUSE
        while not self._closed:
            try:
                async with aclosing(self._subscribed()) as messages:
                    async for message in messages:
                        pause = _FIRST_PAUSE
                        yield message
            except (RedisError, *OTHER_ERRORS):
                if not self._closed:
                    await asyncio.sleep(pause)
                pause = min(2 * pause, _MAX_PAUSE)

    async def close(self) -> None:
        """End every `follow`."""
        self._closed = True
        for connection in tuple(self._live):
            await connection.disconnect(nowait=True)

    async def _subscribed(self) -> AsyncGenerator[str | None, None]:
        """None once subscribed, then each message. Raises when the connection breaks or falls silent."""
        connection = self._make()
        self._live.add(connection)
        try:
            async with asyncio.timeout(self._beat):
                await connection.connect()
                await connection.send_command("SUBSCRIBE", self._channel, check_health=False)
                await connection.read_response()
            yield None
            while True:
                reply = await connection.read_response(timeout=self._beat)
                if reply is None:
                    await connection.send_command("PING", check_health=False)
                    reply = await connection.read_response(timeout=self._beat)
                if reply is None:
                    raise RedisConnectionError("the subscription fell silent")
                if reply[0] == "message":
                    yield reply[2]
        finally:
            self._live.discard(connection)
            await connection.disconnect(nowait=True)
