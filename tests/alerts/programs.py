"""The programs that judge rules and configurations: those of Prometheus, Alertmanager and mtail, where installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
ALERTS: Final = ROOT / "alerts"


def found(program: str) -> str:
    """Its path. Skips the test where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def told(program: str, *arguments: str | Path, cwd: Path = ALERTS) -> str:
    """What it writes; fails the test if its exit status is not 0."""
    command = [found(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
