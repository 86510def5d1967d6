"""A child process in a group of its own, with pipes that are read and written straight from the event loop.

No thread watches it and no task pumps its pipes: asyncio's subprocesses need both, and there `wait()` hangs when a
grandchild keeps a pipe open. The whole group ends with the run, whatever the child left running in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from prober.outcome import Failure, Reason

_CHUNK: Final = 65536
_STDERR_TAIL: Final = 2000
_KILL_WAIT: Final = 1.0
"""Seconds in which the kernel has always reaped a killed process; only one stuck in a device outlasts it."""

_INHERITED: Final = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER")
"""What a server needs of our environment. The rest may hold secrets that are none of its business."""


class Process:
    """A running child. `start` it, then `aclose` it, whatever happened in between."""

    def __init__(self, popen: subprocess.Popen[bytes]):
        assert popen.stdin is not None and popen.stdout is not None and popen.stderr is not None  # noqa: PT018
        self._popen = popen
        self._stdin: IO[bytes] | None = popen.stdin
        self._stdout, self._stderr = popen.stdout, popen.stderr
        self._tail = bytearray()
        self._exited = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for pipe in (popen.stdin, popen.stdout, popen.stderr):
            os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(self._stderr.fileno(), self._drain_stderr)
        self._pidfd = os.pidfd_open(popen.pid)
        self._loop.add_reader(self._pidfd, self._on_exit)

    @classmethod
    def start(cls, command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None) -> Process:
        """Raises Failure with `spawn_failed`."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        try:
            popen = subprocess.Popen(  # noqa: S603 - running the operator's command is the task
                list(command),
                env={**inherited, **env},
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise Failure(Reason.SPAWN_FAILED, f"{command[0]} could not be started: {_text(error)}") from error
        return cls(popen)

    @property
    def stderr_tail(self) -> str:
        """The end of what the process wrote to its standard error."""
        return self._tail.decode("utf-8", "replace").strip()

    async def read(self) -> bytes:
        """Some bytes of standard output; none at its end."""
        while True:
            try:
                return os.read(self._stdout.fileno(), _CHUNK)
            except BlockingIOError:
                await self._until(self._loop.add_reader, self._loop.remove_reader, self._stdout.fileno())

    async def write(self, data: bytes) -> None:
        """Raises BrokenPipeError when the process no longer reads."""
        left = memoryview(data)
        while left:
            if self._stdin is None:
                raise BrokenPipeError
            try:
                left = left[os.write(self._stdin.fileno(), left) :]
            except BlockingIOError:
                await self._until(self._loop.add_writer, self._loop.remove_writer, self._stdin.fileno())

    async def exit_status(self, within: float) -> int | None:
        """What it exited with (minus the signal number, as in subprocess), or None if it runs on."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._exited.wait()
        return self._peek_status() if self._exited.is_set() else None

    async def leave(self, grace: float) -> bool:
        """Close its standard input and let it go; SIGTERM towards the end of `grace`. True if it left by itself."""
        self._close_stdin()
        self._loop.add_reader(self._stdout.fileno(), self._discard_stdout)
        if await self.exit_status(grace * 0.75) is not None:
            return True
        self._signal(signal.SIGTERM)
        await self.exit_status(grace * 0.25)
        return False

    async def aclose(self) -> None:
        """Kill what is left of the group, reap the child, close the pipes. Bounded, never raises."""
        self._signal(signal.SIGKILL)
        await self.exit_status(_KILL_WAIT)
        self._close_stdin()
        for fd in (self._stdout.fileno(), self._stderr.fileno(), self._pidfd):
            self._loop.remove_reader(fd)
        self._stdout.close()
        self._stderr.close()
        os.close(self._pidfd)
        self._popen.poll()

    def _signal(self, number: signal.Signals) -> None:
        # Safe until the child is reaped, which only aclose() does: a zombie keeps the number of its group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)

    def _peek_status(self) -> int:
        info = os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if info is None:
            return 0
        return info.si_status if info.si_code == os.CLD_EXITED else -info.si_status

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._exited.set()

    def _drain_stderr(self) -> None:
        try:
            data = os.read(self._stderr.fileno(), _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._stderr.fileno())
        self._tail += data
        del self._tail[:-_STDERR_TAIL]

    def _discard_stdout(self) -> None:
        """A server that flushes its output before it exits must find a reader."""
        with contextlib.suppress(BlockingIOError):
            if not os.read(self._stdout.fileno(), _CHUNK):
                self._loop.remove_reader(self._stdout.fileno())

    def _close_stdin(self) -> None:
        if self._stdin is not None:
            stdin, self._stdin = self._stdin, None
            with contextlib.suppress(OSError):
                stdin.close()

    async def _until(self, add: Callable[..., None], remove: Callable[[int], bool], fd: int) -> None:
        ready = asyncio.Event()
        add(fd, ready.set)
        try:
            await ready.wait()
        finally:
            remove(fd)


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    return str(error)
