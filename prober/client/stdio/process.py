"""A child process in a group of its own, with pipes that are read and written straight from the event loop.

No thread watches it and no task pumps its pipes: asyncio's subprocesses need both, and there `wait()` hangs when a
grandchild keeps a pipe open. The whole group ends with the run, whatever the child left running in it; on Linux also
what has left the group, see `guardian`, which is then the child, and exits as the server did.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from prober.client.stdio.spawning import NO_GUARDIAN, not_started, spawn

_CHUNK: Final = 65536
_STDERR_TAIL: Final = 2000
_LAST_CHUNKS: Final = 16
_IDLE_PAUSE: Final = 0.05
"""Seconds between two reads of what an idle process writes: one that never stops must not cost a processor."""

_POLL: Final = 0.01
"""Seconds between two looks at a process that cannot be waited for by its pidfd."""

_KILL_WAIT: Final = 1.0
"""Seconds in which the kernel has always reaped a killed process; only one stuck in a device outlasts it."""

_GUARDED: Final = sys.platform == "linux"
"""Whether the system has what `guardian` is made of."""

_GUARDIAN: Final = str(Path(__file__).with_name("guardian.py"))

INHERITED: Final = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER")
"""What a server needs of our environment. The rest may hold secrets that are none of its business."""


class Process:
    """A running child. `start` it, then `aclose` it, whatever happened in between."""

    def __init__(self, popen: subprocess.Popen[bytes]):
        assert popen.stdin is not None and popen.stdout is not None and popen.stderr is not None  # noqa: PT018
        self._popen = popen
        self._stdin: IO[bytes] | None = popen.stdin
        self._stdout, self._stderr = popen.stdout, popen.stderr
        self._tail = bytearray()
        self._tail_is_of_now = True
        self._pause: asyncio.TimerHandle | None = None
        self._idle = False
        self._exited = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.started_at = self._loop.time()
        for pipe in (popen.stdin, popen.stdout, popen.stderr):
            os.set_blocking(pipe.fileno(), False)
        self._ready: asyncio.Event | None = None
        self._pidfd = _open_pidfd(popen.pid)
        self._loop.add_reader(self._stderr.fileno(), self._drain_stderr)
        if self._pidfd is not None:
            self._loop.add_reader(self._pidfd, self._on_exit)

    @classmethod
    async def start(cls, command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None) -> Process:
        """Raises Failure with `spawn_failed`, or `prober_shortage` where the system has nothing left for it."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        try:
            if _GUARDED:
                return await cls._guarded(command, env={**inherited, **env}, cwd=cwd)
            return cls(spawn(command, env={**inherited, **env}, cwd=cwd))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            path = env.get("PATH", inherited.get("PATH", ""))
            raise not_started(error, command[0], cwd=cwd, path=path) from error

    @classmethod
    async def _guarded(cls, command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None) -> Process:
        """Raises OSError as `spawn` would."""
        report, its_end = os.pipe()
        try:
            os.set_blocking(report, False)
            try:
                guardian = (sys.executable, "-I", "-S", _GUARDIAN, str(os.getpid()), str(its_end))
                process = cls(spawn([*guardian, *command], env=env, cwd=cwd, pass_fds=[its_end]))
            finally:
                os.close(its_end)
            try:
                await process._server_runs(report, command[0])
            except BaseException:
                await process.aclose()
                raise
        finally:
            os.close(report)
        return process

    async def _server_runs(self, report: int, program: str) -> None:
        """Wait until the guardian has started it. Raises OSError where it could not."""
        await self._until(self._loop.add_reader, self._loop.remove_reader, report)
        number = int(os.read(report, _CHUNK) or NO_GUARDIAN)
        if number:
            raise OSError(number, os.strerror(number), program)

    def last_words(self) -> str:
        """The end of what the process wrote to its standard error: in this run, or else before it."""
        self._drain_what_is_there()
        words = self._tail.decode("utf-8", "replace").strip()
        if len(self._tail) == _STDERR_TAIL:  # the ellipsis says where a secret may have been cut
            words = "…" + words.lstrip("\N{REPLACEMENT CHARACTER}")
        return words if self._tail_is_of_now or self._idle or not words else f"before this run: {words}"

    def rest(self) -> None:
        """A run has ended and no other has begun: what the process writes is read at leisure."""
        self._idle = True

    def wake(self) -> None:
        """A run begins. What stands in the pipe of standard error is of before."""
        self._drain_what_is_there()
        self._idle = self._tail_is_of_now = False
        if self._pause is not None:
            self._pause.cancel()
            self._read_on()

    def last_output(self) -> bytes:
        """What stands unread in its standard output, without waiting for more."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._stdout.fileno(), _CHUNK)
        return b""

    async def read(self) -> bytes:
        """Some bytes of standard output; none at its end, which is also when the process is gone.

        A process that it left behind may hold the pipe open for ever.
        """
        # whoever never stops talking must not keep the event loop from its other work
        await asyncio.sleep(_IDLE_PAUSE if self._idle else 0)
        while True:
            try:
                return os.read(self._stdout.fileno(), _CHUNK)
            except BlockingIOError:
                if self._exited.is_set():
                    return b""
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
                if self._pidfd is not None:
                    await self._exited.wait()
                while self._status() is None:  # noqa: ASYNC110 - where there is no pidfd, there is nothing to wait on
                    await asyncio.sleep(_POLL)
        return self._status()

    async def leave(self, grace: float) -> bool:
        """Close its standard input and let it go; SIGTERM after `grace` seconds, and as many again to heed it.

        True if it left by itself.
        """
        self._close_stdin()
        self._loop.add_reader(self._stdout.fileno(), self._discard_stdout)
        if await self.exit_status(grace) is not None:
            return True
        self._signal(signal.SIGTERM)
        await self.exit_status(grace)
        return False

    @property
    def exited(self) -> str | None:
        """How it exited, in words; None while it runs."""
        status = self._status()
        if status is None:
            return None
        return f"the process exited with status {status}" if status >= 0 else f"the process exited by signal {-status}"

    async def aclose(self) -> None:
        """Kill what is left of the group, reap the child, close the pipes. Bounded, never raises."""
        try:
            try:
                if _GUARDED and self._status() is None:
                    self._tell_guardian()
                    await self.exit_status(_KILL_WAIT)
            finally:
                self._signal(signal.SIGKILL)
            await self.exit_status(_KILL_WAIT)
        finally:
            self._close_stdin()
            if self._pause is not None:
                self._pause.cancel()
                self._pause = None
            for pipe in (self._stdout, self._stderr):
                if not pipe.closed:
                    self._loop.remove_reader(pipe.fileno())
                    pipe.close()
            if self._pidfd is not None:
                self._loop.remove_reader(self._pidfd)
                os.close(self._pidfd)
                self._pidfd = None
            self._popen.poll()

    def _tell_guardian(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._popen.pid, signal.SIGUSR1)

    def _signal(self, number: signal.Signals) -> None:
        # Safe until the child is reaped, which only aclose() does: a zombie keeps the number of its group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)

    def _status(self) -> int | None:
        """None while it runs. Where the system can do so, this only looks: a zombie keeps the number of its group."""
        if not hasattr(os, "waitid"):
            return self._popen.poll()
        try:
            info = os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:  # reaped already: by us, or by a system that was told to ignore SIGCHLD
            return self._popen.poll()
        if info is None:
            return None
        return info.si_status if info.si_code == os.CLD_EXITED else -info.si_status

    def _on_exit(self) -> None:
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
        self._exited.set()
        if self._ready is not None:
            self._ready.set()

    def _drain_what_is_there(self) -> None:
        for _ in range(_LAST_CHUNKS):
            if not self._drain_stderr():
                break

    def _drain_stderr(self) -> bool:
        """Whether there was something."""
        try:
            data = os.read(self._stderr.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._stderr.fileno())
            return False
        if not self._tail_is_of_now:
            self._tail.clear()
            self._tail_is_of_now = True
        self._tail += data
        del self._tail[:-_STDERR_TAIL]
        if self._idle and self._pause is None:
            self._loop.remove_reader(self._stderr.fileno())
            self._pause = self._loop.call_later(_IDLE_PAUSE, self._read_on)
        return True

    def _read_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._stderr.fileno(), self._drain_stderr)

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
        self._ready = asyncio.Event()
        add(fd, self._ready.set)
        try:
            await self._ready.wait()
        finally:
            self._ready = None
            remove(fd)


def _open_pidfd(pid: int) -> int | None:
    """A file that becomes readable when the process exits; None where there is no such thing, outside of Linux."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
