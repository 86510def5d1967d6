"""`run --watch`: runs again whenever a file changes that the configuration depends on.

The files are looked at several times a second: that works on every file system, network and container mounts included.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import typer

from prober.cli.exit_codes import INTERRUPTED
from prober.cli.selection import counted
from prober.loader import SUFFIXES
from prober.report.tty import is_terminal

POLL: Final = 0.25
"""Seconds between two looks at the files."""
_CLEAR: Final = "\x1b[2J\x1b[H"

_Seen = Mapping[Path, tuple[int, int, int] | None]


def watch(paths: Sequence[Path], run_pass: Callable[[set[Path]], int]) -> int:
    """Call `run_pass` now and after each change, until Ctrl-C; returns the exit code of the last pass that ended.

    `run_pass` adds the files that it depends on to the set that it is given, and refuses mistakes by `typer.Exit`.
    """
    depends_on: set[Path] = set()
    code = INTERRUPTED
    try:
        while True:
            before = _look(paths, depends_on)
            _announce()
            ended = _ended(run_pass, depends_on)
            if ended == INTERRUPTED:
                return code
            code = ended
            # What was known before the pass counts as it was then: a change meanwhile is a change.
            seen = {**_look(paths, depends_on), **before}
            typer.echo(f"watching {counted(seen, 'file')}, Ctrl-C ends", err=True)
            while _settled(paths, depends_on) == seen:
                pass
    except KeyboardInterrupt:
        return code


def _ended(run_pass: Callable[[set[Path]], int], depends_on: set[Path]) -> int:
    try:
        return run_pass(depends_on)
    except typer.Exit as refusal:
        return refusal.exit_code


def _announce() -> None:
    head = f"{datetime.now().astimezone():%H:%M:%S} mcp-prober run --watch"
    typer.echo(f"{_CLEAR if is_terminal(sys.stderr) else ''}{head}", err=True)


def _settled(paths: Sequence[Path], files: Iterable[Path]) -> _Seen:
    """The files, when two looks in a row see the same: editors save a file in several steps."""
    files = set(files)
    seen = _look(paths, files)
    while True:
        time.sleep(POLL)
        now = _look(paths, files)
        if now == seen:
            return seen
        seen = now


def _look(paths: Sequence[Path], files: Iterable[Path]) -> dict[Path, tuple[int, int, int] | None]:
    """What tells one state of each file from another; None for a file that is not there."""
    return {path.absolute(): _state(path) for path in (*_probe_files(paths), *files)}


def _probe_files(paths: Sequence[Path]) -> Iterable[Path]:
    """The files that are named and, as new ones may come, those that lie in a folder now."""
    for path in paths:
        try:
            yield from [each for each in path.iterdir() if each.suffix in SUFFIXES] if path.is_dir() else [path]
        except OSError:
            continue


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
