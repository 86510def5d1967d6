"""A server process of a test: started in a group of its own, awaited by connecting, ended by its number.

Plain and synchronous, so that fixtures of every scope and tests of every kind can hold one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from tests.waiting import block_until

START: Final = 20.0
"""Seconds a server has to accept its first connection, on a machine that is busy."""

STOP: Final = 3.0
"""Seconds it has to leave when asked to, before it is killed."""

_PORTS: Final = range(20_000, 30_000)
"""Below the ports that the kernel hands out, so that no other test is given one between choice and use."""

_offers: Final = count()


def free_port() -> int:
    """A port for a server that cannot choose one itself. Processes of one test run start at different places."""
    for _ in _PORTS:
        port = _PORTS[(os.getpid() * 101 + next(_offers)) % len(_PORTS)]
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            return port
    raise AssertionError("every port is taken")


@contextmanager
def running(
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, accepting connections on `port` of 127.0.0.1, for as long as the block lasts."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    try:
        _wait_until_ready(process, port, log)
        yield process
    finally:
        _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    def listens() -> bool:
        assert process.poll() is None, f"{process.args!r} exited with {process.returncode}:\n{_tail(log)}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    block_until(listens, lambda: f"{process.args!r} listens on port {port}:\n{_tail(log)}", seconds=START, pause=0.02)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(STOP)
