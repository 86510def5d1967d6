"""The reference server as a process of its own, and its faults switched on and off."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from prober.config.model import Config, Probe
from prober.kinds.race import RaceSettings
from prober.loader import load
from tests.real.process import free_port, running
from tests.running import run_document

ROOT: Final = Path(__file__).parents[2]
PROBES: Final = ROOT / "probes" / "reference-races.yaml"

FOUND: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "lost-update": {
        "reference-steps": ("lost_update",),
        "reference-register": ("lost_update",),
        "reference-workflow": ("lost_update",),
        "reference-audit-trail": ("lost_update",),
        "reference-queue": ("lost_update",),
    },
    "torn-read": {"reference-record": ("torn_read",)},
    "stale-cache": {"reference-configuration": ("stale_read",)},
    "double-lock": {"reference-lock": ("exclusion_broken",)},
    "lock-not-released": {"reference-lock": ("lock_stuck",)},
    "duplicate-event": {
        "reference-workflow": ("duplicate_effect",),
        "reference-audit-trail": ("duplicate_effect",),
        "reference-queue": ("duplicate_effect",),
    },
    "session-loss": {"reference-steps": ("tool_error",)},
}
"""Fault, shipped probe, and the reasons that it may end with."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A server that listens."""

    port: int

    def switch(self, *faults: str) -> None:
        """Switch to these faults and no others."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/debug/faults",
            data=json.dumps({"faults": faults}).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def probes(self, folder: Path) -> Config:
        """The shipped probes, as they stand but for the port."""
        file = folder / "reference-races.yaml"
        text = PROBES.read_text(encoding="utf-8")
        assert "127.0.0.1:8080" in text
        file.write_text(text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}"), encoding="utf-8")
        return load([file], environ={})


def short(probe: Probe, *, operations: int, seed: int | None = None) -> Probe:
    """The same race with so many calls."""
    assert isinstance(probe.settings, RaceSettings)
    return replace(probe, settings=replace(probe.settings, operations=operations, seed=seed))


async def sessions(server: Reference, folder: Path) -> frozenset[str]:
    """The handles of all sessions that the server has, asked as a probe asks: what it sees is in its excerpt."""
    listing = {"target": "reference", "kind": "call", "tool": "list_sessions", "arguments": {"limit": 500}}
    document = {
        "targets": {"reference": {"url": f"http://127.0.0.1:{server.port}/mcp"}},
        "probes": {"list": {**listing, "expect": [{"path": "$.sessions", "equals": "what it never is"}]}},
    }
    own = folder / "listing"
    own.mkdir(exist_ok=True)
    [outcome] = await run_document(document, own)
    parts = outcome.exchanges[-1].received.replace("\\", "").split('"')  # they are there as a text of JSON, too
    handles = [part for part in parts if part.startswith("wf_")]
    assert len(handles) < 15, "there may be more than the excerpt shows"
    return frozenset(handles)


@contextmanager
def reference(folder: Path) -> Iterator[Reference]:
    """The server on a SQLite file in `folder`."""
    port = free_port()
    command = [sys.executable, "-m", "prober.reference", "--listen", f"127.0.0.1:{port}"]
    command += ["--db", str(folder / "reference.db")]
    with running(command, port=port, log=folder / "reference.log", env={"PYTHONPATH": str(ROOT)}):
        yield Reference(port=port)
