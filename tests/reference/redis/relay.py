"""A TCP relay between a store and its Redis, to break the way between them in ways a dead server does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Relay:
    """Passes bytes on, until told otherwise. New connections always work."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self.url = ""
        self.connections = 0
        """How many were ever accepted."""
        self.swallowed = asyncio.Event()
        """Set when an answer did not get through."""

    def swallow(self) -> None:
        """From now on nothing comes back on the connections there are; what is sent still arrives at Redis."""
        self._deaf |= self._clients

    def accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """One more connection."""
        self.connections += 1
        self._serving.add(asyncio.create_task(self._serve(client, to_client)))

    async def close(self) -> None:
        """Close all connections, and wait until they are."""
        self.cut()
        await asyncio.gather(*self._serving)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        redis, to_redis = await asyncio.open_connection("127.0.0.1", self._target)
        self._clients.add(to_client)
        self._writers |= {to_client, to_redis}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(client, to_redis))
                group.create_task(self._pass(redis, to_client))
        finally:
            self._clients.discard(to_client)
            self._writers -= {to_client, to_redis}
            to_client.close()
            to_redis.close()

    def cut(self) -> None:
        """Close all connections."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                if sink in self._deaf:
                    self.swallowed.set()
                else:
                    sink.write(data)
        except ConnectionError:
            pass
        sink.close()


@asynccontextmanager
async def relaying(port: int) -> AsyncIterator[Relay]:
    """A relay to a port of this machine."""
    relay = Relay(port)
    listener = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.url = f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}/0"
    try:
        yield relay
    finally:
        listener.close()
        await relay.close()
        await listener.wait_closed()
