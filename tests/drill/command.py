"""The real command, and what it may leave behind: nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.daemon.watching import alive, descendants
from tests.signals import take_interruptions


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a drill ended."""

    code: int
    out: str
    err: str

    @property
    def faults(self) -> dict[str, dict[str, Any]]:
        """Of `--output json`, by name."""
        return {fault["fault"]: fault for fault in json.loads(self.out)["faults"]}


@dataclass(frozen=True, kw_only=True)
class Drilling:
    """A drill under way. Its temporary files are in `folder`."""

    process: asyncio.subprocess.Process
    folder: Path

    async def said(self, part: str) -> str:
        """The line of its progress that has this part."""
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode():
            if part in line:
                return line
        raise AssertionError(f"it never said {part!r}")

    async def ended(self) -> Done:
        children = descendants(self.process.pid)
        out, err = await self.process.communicate()
        assert self.process.returncode is not None
        done = Done(code=self.process.returncode, out=out.decode(), err=err.decode())
        assert "Traceback" not in done.err, done.err
        assert [pid for pid in children if alive(pid)] == []
        assert list(self.folder.iterdir()) == []
        return done


@asynccontextmanager
async def drill(*words: str, folder: Path, seconds: float, **environ: str) -> AsyncIterator[Drilling]:
    """A drill for as long as the block runs, and no longer than it may take."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "prober", "drill", *words),
        env={**os.environ, "TMPDIR": str(folder), **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=take_interruptions,
    )
    try:
        async with asyncio.timeout(seconds):
            yield Drilling(process=process, folder=folder)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()
