"""How long judging may take, bounded before it begins: what decides between the event loop and a worker process.

Three bounds that are multiplied out: the size of the instance (counted), the weight of the schema (what may be done at
any one place of an instance, in microseconds, computed once at load), and the steps of a regular expression. All three
err on the slow side. What they cannot bound (recursion, `unevaluated…`, patterns of a form not known to be harmless)
has no bound at all and goes to the worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prober.json_values import Json

BUDGET: Final = 0.015
"""Seconds that judging in the event loop may take by these bounds. What it takes in fact is a third of them, a tenth as
a rule; on a machine three times slower than the one they were measured on the loop is still free within 50 ms."""

MAX_NODES: Final = 4_000
MAX_DEPTH: Final = 40
"""Levels of a value: the library goes down some eight calls for each, and its stack is not all of ours."""
MAX_TEXT: Final = 256
"""Characters of a text up to which regular expressions are searched in the event loop."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What there is in a JSON value. `longest` is the longest text or name, `characters` is all of them together."""

    objects: int
    arrays: int
    scalars: int
    longest: int
    characters: int

    @property
    def nodes(self) -> int:
        """Values of any type."""
        return self.objects + self.arrays + self.scalars


def size_of(value: Json, *, most: int = MAX_NODES, deepest: int = MAX_DEPTH) -> Size | None:
    """The size of a value; None where it has more than `most` values in it or `deepest` levels."""
    objects = arrays = scalars = longest = characters = depth = 0
    level: list[Json] = [value]
    while level:
        seen = objects + arrays + scalars + len(level)
        if depth > deepest or seen > most:
            return None
        depth += 1
        below: list[Json] = []
        for node in level:
            if isinstance(node, dict | list) and seen + len(below) + len(node) > most:
                return None
            if isinstance(node, dict):
                objects += 1
                below.extend(node.values())
                texts: Iterable[str] = node
            elif isinstance(node, list):
                arrays += 1
                below.extend(node)
                continue
            else:
                scalars += 1
                texts = (node,) if isinstance(node, str) else ()
            for text in texts:
                characters += len(text)
                longest = max(longest, len(text))
        level = below
    return Size(objects=objects, arrays=arrays, scalars=scalars, longest=longest, characters=characters)


_ATOM: Final = re.compile(
    r"""(?P<open>\((?:\?:)?(?!\?)) | (?P<close>\)) | (?P<or>\|) | (?P<anchor>[\^$]|\\[bBAZ])
      | (?: [^\\\[\](){}|?*+^$] | \\[dDwWsStnrfv0] | \\[^\w\s]          # one character: itself, a class, an escape
          | \[\^?(?:[^\\\[\]&~|-] | \\[dDwWsStnrfv] | \\[^\w\s] | -(?!-))+\] )
        (?P<repeat> [?*+] | \{\d{1,4}(?:,\d{0,4})?\} )? (?P<lazy>[?])?""",
    re.VERBOSE,
)


def pattern_steps(pattern: str, length: int) -> float | None:
    """Steps that searching a text of `length` characters may take at most; None where the form tells no bound.

    Known forms are characters and classes, repeated or not, and alternatives of these, in groups that are not
    themselves repeated. Backtracking tries every combination of what its repetitions and alternatives leave open, from
    every start: that product is the bound. `^[a-z]+$` is linear by it, `a+b` quadratic, `^(a+)+$` unknown.
    """
    combinations, position, depth, written = 1.0, 0, 0, 0
    anchored = pattern.startswith("^")
    while position < len(pattern):
        found = _ATOM.match(pattern, position)
        if found is None:
            return None
        position = found.end()
        written += 1
        if found["open"]:
            depth += 1
        elif found["close"]:
            depth -= 1
            if depth < 0 or pattern[position : position + 1] in {"?", "*", "+", "{"}:
                return None
        elif found["or"]:
            combinations *= 2
            anchored = anchored and depth > 0
        elif found["repeat"]:
            combinations *= _choices(found["repeat"], length)
            written += 1
    starts = 1 if anchored else length + 1
    return combinations * starts * written if combinations < 1e6 else None


def _choices(repeat: str, length: int) -> int:
    """How many counts a repetition may settle on in a text of that length."""
    if repeat == "?":
        return 2
    if repeat in {"*", "+"}:
        return length + 1
    low, comma, high = repeat[1:-1].partition(",")
    if not comma:
        return 1
    most = min(int(high), length) if high else length
    return max(most - int(low) + 1, 1)
