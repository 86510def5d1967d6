"""Programs that a drill starts: each in a session of its own, so that only the drill receives a Ctrl-C.

Their output goes to files. They are stopped in the reverse order of their start, also after an error.
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
"""How long a program may take to start, on a busy machine."""
_STOP_SECONDS: Final = 10.0
_LOOK_EVERY: Final = 0.1
_TAIL: Final = 1500
"""Characters of a program's output in an error message."""

T = TypeVar("T")


class DrillError(Exception):
    """The drill itself cannot go on, so that it has no result."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A running program."""

    name: str
    process: asyncio.subprocess.Process
    out: Path
    log: Path
    withheld: str | None = None
    """The file of whose secrets its output may speak; then errors do not show the output."""

    async def announced(self, prefix: str) -> str:
        """The rest of the first line of its output, which it writes when it is ready. Raises DrillError."""

        async def look() -> str | None:
            return _first_line(self.out, prefix)

        return await self.ready(look)

    async def ready(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """The first value of `look` that is not None. Raises DrillError."""
        looking = asyncio.ensure_future(until(look, seconds=START_SECONDS))
        ending = asyncio.ensure_future(self.process.wait())
        try:
            await asyncio.wait([looking, ending], return_when=asyncio.FIRST_COMPLETED)
            if looking.done() and (found := looking.result()) is not None:
                return found
            raise DrillError(f"{self.name} did not start:\n{self.tail()}")
        finally:
            for task in (looking, ending):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def watch(self) -> None:
        """Wait until it ends, which is too early, and raise DrillError."""
        await self.process.wait()
        raise DrillError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")

    def tail(self) -> str:
        """The end of its output."""
        if self.withheld is not None:
            return f"what it says may hold secrets of {self.withheld}; see `amtool check-config {self.withheld}`"
        written = "".join(path.read_text(errors="replace") for path in (self.out, self.log))
        return written[-_TAIL:].strip() or "(it wrote nothing)"


@asynccontextmanager
async def running(
    name: str, command: Sequence[str | Path], *, folder: Path, withheld: str | None = None
) -> AsyncIterator[Program]:
    """Run a program while the block runs; its output goes to files in `folder`. Raises DrillError."""
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
            raise DrillError(f"{name} cannot be started: {command[0]}: {error.strerror}") from None
    try:
        yield Program(name=name, process=process, out=out, log=log, withheld=withheld)
    finally:
        await _stop(process)


async def until(look: Callable[[], Awaitable[T | None]], *, seconds: float) -> T | None:
    """Poll `look`: the first value that is not None, or None after `seconds`."""
    end = monotonic() + seconds
    while (found := await look()) is None:
        if monotonic() > end:
            return None
        await asyncio.sleep(_LOOK_EVERY)
    return found


def free_port() -> int:
    """A free port on loopback, for programs that cannot report which port they chose."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _first_line(file: Path, prefix: str) -> str | None:
    line, newline, _ = file.read_text(errors="replace").partition("\n")
    return line.removeprefix(prefix).strip() if newline and line.startswith(prefix) else None


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    try:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
    finally:
        if process.returncode is None:  # it takes too long, or the drill is cancelled again
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
