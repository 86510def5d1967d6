"""A shell in which the commands of documents are typed, one block after the other, as a reader does."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.docs.copies import Copy
from tests.real.process import running
from tests.waiting import block_until

_BLOCK: Final = 300.0
"""Seconds that a block may take, on a machine that is busy."""
_STOP: Final = 30.0

REFERENCE: Final = "127.0.0.1:8080"
DAEMON: Final = "127.0.0.1:9733"
_YOURS: Final = re.compile(r"https://(?:mcp\.example\.com|your\.server)/mcp")
"""What documents call a server of the reader's own."""


@dataclass(kw_only=True)
class Shell:
    """A shell in a folder of a copy. Addresses of the documents are free ports of this machine instead."""

    copy: Copy
    environment: Mapping[str, str]
    stack: ExitStack

    def here(self, text: str) -> str:
        """A text with the addresses of this shell."""
        text = _YOURS.sub(f"http://{REFERENCE}/mcp", text)
        text = re.sub(r"^(\S*mcp-prober reference)\b", rf"\1 --listen {REFERENCE}", text, flags=re.MULTILINE)
        for address, port in self.copy.ports.items():
            text = text.replace(address, f"127.0.0.1:{port}")
        return text

    def type(self, text: str, *, status: int = 0) -> str:
        """Run commands to their end; returns what they printed. The last may end with another status than 0."""
        self._settle()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(text)],
            cwd=self.copy.home,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_BLOCK,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == status, f"{self.here(text)}\nended with {done.returncode}\n{printed}"
        assert "Traceback" not in printed, printed
        return printed

    def start(self, text: str) -> None:
        """Run a command that stays; it has to end well when it is asked to."""
        self._settle()
        command = self.here(text).strip()
        port = self.copy.ports[REFERENCE if " reference " in f"{command} " else DAEMON]
        log = self.copy.home.parent / f"{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", f"exec {command}"],
                cwd=self.copy.home,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.stack.callback(_end, process, log)
        block_until(lambda: process.poll() is not None or _listens(port), command, seconds=_STOP)
        assert process.poll() is None, f"{command}\n{log.read_text()}"

    def _settle(self) -> None:
        """Addresses in the files that commands have written."""
        for folder in (self.copy.home, self.copy.shipped):
            for path in folder.rglob("*.yaml"):
                text = path.read_text(encoding="utf-8")
                if (local := self.here(text)) != text:
                    path.write_text(local, encoding="utf-8")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _end(process: subprocess.Popen[bytes], log: Path) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    assert status in (0, -signal.SIGTERM), f"{status}\n{log.read_text()}"


@contextmanager
def shell(copy: Copy, *, on_path: bool = True, served: bool = True) -> Iterator[Shell]:
    """A shell; `served` where the reference server of the documents is up from the beginning."""
    with ExitStack() as stack:
        opened = Shell(copy=copy, environment=copy.environment(on_path=on_path), stack=stack)
        if served:
            port = copy.ports[REFERENCE]
            address, data = f"127.0.0.1:{port}", copy.home.parent / f"{port}.db"
            command = [str(copy.program), "reference", "--session", "probe", "--listen", address, "--db", str(data)]
            log = copy.home.parent / "served.log"
            stack.enter_context(running(command, port=port, log=log, env=opened.environment))
        yield opened
