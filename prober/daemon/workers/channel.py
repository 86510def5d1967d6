"""One end of the connection between the daemon and a worker: messages, whole and in order.

Messages are pickled. Both ends are processes of one prober and one user, and their pair of sockets has no name by which
anybody else could reach it.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import Callable
from typing import Any, Self, cast

from prober.assertions.worker.frames import LENGTH, frame


class Channel(asyncio.Protocol):
    """Calls `on_message` with each message of the other end. `lost` is done when the connection has ended."""

    def __init__(self, on_message: Callable[[Any], None]) -> None:
        self._on_message = on_message
        self._received = bytearray()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def over(cls, end: socket.socket, on_message: Callable[[Any], None]) -> Self:
        """A channel that owns this end of a pair."""
        _, channel = await asyncio.get_running_loop().create_unix_connection(lambda: cls(on_message), sock=end)
        return channel

    def send(self, message: object) -> None:
        """Never waits; what is sent to an end that has gone is dropped."""
        if not self.lost.done():
            self._transport.write(frame(pickle.dumps(message, pickle.HIGHEST_PROTOCOL)))

    @property
    def unread(self) -> int:
        """Bytes that the other end has not taken yet, beyond what the system holds."""
        return self._transport.get_write_buffer_size()

    async def close(self) -> None:
        """End the connection when all is sent."""
        self._transport.close()
        await self.lost

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        at = 0
        while len(self._received) - at >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._received, at)
            end = at + LENGTH.size + length
            if len(self._received) < end:
                break
            message = pickle.loads(self._received[at + LENGTH.size : end])  # noqa: S301 - see the top
            at = end
            self._on_message(message)
        del self._received[:at]

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
