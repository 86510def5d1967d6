"""Prometheus and its tools, where the machine has them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import pytest


def program(name: str) -> str:
    """The path of a program; without it the test is skipped."""
    if (path := which(name)) is None:
        pytest.skip(f"{name} is not installed")
    return path


def check_metrics(page: str, folder: Path) -> None:
    """Fails where `promtool check metrics` has anything to say of a page."""
    source = folder / "page.txt"
    source.write_text(page, encoding="utf-8")
    with source.open() as file:
        checked = subprocess.run(
            [program("promtool"), "check", "metrics"],
            stdin=file,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", ""), page
