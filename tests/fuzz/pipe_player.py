"""Plays a conversation over the pipes of a process that is none: to start one costs nothing, so that many can be.

`PipedProcess` is the prober's own `Process` but for what asks the kernel about a process: its start, its signals and
its exit status. `test_fuzz.py` holds it against real processes that play the same conversations (`child.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, cast
from unittest.mock import patch

from prober.client.stdio import stdio_transport
from prober.client.stdio.process import Process
from tests.fuzz.conversation import Turns
from tests.fuzz.pipe_turns import written

PROGRAM: Final = "tests.fuzz.pipe_player"
"""The command of a target whose process is played here; its argument is the number of the conversation."""


class _Popen:
    """As much of a `Popen` as `Process` looks at. `exited` becomes readable when the process is no more."""

    pid = 4_194_305
    """Above every number that Linux gives: a signal that goes there by mistake finds nobody, where -1 is everybody."""

    def __init__(self) -> None:
        their_input, our_input = os.pipe()
        our_output, their_output = os.pipe()
        our_error, their_error = os.pipe()
        self.exited, self._alive = os.pipe()
        self.stdin: IO[bytes] = os.fdopen(our_input, "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(our_output, "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(our_error, "rb", buffering=0)
        self.theirs: dict[str, int] = {"input": their_input, "output": their_output, "error": their_error}
        for descriptor in self.theirs.values():
            os.set_blocking(descriptor, False)
        self.status: int | None = None

    def poll(self) -> int | None:
        return self.status

    def exit(self, status: int) -> None:
        """Give back everything, as a process does that ends."""
        if self.status is None:
            self.status = status
            for name in list(self.theirs):
                self.close(name)
            os.close(self._alive)

    def close(self, name: str) -> None:
        if name in self.theirs:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self.theirs[name])
            loop.remove_writer(self.theirs[name])
            os.close(self.theirs.pop(name))


class PipedProcess(Process):
    """A process that is played by a task of this one."""

    players: Mapping[int, Turns]

    def __init__(self, popen: _Popen, turns: Turns) -> None:
        super().__init__(cast("Any", popen))
        self._played = popen
        self._pidfd = popen.exited
        self._loop.add_reader(self._pidfd, self._on_exit)
        self._player = _Player(popen, turns)
        self._playing = asyncio.create_task(self._player.play(), name="player")

    @classmethod
    async def start(cls, command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None) -> Process:
        if command[0] != PROGRAM:
            return await Process.start(command, env=env, cwd=cwd)
        return cls(_Popen(), cls.players[int(command[1])])

    def _status(self) -> int | None:
        return self._played.status

    def _tell_guardian(self) -> None:
        """There is none; what it would end ends."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if number is signal.SIGKILL or not self._player.stubborn:
            self._playing.cancel()
            self._played.exit(-number)


class _Player:
    def __init__(self, popen: _Popen, turns: Turns) -> None:
        self._popen, self._turns = popen, turns
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self.stubborn = False
        """Whether it does not heed SIGTERM, nor the end of its input."""

    async def play(self) -> None:
        """Answer line after line, until the input ends or the conversation says otherwise."""
        with contextlib.suppress(OSError, KeyError):  # what is closed by the other side, or by a signal
            while line := await self._line():
                done = written(c := self._turns.next(), json.loads(line), self._turns.era)
                self.stubborn = c.one_in(40)
                self._turns.said.extend((done.output, done.error))
                await self._write("error", done.error)
                await self._write("output", done.output)
                match done.then:
                    case "exit":
                        return self._popen.exit(done.status)
                    case "close output":
                        self._popen.close("output")
                    case "close input":
                        self._popen.close("input")
                        await asyncio.Event().wait()
                    case "hang":
                        await asyncio.Event().wait()
            if self.stubborn:
                await asyncio.Event().wait()
        return self._popen.exit(0)

    async def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            descriptor = self._popen.theirs["input"]
            try:
                data = os.read(descriptor, 65536)
            except BlockingIOError:
                await self._until(self._loop.add_reader, self._loop.remove_reader, descriptor)
                continue
            if not data:
                return b""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    async def _write(self, name: str, data: bytes) -> None:
        left = memoryview(data)
        while left:
            descriptor = self._popen.theirs[name]
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:
                await self._until(self._loop.add_writer, self._loop.remove_writer, descriptor)

    async def _until(self, add: Callable[..., None], remove: Callable[[int], bool], descriptor: int) -> None:
        ready = asyncio.Event()
        add(descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            if descriptor in self._popen.theirs.values():  # else its number may be that of another's by now
                remove(descriptor)


@contextmanager
def played(turns: Mapping[int, Turns]) -> Iterator[None]:
    """Commands of PROGRAM are played by these conversations, for as long as the block lasts."""
    PipedProcess.players = turns
    with patch.object(stdio_transport, "Process", PipedProcess):
        yield
