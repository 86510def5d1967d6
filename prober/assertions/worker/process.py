"""One worker process, seen from outside: a pair of pipes, and a death that is always noticed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import prober
from prober.assertions.worker.frames import LENGTH

_STDIN: Final = 0


class WorkerLostError(Exception):
    """The process ended before it replied."""


class Worker(asyncio.SubprocessProtocol):
    """A worker process that serves one request at a time. `gone` is done when nothing is left of it."""

    def __init__(self, started: Callable[[Worker], None]):
        self._announce = started
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._reply: asyncio.Future[bytes] = self._loop.create_future()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.lost = False
        self._killed = False

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._pid

    @property
    def busy(self) -> bool:
        """Whether a reply is due."""
        return not self._reply.done() or self._reply.cancelled()

    async def ready(self) -> None:
        """Return when the process has said that it is there. Raises WorkerLostError."""
        await self._reply

    async def ask(self, frames: Iterable[bytes]) -> bytes:
        """Send a request and wait for its reply. Raises WorkerLostError."""
        if self.lost:
            raise WorkerLostError(self._how_it_ended())
        self._reply = self._loop.create_future()
        pipe = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(_STDIN))
        for frame in frames:
            pipe.write(frame)
        return await self._reply

    def kill(self) -> None:
        """End the process at once. `gone` tells when it is over."""
        self.lost = True
        # Once only: to signal a process that may be dead, `subprocess` reaps it first. asyncio, which waits for it in a
        # thread, then writes to standard error that it does not know its own child.
        if not self._killed and not self.gone.done():
            self._killed = True
            with suppress(ProcessLookupError):
                self._transport.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._pid = self._transport.get_pid()
        self._announce(self)

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        self._received += data
        if len(self._received) < LENGTH.size:
            return
        (length,) = LENGTH.unpack_from(self._received)
        if len(self._received) >= LENGTH.size + length and not self._reply.done():
            self._reply.set_result(bytes(self._received[LENGTH.size : LENGTH.size + length]))
            del self._received[: LENGTH.size + length]

    def pipe_connection_lost(self, _fd: int, _exc: Exception | None) -> None:
        self.lost = True

    def process_exited(self) -> None:
        self.lost = True
        if not self._reply.done():
            self._reply.set_exception(WorkerLostError(self._how_it_ended()))
            self._reply.exception()  # counts as seen: if it died while it started, nobody waits any more

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport.close()
        self.gone.set_result(None)

    def _how_it_ended(self) -> str:
        code = self._transport.get_returncode()
        if code is None:
            return "closed its output"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}, as by too little memory or too deep a recursion"
        return f"exited with status {code}"


async def start_worker(module: str, started: Callable[[Worker], None], environ: Mapping[str, str]) -> Worker:
    """A worker process that is ready. `started` is called with it as soon as it exists, whatever happens then.

    It finds its modules where we do, without looking for sites of its own (`-S`), which saves it a tenth of its start.
    It gets `environ` and nothing else of our environment, for that holds secrets and its work is with what strangers
    wrote. It is the leader of a session of its own, so that an interrupt from the terminal is ours alone to handle.

    Raises:
        OSError: the system does not let us.
        WorkerLostError: it ended at once.
    """
    _, worker = await asyncio.get_running_loop().subprocess_exec(
        lambda: Worker(started),
        *(sys.executable, "-P", "-S", "-W", "ignore", "-m", module),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environ, "PYTHONPATH": python_path()},
        start_new_session=True,
    )
    try:
        await worker.ready()
    except BaseException:
        worker.kill()
        raise
    return worker


def python_path() -> str:
    """Where this process finds its modules, for the other to find the same."""
    paths = [Path(prober.__file__).parents[1], *map(Path, filter(None, sys.path))]
    return os.pathsep.join(dict.fromkeys(str(path.absolute()) for path in paths))
