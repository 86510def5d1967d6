"""How this program was started, for commands that it prints: what is printed has to work when it is pasted."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

_NAME: Final = "mcp-prober"


def own_command() -> str:
    """`mcp-prober` where a shell finds it by that name, else its path, such as `.venv/bin/mcp-prober`."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return shlex.join([shown(Path(sys.executable)), "-m", "prober"])
    found = shutil.which(_NAME)
    if found is not None and started.exists() and Path(found).samefile(started):
        return _NAME
    return shlex.quote(shown(started))


def shown(path: Path) -> str:
    """The path from the current folder where it lies below that, else the whole path."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
