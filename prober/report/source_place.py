"""Where in a checkout a probe is written, as code hosts want to have it: a path below the root, and a line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from prober.outcome import Outcome

_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Variables by which GitHub Actions and GitLab name the folder of the checkout."""


@dataclass(frozen=True, kw_only=True)
class SourcePlace:
    """A line of a file. The path is relative to the checkout if `inside`, else absolute."""

    path: str
    line: int
    inside: bool


def source_place(outcome: Outcome) -> SourcePlace | None:
    """None for a probe that was not read from a file."""
    file, colon, line = outcome.origin.rpartition(":")
    if not colon or not line.isdecimal():
        return None
    root = next((Path(os.environ[name]) for name in _ROOTS if os.environ.get(name)), Path.cwd())
    path = Path(file).absolute()
    inside = path.is_relative_to(root)
    return SourcePlace(path=(path.relative_to(root) if inside else path).as_posix(), line=int(line), inside=inside)
