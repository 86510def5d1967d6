"""What is done with one server: `init`, `run` twice, `drift`, and `run` in the handshake era."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

from tests.trial.proof import Red, prove, prove_no_start
from tests.trial.servers import Server, Started, started

ROOT: Final = Path(__file__).parents[2]
LIMIT: Final = 600.0
"""Seconds that one command may take."""

NAME: Final = "server"


@dataclass(kw_only=True)
class Trial:
    """What came of one server."""

    server: Server
    seconds: float = 0.0
    """Of `init`."""
    summary: list[str] = field(default_factory=list)
    """What `init` printed."""
    probes: int = 0
    version: str = ""
    """Of the protocol, as it is negotiated first."""
    passed: list[tuple[str, int, int]] = field(default_factory=list)
    """For each run its name, the probes that passed, and all."""
    drift: int | None = None
    """The exit code of `drift`; None where nothing was pinned."""
    reds: list[Red] = field(default_factory=list)
    left_behind: int = 0
    """Processes of a server on stdio that were still there at the end."""
    trouble: str = ""
    """Why the server could not be tried at all."""

    @property
    def false_alarms(self) -> list[Red]:
        return [red for red in self.reds if not red.proof]


def try_server(server: Server) -> Trial:
    """All rounds with one server. What goes wrong is in the result."""
    trial = Trial(server=server)
    with tempfile.TemporaryDirectory(prefix=f"trial-{server.name}-") as name:
        folder = Path(name)
        with started(server, folder) as running:
            _rounds(trial, running, folder)
        left = _processes_of(folder)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        trial.left_behind = len(left) if server.transport == "stdio" else 0  # else the server's own children
    return trial


def _rounds(trial: Trial, running: Started, folder: Path) -> None:
    began = monotonic()
    done = prober(["init", "--name", NAME, *running.words], folder)
    trial.seconds = monotonic() - began
    trial.summary = (done.stdout + done.stderr).strip().splitlines()
    if done.returncode != 0:
        trial.reds.append(prove_no_start(running, folder, done.stderr.strip()))
        return
    file = folder / "probes" / f"{NAME}.yaml"
    for name in ("first run", "second run"):
        _run(trial, name, running, folder, ["probes"])
    if (folder / "probes" / "contracts").exists():
        trial.drift = _drift(trial, folder)
    handshake = file.with_name("handshake.yaml")
    file.rename(handshake)
    handshake.write_text(_in_the_handshake_era(handshake.read_text(encoding="utf-8")), encoding="utf-8")
    _run(trial, "handshake era", running, folder, ["probes"])


def _in_the_handshake_era(text: str) -> str:
    entry = f"targets:\n  {NAME}:\n"
    assert entry in text, text
    return text.replace(entry, entry + "    protocol: handshake\n")


def _run(trial: Trial, name: str, running: Started, folder: Path, paths: Sequence[str]) -> None:
    done = prober(["run", "--output", "json", *paths], folder)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        trial.trouble = f"{name}: {done.stderr[-300:]}"
        return
    results: list[dict[str, Any]] = document["results"]
    trial.probes = len(results)
    trial.passed.append((name, document["summary"]["pass"], len(results)))
    for result in results:
        trial.version = trial.version or result["protocol"]["version"] or ""
        if result["verdict"] != "pass":
            trial.reds.append(prove(running, folder, name, result))


def _drift(trial: Trial, folder: Path) -> int:
    done = prober(["drift", "probes"], folder)
    if done.returncode != 0:
        text = (done.stdout + done.stderr).strip()[-300:]
        trial.reds.append(Red(round="drift", probe="", reason="drift", message=text, proof=""))
    return done.returncode


def prober(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    return subprocess.run(
        [sys.executable, "-m", "prober", *arguments],
        cwd=folder,
        env=kept,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def _processes_of(folder: Path) -> list[int]:
    """The processes whose HOME is that of the trial."""
    wanted = f"HOME={folder / 'home'}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue  # it ended meanwhile, or is somebody else's
    return found
