"""The door of the daemon: lets connections in, and keeps room for those that come.

A new connection is always let in, and counts from then on, also while TLS begins and until it is closed. Where that
makes too many, an idle one is closed for it: first one on which nothing was ever asked, then one of the address that
has the most, and of those the oldest. So neither a crowd of idle clients nor a crowd behind one address keeps
Prometheus out, and probes always have descriptors left.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections import Counter
from contextlib import suppress
from typing import Final

import uvicorn

from prober.web.connection import Connection

MAX_CONNECTIONS: Final = 256
_SHARE: Final = 4
"""One descriptor in so many is for clients: the others are for probes, the history and the daemon itself."""
_BACKLOG: Final = 2048
"""Connections that may wait for the event loop."""
_TLS_TIME: Final = 10
"""Seconds for the handshake of TLS."""
_TLS_END_TIME: Final = 3
"""Seconds for which a client may leave the end of TLS unanswered."""
_PAUSE: Final = 1
"""Seconds until the next try where the system has no descriptor left."""


class Door:
    """Where connections of clients come in. `context` is there where TLS is spoken."""

    def __init__(self, listener: socket.socket, server: uvicorn.Server, context: ssl.SSLContext | None) -> None:
        self._listener = listener
        self._server = server
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._entering: dict[Connection, asyncio.Task[None]] = {}
        """Connections that nothing can be asked on yet."""
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to let connections in. Raises OSError."""
        self._listener.listen(_BACKLOG)
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._accept)

    async def close(self) -> None:
        """Let nobody in any more, and hang up on those that have not entered yet."""
        self._loop.remove_reader(self._listener)
        if self._pause is not None:
            self._pause.cancel()
        await asyncio.sleep(0)  # a task that never began would leave its socket open
        tasks = list(self._entering.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self) -> None:
        """Accept one connection, and leave the event loop to others before the next one."""
        try:
            accepted, address = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # the client is gone already
            return
        except OSError as error:
            self._loop.call_exception_handler({"message": "no connection can be accepted", "exception": error})
            self._loop.remove_reader(self._listener)
            self._pause = self._loop.call_later(_PAUSE, self._loop.add_reader, self._listener, self._accept)
            return
        if not self._make_room():
            accepted.close()
            return
        connection = Connection(str(address[0]), self._server)
        task = self._loop.create_task(self._let_in(accepted, connection), name="connection")
        self._entering[connection] = task
        task.add_done_callback(lambda _: self._entering.pop(connection))

    async def _let_in(self, accepted: socket.socket, connection: Connection) -> None:
        secured = self._context is not None
        with suppress(OSError):  # it speaks no TLS, has no certificate, says nothing, or is gone
            await self._loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=_TLS_TIME if secured else None,
                ssl_shutdown_timeout=_TLS_END_TIME if secured else None,
            )

    def _make_room(self) -> bool:
        """Whether one more may come in: for it, an idle connection is closed where there are too many."""
        inside = [each for each in self._server.server_state.connections if isinstance(each, Connection)]
        others = [each for each in {*self._entering, *inside} if not each.is_dropped]
        if len(others) < max_connections():
            return True
        per_address = Counter(each.address for each in others)

        def worth(connection: Connection) -> tuple[bool, int, float]:
            asked = connection.last_asked
            return asked > 0, -per_address[connection.address], asked or connection.accepted_at

        victim = min((each for each in others if each.idle), key=worth, default=None)
        if victim is None:
            return False
        victim.is_dropped = True
        if victim.is_inside:
            victim.transport.abort()
        else:
            self._entering[victim].cancel()
        return True


def max_connections() -> int:
    """How many connections there may be at a time, with the descriptors that this process may have."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, descriptors // _SHARE))
