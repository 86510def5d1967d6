"""One worker process, seen from the daemon's: a channel, and an end that is always noticed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final, Self

from prober.assertions.worker.process import python_path
from prober.daemon.workers.channel import Channel

_MODULE: Final = "prober.daemon.workers"
_LOOK: Final = 0.01
"""Seconds between two looks at a process whose channel has ended."""
_LEAVE: Final = 5.0
"""Seconds that it has to be gone in after that."""


class WorkerProcess:
    """A process that was started. It is in a session of its own, so that an interrupt from the terminal is ours alone
    to handle, and ends with its end of the channel: when the daemon ends, however it does, the worker does."""

    def __init__(self, popen: subprocess.Popen[bytes], channel: Channel) -> None:
        self._popen = popen
        self._channel = channel
        self.send = channel.send

    @classmethod
    async def start(cls, name: str, *, log_format: str, on_message: Callable[[Any], None]) -> Self:
        """`name` is for people, who see it in the list of processes. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                popen = _spawn(name, theirs.fileno(), log_format)
        except BaseException:
            ours.close()
            raise
        try:
            return cls(popen, await Channel.over(ours, on_message))
        except BaseException:
            ours.close()
            _bury(popen)
            raise

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def connected(self) -> asyncio.Future[None]:
        """Done when the channel has ended."""
        return self._channel.lost

    def kill(self) -> None:
        """End it at once. What it has started on Linux ends with it."""
        self._popen.kill()
        self._channel.abort()

    async def gone(self) -> str:
        """Wait for its end; how it ended, in words. A process that closed its channel and stays is killed."""
        await self._channel.lost
        loop = asyncio.get_running_loop()
        patience = loop.time() + _LEAVE
        try:
            while self._popen.poll() is None and loop.time() < patience:  # noqa: ASYNC110 - there is no event of it
                await asyncio.sleep(_LOOK)
        finally:
            status = _bury(self._popen)
        if status < 0:
            return f"it was ended by signal {-status} ({signal.strsignal(-status)})"
        return f"it exited with status {status}"


def _bury(popen: subprocess.Popen[bytes]) -> int:
    """The exit status of a process that is killed if it has not ended. To wait for that takes a moment at most."""
    popen.kill()
    return popen.wait()


def _spawn(name: str, end: int, log_format: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - this Python and a module of ours
        [sys.executable, "-P", "-m", _MODULE, name, str(end), log_format],
        env={**os.environ, "PYTHONPATH": python_path()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[end],
    )
