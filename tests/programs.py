"""The programs of other projects that tests run: where each is, what installs it, what it writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

_PACKAGES: Final = {
    "amtool": "prometheus-alertmanager",
    "chromedriver": "chromium-driver",
    "nginx": "nginx-light",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
}
"""The Debian package of a program, where it is not called as the program is."""


def program(*names: str) -> str:
    """The path of a program, which may have several names. Without it the test is skipped, and says how to get it."""
    for path in map(shutil.which, names):
        if path is not None:
            return path
    package = _PACKAGES.get(names[0], names[0])
    pytest.skip(f"{names[0]} is not installed: run `make setup`, or install the package `{package}`")


def ran(
    name: str, *arguments: str | Path, cwd: Path | None = None, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """A program that came to its end; the test fails if its exit status is not 0. `given` is its standard input."""
    command = [program(name), *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done


def said(name: str, *arguments: str | Path, cwd: Path | None = None) -> str:
    """The standard output of a program whose exit status must be 0."""
    return ran(name, *arguments, cwd=cwd).stdout


def check_metrics(page: str) -> None:
    """Fails where `promtool check metrics` has anything to say of a page."""
    done = ran("promtool", "check", "metrics", given=page)
    assert (done.stdout, done.stderr) == ("", ""), page
