"""Real server processes for tests: started on a free port, stopped by their own id."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

START: Final = 30.0
"""Seconds a server may take to listen: interpreter, imports, and a machine that others use too."""
STOP: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """A server that listens."""

    process: subprocess.Popen[str]
    url: str
    """Of the MCP endpoint."""
    log: Path
    """What it wrote to stderr."""

    @property
    def origin(self) -> str:
        """Where the pages are."""
        return self.url.removesuffix("/mcp")

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP)

    def stop(self) -> int:
        """Ask it to stop, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP)


@contextlib.contextmanager
def serving(
    folder: Path, *options: str, name: str = "server", module: str = "prober.reference"
) -> Iterator[ServerProcess]:
    """A server process in a folder; ended on leaving, if it still runs."""
    log = folder / f"{name}.log"
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--listen", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert process.stdout is not None
    try:
        line = _first_line(process)
        assert line.startswith("listening on "), f"{line!r}; {log.read_text()}"
        yield ServerProcess(process=process, url=line.removeprefix("listening on ").strip(), log=log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP)
        process.stdout.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(START) else "(silence)"
