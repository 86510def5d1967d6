"""Files and folders that the operator named in the command of a server: tools that take a path take one of these.

A server of files or of a repository is started with its place, as in `mcp-server-git --repository ../notes`, or in it,
and its tools want that place again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from prober.config.model import Target
from prober.discover.identifiers import Plan

_FOLDER: Final = re.compile(r"repo|dir|folder|root|workspace|project|path", re.IGNORECASE)
_PLACE: Final = re.compile(r"repo|dir|folder|root|workspace|project", re.IGNORECASE)
"""What the working folder of the server will do for."""

_FILE: Final = re.compile(r"file|path|db|database", re.IGNORECASE)
_PROGRAMS: Final = frozenset({".js", ".mjs", ".cjs", ".ts", ".py", ".jar", ".sh"})


def plans_by_paths(tool: str, arguments: Mapping[str, Any], wanted: Iterable[str], target: Target) -> list[Plan]:
    """A call with the first folder or file of the command in place of each wanted argument that takes a path."""
    names = list(wanted)
    found = {name: path for name in names if (path := _path_for(name, target)) is not None}
    if not names or len(found) < len(names):
        return []
    return [Plan(tool=tool, arguments={**arguments, **found})]


def _path_for(name: str, target: Target) -> str | None:
    for place in _places(target):
        if (_FOLDER if place.is_dir() else _FILE).search(name):
            return str(place)
    return str(_cwd(target)) if target.command and _PLACE.search(name) else None


def _places(target: Target) -> list[Path]:
    """The files and folders among the words behind the program, `--option=PATH` too, as absolute paths."""
    folder = _cwd(target)
    words = [word.partition("=")[2] if word.startswith("-") and "=" in word else word for word in target.command[1:]]
    paths = [folder / word for word in words if "/" in word or "\\" in word or word in (".", "..")]
    return [path.resolve() for path in paths if path.suffix not in _PROGRAMS and path.exists()]


def _cwd(target: Target) -> Path:
    return (target.cwd or Path.cwd()).resolve()
