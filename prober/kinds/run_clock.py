"""The running timeouts of one run. They stand still while a process starts or leaves, which has a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_FAR: Final = 1e6
"""Seconds by which a timeout that stands still is moved on meanwhile."""


class RunClock:
    """`stop` and `go_on` come in pairs, which may overlap."""

    def __init__(self) -> None:
        self._timeouts: list[asyncio.Timeout] = []
        """The innermost last."""
        self._standing = 0
        self._stood_since = 0.0

    @property
    def end(self) -> float | None:
        """The loop time at which the innermost timeout ends; None outside of any."""
        return self._timeouts[-1].when() if self._timeouts else None

    @asynccontextmanager
    async def within(self, end: float) -> AsyncIterator[asyncio.Timeout]:
        """Raises TimeoutError at the end, later by what the clock stands still. The timeout can be rescheduled."""
        async with asyncio.timeout_at(end) as timeout:
            self._timeouts.append(timeout)
            try:
                if self._standing:
                    timeout.reschedule(end + _FAR)
                yield timeout
            finally:
                self._timeouts.remove(timeout)

    def stop(self) -> None:
        """A process starts or leaves."""
        self._standing += 1
        if self._standing == 1:
            self._stood_since = asyncio.get_running_loop().time()
            self._move(_FAR)

    def go_on(self) -> float | None:
        """It has. Returns the seconds that the clock stood; None while another process starts or leaves."""
        self._standing -= 1
        if self._standing:
            return None
        stood = asyncio.get_running_loop().time() - self._stood_since
        self._move(stood - _FAR)
        return stood

    def _move(self, seconds: float) -> None:
        for timeout in self._timeouts:
            if not timeout.expired() and (end := timeout.when()) is not None:
                timeout.reschedule(end + seconds)
