"""The command line that runs a probe again, to be copied from a page or a message."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path


def run_line(paths: Iterable[Path], probe: str) -> str:
    """`mcp-prober run /etc/mcp-prober/probes --probe notes-search --verbose`."""
    return shlex.join(["mcp-prober", "run", *map(str, paths), "--probe", probe, "--verbose"])
