"""One connection of a client to the daemon: none is held for nothing, and all together are bounded.

A new connection is always let in. Where that makes too many, an idle one is closed for it: first one on which nothing
was ever asked, then one of the address that has the most, and of those the oldest. So neither a crowd of idle clients
nor a crowd behind one address keeps Prometheus out, and probes always have descriptors left.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS: Final = 256
_SHARE: Final = 4
"""One descriptor in so many is for clients: the others are for probes, the history and the daemon itself."""

_HEAD_TIME: Final = 10
"""Seconds from the first byte to the end of a request head; for the first request, from the connection."""
_WRITE_TIME: Final = 30
"""Seconds for which a client may read nothing of a response that waits for it."""


class Connection(H11Protocol):
    """uvicorn's protocol, with a limit on connections and time limits on a request head and on a client's reading."""

    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _last_asked = 0.0
    """By the clock of the event loop; 0 before the first byte of a request."""
    _opened = 0.0

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._opened = self.loop.time()
        self._start_head_timer()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        self._last_asked = self.loop.time()
        super().data_received(data)
        if not self.idle:
            self._stop_head_timer()
        elif self._head_timer is None:
            self._start_head_timer()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(_WRITE_TIME, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_write_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        others = [each for each in self.connections if isinstance(each, Connection) and each is not self]
        others = [each for each in others if not each.transport.is_closing()]
        if len(others) < max_connections():
            return
        per_address = Counter(each.client[0] if each.client else "" for each in others)

        def worth(connection: Connection) -> tuple[bool, int, float]:
            address = connection.client[0] if connection.client else ""
            return connection._last_asked > 0, -per_address[address], connection._last_asked or connection._opened

        victim = min((each for each in others if each.idle), key=worth, default=self)
        victim.transport.abort()

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(_HEAD_TIME, self.transport.abort)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None


def max_connections() -> int:
    """How many connections there may be at a time, with the descriptors that this process may have."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, descriptors // _SHARE))
