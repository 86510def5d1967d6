"""Runs the TypeScript example."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mcp_state_tests.serving import Example, free_port, serving

from tests.real.install import HOW, NotInstalledError, node

FOLDER: Final = Path(__file__).parents[2] / "examples" / "typescript"
MODULES: Final = FOLDER / "node_modules"
BINARY: Final = MODULES / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node"


def script() -> Path:
    """The server, with its packages installed."""
    if not BINARY.exists():
        raise NotInstalledError(f"the packages of examples/typescript are not installed: {HOW}")
    return FOLDER / "server.ts"


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the server in which one text of a file is another."""
    script()
    folder.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.ts"):
        shutil.copy(path, folder)
    shutil.copy(FOLDER / "package.json", folder)
    (folder / "node_modules").symlink_to(MODULES)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return folder / "server.ts"


@contextmanager
def running(folder: Path, *, server: Path | None = None, name: str = "server") -> Iterator[Example]:
    """The example, or the copy `server` of it, with its state and the log `name`.log in a folder."""
    port = free_port()
    command = [node(), str(server or script()), str(folder / "state.db"), str(port)]
    with serving(command, port=port, log=folder / f"{name}.log") as example:
        yield example


def refused(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What the server says of arguments that it cannot use, in a folder."""
    command = [node(), str(script()), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
