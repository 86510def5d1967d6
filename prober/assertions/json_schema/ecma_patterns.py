"""Regular expressions of JSON Schema, which are those of ECMA-262, in the dialect of Python.

The two differ in what every server writes. To Python, `\\d` and `\\w` are all digits and letters of Unicode, and `$` is
also before a last newline; to ECMA-262 they are those of ASCII, and `$` is the very end. What only one of the two knows
is left as it is: Python then refuses the pattern, or reads it its own way.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import Final

_PARTS: Final = re.compile(r"\\.|[\[\]$.]|[^\\\[\]$.]+", re.DOTALL)
_IN_CLASS: Final = {
    r"\d": "0-9",
    r"\w": "A-Za-z0-9_",
    r"\s": r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
}
_OUTSIDE: Final = {
    **{escape: f"[{meant}]" for escape, meant in _IN_CLASS.items()},
    **{escape.upper(): f"[^{meant}]" for escape, meant in _IN_CLASS.items()},
    **{"$": r"\Z", ".": r"[^\n\r\u2028\u2029]"},
}


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern as Python searches for it. Raises re.error, RecursionError, OverflowError."""
    with warnings.catch_warnings(action="ignore"):
        return re.compile(translated(pattern))


def translated(pattern: str) -> str:
    """The pattern in Python's dialect."""
    in_class = False
    parts = []
    for part in _PARTS.findall(pattern):
        parts.append((_IN_CLASS if in_class else _OUTSIDE).get(part, part))
        if part in "[]":
            in_class = part == "["
    return "".join(parts)
