"""Mistakes in a configuration, and the error that carries all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake and its position. The message never holds the value of a variable or of a secret file.

    `line` counts from 1; 0 means the file or folder as a whole. `path` leads from the top of the file to the value,
    e.g. `probes.workflow-state.expect[0].path`; it is empty for the file as a whole.
    """

    file: Path
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ConfigError(Exception):
    """A configuration that cannot be used. Its text is one mistake a line."""

    def __init__(self, mistakes: Iterable[Mistake]):
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    from difflib import get_close_matches  # only a mistake needs it

    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None


def did_you_mean(complaint: str, name: str, known: Iterable[str]) -> str:
    """The complaint with the nearest known name, else with all known names when they are few."""
    names = tuple(known)
    if (close := nearest(name, names)) is not None:
        return f"{complaint}; did you mean {close}?"
    if not names:
        return complaint
    shown = ", ".join(names[:20])
    return f"{complaint}; known: {shown}" + (" …" if len(names) > 20 else "")
