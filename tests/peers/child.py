"""The stdio peer seen from a test: the command that starts it, and what it wrote down."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from tests.peers.protocol import Era, Message, Step

ROOT: Final = Path(__file__).parents[2]


class StdioPeer:
    """A stdio server that a prober starts by `target`; `folder` holds its record."""

    def __init__(
        self,
        folder: Path,
        *,
        era: Era,
        step: Step | None = None,
        fault: str | None = None,
        startup_timeout: str = "10s",
    ):
        self._record = folder / "record.jsonl"
        at = [step, fault] if step and fault else []
        command = [sys.executable, "-m", "tests.peers.stdio_peer", era, str(self._record), *at]
        self.target: dict[str, Any] = {"command": command, "cwd": str(ROOT), "startup_timeout": startup_timeout}

    def _facts(self, name: str) -> list[Any]:
        if not self._record.exists():
            return []
        facts = [json.loads(line) for line in self._record.read_text().splitlines()]
        return [fact[name] for fact in facts if name in fact]

    @property
    def pids(self) -> list[int]:
        """Every process that was started, and those that they left behind."""
        return self._facts("pid") + self._facts("child")

    @property
    def received(self) -> list[Message]:
        """The messages in the order they came, over all processes."""
        return self._facts("received")

    @property
    def ended(self) -> int:
        """How many times standard input came to its end."""
        return len(self._facts("ended"))

    @property
    def survivors(self) -> list[int]:
        """Processes that are alive still (a zombie is not)."""
        return [pid for pid in self.pids if _alive(pid)]


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
