"""Excerpts of source files in a page, kept equal to the source.

    `path/of/the/file.py`, lines 12 to 20:

    ```python
    ...
    ```

or, of a file that is shown whole:

    `path/of/the/file.py`, the whole file:

    ```python
    ...
    ```

The first and the last line of a block say what it shows; where several lines of the file read like one of them, it is
the nearest to where it was. What lies between, and the numbers, come from the file. Indentation common to all lines is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LONGEST: Final = 20
"""Lines of an excerpt at most: what is longer is not read on a page."""

EXCERPT: Final = re.compile(
    r"^`(?P<file>[\w./-]+)`, lines? (?P<first>\d+)(?: to (?P<last>\d+))?:\n\n```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)

WHOLE: Final = re.compile(
    r"^`(?P<file>[\w./-]+)`, the whole file:\n\n```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class ExcerptError(Exception):
    """The source has nothing like the excerpt any more."""


def refreshed(page: str) -> str:
    """A page with its excerpts as the files are now.

    Raises:
        ExcerptError: a file does not have the first or the last line of an excerpt, or has too many between them.
    """
    return WHOLE.sub(_all_of_it, EXCERPT.sub(_now, page))


def _all_of_it(found: re.Match[str]) -> str:
    text = (ROOT / found["file"]).read_text(encoding="utf-8")
    return f"`{found['file']}`, the whole file:\n\n```{found['language']}\n{text}```"


def _now(found: re.Match[str]) -> str:
    lines = (ROOT / found["file"]).read_text(encoding="utf-8").splitlines()
    shown = found["text"].rstrip().splitlines()
    where = f"the excerpt of {found['file']} that begins with {shown[0]!r}"
    begins = [number for number, line in enumerate(lines) if line.strip() == shown[0]]
    first = _nearest(begins, int(found["first"]) - 1, where=where)
    indent = lines[first].removesuffix(lines[first].strip())
    ends = [number for number in range(first, len(lines)) if lines[number] == indent + shown[-1]]
    size = _nearest(ends, first + len(shown) - 1, where=f"{where}: its end {shown[-1]!r}") - first + 1
    if size > LONGEST:
        raise ExcerptError(f"{where} would have {size} lines, {LONGEST} at most")
    text = dedent("\n".join(lines[first : first + size]))
    numbers = f"lines {first + 1} to {first + size}" if size > 1 else f"line {first + 1}"
    return f"`{found['file']}`, {numbers}:\n\n```{found['language']}\n{text}\n```"


def _nearest(numbers: Sequence[int], near: int, *, where: str) -> int:
    if not numbers:
        raise ExcerptError(f"{where} is not in the file: write its first and last line anew")
    return min(numbers, key=lambda number: abs(number - near))
