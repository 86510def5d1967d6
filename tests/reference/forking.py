"""Server processes that start in a moment: forked from one that has imported all that they need.

    python -m tests.reference.forking

reads lines `["OUTPUT", "OPTION", …]`, forks a server for each, with its output in that file, and answers with its
process id. For tests that kill many servers; what is killed is a process of its own all the same.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tests.waiting import block_until

from .processes import START

_ANNOUNCED: Final = "listening on "


@dataclass(frozen=True, kw_only=True)
class Forked:
    """A server that listens."""

    pid: int
    url: str

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        block_until(lambda: not _lives(self.pid), f"process {self.pid} is gone")


class Forking:
    """Starts servers in a folder."""

    def __init__(self, folder: Path, asks: IO[str], answers: IO[str]) -> None:
        self._folder, self._asks, self._answers = folder, asks, answers
        self._turn = threading.Lock()
        self._started: list[int] = []

    def start(self, *options: str) -> Forked | None:
        """A further server; None where it ended by itself, as where its store is away."""
        with self._turn:
            output = self._folder / f"output-{len(self._started)}"
            self._asks.write(json.dumps([str(output), "--listen", "127.0.0.1:0", *options]) + "\n")
            self._asks.flush()
            pid = int(self._answers.readline())
            self._started.append(pid)
        said = block_until(lambda: _announced(output) or (None if _lives(pid) else "ended"), "a server", seconds=START)
        return Forked(pid=pid, url=said.removeprefix(_ANNOUNCED)) if said.startswith(_ANNOUNCED) else None

    def end(self) -> None:
        """Kill all that are left."""
        for pid in self._started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def forking(folder: Path) -> Iterator[Forking]:
    """Something that starts servers; all are ended on leaving."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.reference.forking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        servers = Forking(folder, process.stdin, process.stdout)
        try:
            yield servers
        finally:
            servers.end()
            process.stdin.close()


def _announced(output: Path) -> str | None:
    text = output.read_text(encoding="utf-8") if output.exists() else ""
    return next((line for line in text.splitlines() if line.startswith(_ANNOUNCED) and "\n" in text), None)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Fork until no more lines come."""
    import mcp_state.redis
    import mcp_state.sqlite  # noqa: F401 - what servers would import one by one
    from prober.reference.__main__ import main as serve

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who ended is gone, and not waited for
    for line in sys.stdin:
        output, *options = json.loads(line)
        if pid := os.fork():
            print(pid, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        written = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.dup2(written, sys.stdout.fileno())
        os.dup2(written, sys.stderr.fileno())
        os._exit(serve(options))


if __name__ == "__main__":
    main()
