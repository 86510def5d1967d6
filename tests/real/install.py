"""Where the real servers are installed, and what to say when one is not there. Nothing is skipped for want of one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
MODULES: Final = TESTS / "npm" / "node_modules"
ENVIRONMENT: Final = Path(sys.prefix) / "bin"

HOW: Final = "run `make setup` (it needs python3 with venv, make, git and the package registries)"


class NotInstalledError(AssertionError):
    """A server that the tests need is missing: a failure, never a skip."""


def node() -> str:
    """The Node of the virtual environment, else the one on the path."""
    own = ENVIRONMENT / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        raise NotInstalledError(f"Node.js is not installed: {HOW}")
    return found


def npm_script(package: str, script: str = "dist/index.js") -> list[str]:
    """The command that runs a script of an npm package of tests/npm."""
    path = MODULES / package / script
    if not path.exists():
        raise NotInstalledError(f"the npm package {package} is not installed: {HOW}")
    return [node(), str(path)]


def program(name: str) -> str:
    """A program that a Python package put into the virtual environment."""
    path = ENVIRONMENT / name
    if not path.exists():
        raise NotInstalledError(f"{name} is not installed: {HOW}")
    return str(path)


def system_program(name: str) -> str:
    """A program that the system brings along."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalledError(f"{name} is not installed: install the system package `{name}`, then {HOW}")
    return found
