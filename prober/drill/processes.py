"""Programs that a drill starts: each in a session of its own, so that a Ctrl-C is the drill's alone, its log in a file.

They end by their process id, in the reverse order of their start, whatever happens in between.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

START_SECONDS: Final = 60.0
"""In which a program has to be up, on a machine that is busy."""
_STOP_SECONDS: Final = 10.0
_LOOK_EVERY: Final = 0.1
_TAIL: Final = 1500
"""Characters of a log that are shown where something went wrong."""

T = TypeVar("T")


class Broken(Exception):  # noqa: N818 - said to people as it is
    """The drill itself cannot go on: that says nothing of the pipeline."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One that runs."""

    name: str
    process: asyncio.subprocess.Process
    out: Path
    log: Path

    async def announced(self, prefix: str) -> str:
        """The rest of its first line, which it writes when it is ready. Raises Broken."""

        async def look() -> str | None:
            return _first_line(self.out, prefix)

        return await self.ready(look)

    async def ready(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """What `look` says at last that is not None. Raises Broken."""
        looking = asyncio.ensure_future(until(look, seconds=START_SECONDS))
        ending = asyncio.ensure_future(self.process.wait())
        try:
            await asyncio.wait([looking, ending], return_when=asyncio.FIRST_COMPLETED)
            if looking.done() and (found := looking.result()) is not None:
                return found
            raise Broken(f"{self.name} did not start:\n{self.tail()}")
        finally:
            for task in (looking, ending):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def broken(self) -> None:
        """Wait for its end, which is too early, and raise Broken."""
        await self.process.wait()
        raise Broken(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")

    def tail(self) -> str:
        """The end of what it wrote."""
        written = "".join(path.read_text(errors="replace") for path in (self.out, self.log))
        return written[-_TAIL:].strip() or "(it wrote nothing)"


@asynccontextmanager
async def running(name: str, command: Sequence[str | Path], *, folder: Path) -> AsyncIterator[Program]:
    """A program for as long as the block runs; what it writes goes to files in `folder`. Raises Broken."""
    out, log = folder / f"{name}.out", folder / f"{name}.log"
    with out.open("wb") as output, log.open("wb") as errors:
        try:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        except OSError as error:
            raise Broken(f"{name} cannot be started: {command[0]}: {error.strerror}") from None
    try:
        yield Program(name=name, process=process, out=out, log=log)
    finally:
        await _ended(process)


async def until(look: Callable[[], Awaitable[T | None]], *, seconds: float) -> T | None:
    """The first answer that is not None, or None when the time is over. Other processes tell nobody: they are asked."""
    end = monotonic() + seconds
    while (found := await look()) is None:
        if monotonic() > end:
            return None
        await asyncio.sleep(_LOOK_EVERY)
    return found


def free_port() -> int:
    """A port on loopback that nobody listens on now: for programs that cannot say which one they took."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _first_line(file: Path, prefix: str) -> str | None:
    line, newline, _ = file.read_text(errors="replace").partition("\n")
    return line.removeprefix(prefix).strip() if newline and line.startswith(prefix) else None


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    try:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
    finally:
        if process.returncode is None:  # it takes too long, or the drill is told to end at once
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
