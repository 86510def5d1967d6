"""A daemon as a process of its own: started from the command line, asked over HTTP, ended by its number."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.signals import take_interruptions

START: Final = 60.0
"""Seconds that a daemon has to be ready in, on a machine that is busy."""
STOP: Final = 20.0


@dataclass
class Running:
    """A daemon that is ready. `url` has no slash at its end; `log` grows as the daemon writes."""

    process: subprocess.Popen[str]
    url: str
    log: list[str] = field(default_factory=list)

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, timeout: float = 20) -> str:
        """The body of an answer. Raises urllib.error.HTTPError where the status is not 2xx."""
        request = urllib.request.Request(f"{self.url}/{path}", headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            body: bytes = answer.read()
        return body.decode()

    def post(self, path: str, *, timeout: float = 30) -> str:
        request = urllib.request.Request(f"{self.url}/{path}", method="POST", data=b"")
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            body: bytes = answer.read()
        return body.decode()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit status as subprocess gives it."""
        self.process.send_signal(number)
        return self.process.wait(STOP)

    @property
    def memory(self) -> int:
        """Resident bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    @property
    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))


@contextmanager
def daemon(
    *arguments: str | Path,
    environ: Mapping[str, str] | None = None,
    history: bool = False,
    module: str = "prober",
) -> Iterator[Running]:
    """A daemon on a free port, ready, for as long as the block lasts. It keeps no history unless it is told where."""
    words = [str(argument) for argument in arguments] + ([] if history else ["--no-history"])
    process = subprocess.Popen(
        [sys.executable, "-m", module, "daemon", "--listen", "127.0.0.1:0", *words],
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_interruptions,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log: list[str] = []
    reading = threading.Thread(target=_keep, args=(process.stderr, log))
    reading.start()
    patience = threading.Timer(START, process.kill)
    patience.start()
    try:
        line = process.stdout.readline()
        patience.cancel()
        assert line.startswith("mcp-prober daemon on http"), (line, log, process.poll())
        yield Running(process=process, url=line.split()[-1], log=log)
    finally:
        patience.cancel()
        if process.poll() is None:
            process.kill()
        process.wait(STOP)
        process.stdout.close()
        reading.join()
        process.stderr.close()


def _keep(lines: Iterable[str], log: list[str]) -> None:
    for line in lines:
        log.append(line)
