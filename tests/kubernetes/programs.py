"""helm and kubectl, from the package that `make setup` installs."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Final

import pytest

TOOLS: Final = Path(__file__).parent / "tools" / "node_modules"


def ran(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What a program said, and its exit status."""
    path = TOOLS / name / name
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        pytest.skip(f"{name} of the tests is for Linux on x86-64")
    if not path.exists():
        pytest.skip(f"{name} is not installed: run `make setup`")
    command = [str(path), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def said(name: str, *arguments: str | Path) -> str:
    """The standard output of a program whose exit status must be 0."""
    done = ran(name, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
