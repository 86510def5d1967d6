"""Files and folders that the operator named in the command of a server: tools that take a path take one of these.

A server of files or of a repository is started with its place, as in `mcp-server-git --repository ../notes`, or in it,
and its tools want that place again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from prober.config.model import Target
from prober.discover.identifiers import Plan
from prober.files import behind_links, is_file, is_folder, is_there

_FOLDER: Final = re.compile(r"repo|dir|folder|root|workspace|project|path", re.IGNORECASE)
_PLACE: Final = re.compile(r"repo|dir|folder|root|workspace|project", re.IGNORECASE)
"""What the working folder of the server will do for."""

_FILE: Final = re.compile(r"file|path|db|database", re.IGNORECASE)
_LOOKED_AT: Final = 1_000
"""Entries of a folder."""

_PROGRAMS: Final = frozenset({".js", ".mjs", ".cjs", ".ts", ".py", ".jar", ".sh"})


def plans_by_paths(tool: str, arguments: Mapping[str, Any], wanted: Iterable[str], target: Target) -> list[Plan]:
    """Calls with a folder of the command, or else a file, in place of each wanted argument that takes a path."""
    names = list(wanted)
    plans = []
    for files in (False, True):
        found = {name: str(path) for name in names if (path := _path_for(name, target, file=files)) is not None}
        if names and len(found) == len(names):
            plans.append(Plan(tool=tool, arguments={**arguments, **found}))
    return plans


def _path_for(name: str, target: Target, *, file: bool) -> Path | None:
    places = _places(target)
    if file:
        files = (place if is_file(place) else _first_file(place) for place in places)
        return next(filter(None, files), None) if _FILE.search(name) else None
    folder = next((place for place in places if is_folder(place)), None)
    if folder is not None and _FOLDER.search(name):
        return folder
    return _cwd(target) if target.command and _PLACE.search(name) else None


def _first_file(folder: Path) -> Path | None:
    """The first file of a folder that is not hidden, of those that come first to hand."""
    try:
        return min((path for path in islice(folder.iterdir(), _LOOKED_AT) if _is_plain(path)), default=None)
    except OSError:
        return None


def _is_plain(path: Path) -> bool:
    return not path.name.startswith(".") and is_file(path)


def _places(target: Target) -> list[Path]:
    """The files and folders among the words behind the program, `--option=PATH` too, as absolute paths."""
    folder = _cwd(target)
    words = [word.partition("=")[2] if word.startswith("-") and "=" in word else word for word in target.command[1:]]
    paths = [folder / word for word in words if "/" in word or "\\" in word or word in (".", "..")]
    return [behind_links(path) for path in paths if path.suffix not in _PROGRAMS and is_there(path)]


def _cwd(target: Target) -> Path:
    return behind_links(target.cwd or Path.cwd())
