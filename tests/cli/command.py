"""The real command, `python -m prober`, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

from prober.cli import app
from tests.signals import take_interruptions

BOUND: Final = 40.0
"""Seconds that a command may take, on a machine that is busy."""

MODULE: Final = ("-m", "prober")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The results of `--output json`, by probe."""
        return {result["probe"]: result for result in json.loads(self.out)["results"]}


@asynccontextmanager
async def started(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, program: tuple[str, ...] = MODULE
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command while it runs; it is killed at the end of the block if it has not ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
        *words,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=take_interruptions,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> Done:
    """Wait for the end. No command ever shows a traceback."""
    async with asyncio.timeout(BOUND):
        out, err = await process.communicate()
    assert process.returncode is not None
    done = Done(code=process.returncode, out=out.decode(), err=err.decode())
    assert "Traceback" not in done.err, done.err
    return done


async def mcp_prober(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, program: tuple[str, ...] = MODULE
) -> Done:
    async with started(*words, cwd=cwd, env=env, program=program) as process:
        return await ended(process)


async def quickly(*words: str, env: Mapping[str, str] | None = None) -> Done:
    """The same without a process of its own, in a thread: where many commands are given, and none is interrupted."""
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words), env=dict(env or {}))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Done(code=result.exit_code, out=result.stdout, err=result.stderr)


def written(configuration: Mapping[str, Any], folder: Path) -> str:
    """A configuration as a file; its name, as it is said on the command line."""
    path = folder / "probes.yaml"
    path.write_text(json.dumps(configuration))
    return str(path)
