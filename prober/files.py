"""Files that somebody named: read within a bound, and never waited for; what cannot be looked at is not there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_bounded(path: Path, *, most: int, pipes: bool = False) -> bytes:
    """The bytes of a file, at most one more than `most`: who gets that one refuses the file as too large.

    A pipe that nobody writes to blocks its reader for ever, a thread that hangs in it even the end of the process.
    Therefore what is no regular file is an error; with `pipes` it is read, for a command that a person waits for.

    Raises OSError.
    """

    def opened(name: str, flags: int) -> int:
        return os.open(name, flags if pipes else flags | os.O_NONBLOCK)

    with open(path, "rb", opener=opened) as file:
        if not pipes and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a file", str(path))
        return file.read(most + 1)


def is_folder(path: Path) -> bool:
    """Whether there is a folder. Unlike `Path.is_dir` it raises nothing, such as of a name of 300 characters."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: Path) -> bool:
    """Whether there is a regular file, likewise."""
    return os.path.isfile(path)  # noqa: PTH113


def is_there(path: Path) -> bool:
    """Whether there is anything of that name, likewise."""
    return os.path.exists(path)  # noqa: PTH110


def behind_links(path: Path) -> Path:
    """The absolute path without symbolic links; of links that lead in a circle one of them, which cannot be opened."""
    return Path(os.path.realpath(path))
