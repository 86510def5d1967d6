"""How long searching a text for a regular expression of Python may take, bounded before it begins.

Expectations are judged with Python's own expressions, which backtrack: what has a small bound is searched for in the
event loop, everything else in a worker process. A form that is not known to be harmless has no bound.
"""

from __future__ import annotations

import re
from typing import Final

BUDGET: Final = 0.015
"""Seconds that judging in the event loop may take by these bounds. What it takes in fact is a third of them, a tenth as
a rule; on a machine three times slower than the one they were measured on the loop is still free within 50 ms."""

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
