"""The command lines that run a probe again, to be copied from a page or a message."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path


def run_line(paths: Iterable[Path], probe: str) -> str:
    """`mcp-prober run /etc/mcp-prober/probes --probe notes-search --verbose`."""
    return shlex.join(["mcp-prober", "run", *map(str, paths), "--probe", probe, "--verbose"])


def replay_line(paths: Iterable[Path], probe: str, *, run_id: str, daemon: str) -> str:
    """`mcp-prober replay 2026-01-31T12:00:00.000Z --config /etc/probes --probe notes-search --daemon http://…`."""
    configured = [word for path in paths for word in ("--config", str(path))]
    return shlex.join(["mcp-prober", "replay", run_id, *configured, "--probe", probe, "--daemon", daemon])
