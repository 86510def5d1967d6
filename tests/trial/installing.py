"""Installs each package at its version into a folder of its own below `.trial`, once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.real.install import program

FOLDER: Final = Path(__file__).parents[2] / ".trial"

LIMIT: Final = 300.0
"""Seconds that one package may take."""

_WITHOUT_BROWSERS: Final = {"PUPPETEER_SKIP_DOWNLOAD": "1", "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}


class InstallError(Exception):
    """A package could not be installed; the message is the end of what the installer printed."""


def install(package: str, *, npm: bool) -> None:
    """Install a package if it is not there. Raises InstallError."""
    folder = _folder(package)
    if (folder / ".installed").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if npm:
        (folder / "package.json").write_text(json.dumps({"private": True}))
        options = ("--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps", "--prefix", str(folder))
        _run([program("npm"), "install", *options, package], env=_WITHOUT_BROWSERS)
    else:
        _run([sys.executable, "-m", "venv", str(folder / "venv")])
        _run([str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", package])
    (folder / ".installed").touch()


def script_of(package: str, script: str) -> Path:
    """The script of an installed npm package, such as `@scope/name@1.2.3`."""
    return _folder(package) / "node_modules" / package.rpartition("@")[0] / script


def python_program(package: str, name: str) -> Path:
    return _folder(package) / "venv" / "bin" / name


def _folder(package: str) -> Path:
    return FOLDER / re.sub(r"[^\w.=@-]", "_", package)


def _run(command: Sequence[str], *, env: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise InstallError(f"{command[0]} took longer than {LIMIT:.0f} s") from None
    if done.returncode != 0:
        raise InstallError((done.stderr or done.stdout)[-400:].strip())
