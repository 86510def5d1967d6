"""Hearing of other instances' changes over Pub/Sub, for as long as somebody listens.

Pub/Sub forgets: what is published while a listener is away is lost to it. So each gap is told (None), a silent
connection is asked whether it lives, and whoever caches must still let entries grow old.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from prober.reference.stores.redis.connection_factory import PooledConnection
from prober.reference.stores.redis.error_mapping import FOREIGN

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
"""Seconds between two tries to subscribe; each pause is twice the one before."""


class Subscriptions:
    """All that listen through one store, so that closing it can send them home."""

    def __init__(self, *, make: Callable[[], PooledConnection], channel: str, beat: float) -> None:
        """After `beat` seconds of silence the connection is asked whether it lives, and given as long to answer."""
        self._make = make
        self._channel = channel
        self._beat = beat
        self._wires: set[PooledConnection] = set()
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
            except (RedisError, *FOREIGN):
                if not self._closed:
                    await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def close(self) -> None:
        """End every `follow`."""
        self._closed = True
        for wire in tuple(self._wires):
            await wire.disconnect(nowait=True)

    async def _subscribed(self) -> AsyncGenerator[str | None, None]:
        """None once subscribed, then each message. Raises when the connection breaks or falls silent."""
        wire = self._make()
        self._wires.add(wire)
        try:
            async with asyncio.timeout(self._beat):
                await wire.connect()
                await wire.send_command("SUBSCRIBE", self._channel, check_health=False)
                await wire.read_response()
            yield None
            while True:
                reply = await wire.read_response(timeout=self._beat)
                if reply is None:
                    await wire.send_command("PING", check_health=False)
                    reply = await wire.read_response(timeout=self._beat)
                if reply is None:
                    raise RedisConnectionError("the subscription fell silent")
                if reply[0] == "message":
                    yield reply[2]
        finally:
            self._wires.discard(wire)
            await wire.disconnect(nowait=True)
