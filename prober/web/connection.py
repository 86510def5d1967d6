"""One connection of a client to the daemon: none is held for nothing. `door.py` bounds all of them together."""

from __future__ import annotations

import asyncio
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD_TIME: Final = 10
"""Seconds from the first byte to the end of a request head; for the first request, from the connection."""
_WRITE_TIME: Final = 30
"""Seconds for which a client may read nothing of a response that waits for it."""


class Connection(H11Protocol):
    """uvicorn's protocol, with time limits on a request head and on a client's reading."""

    def __init__(self, address: str, server: uvicorn.Server) -> None:
        super().__init__(server.config, server.server_state, server.lifespan.state)
        self.address = address
        """Of the client, without its port."""
        self.accepted_at = self.loop.time()
        self.last_asked = 0.0
        """By the clock of the event loop; 0 before the first byte of a request."""
        self.is_inside = False
        """Whether TLS has begun, where it is spoken: before that there is no transport."""
        self.is_dropped = False
        """Whether it was closed for another one, and is about to go."""
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.is_inside = True
        self._start_head_timer()

    def data_received(self, data: bytes) -> None:
        self.last_asked = self.loop.time()
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
