"""Finds what a cut has left of a secret in any spelling: its beginning at the end of a text, its end at the beginning.

A cut may go through the spelling of a character, too: of `Kw8\\u002FmJv` it leaves `Kw8\\u00`, or `2FmJv`.
"""

from __future__ import annotations

import re
from typing import Final

from prober.redaction.spellings import longest_word, units

_LEFT_OF_ESCAPE: Final = re.compile(
    r"(?:\\{1,32}+[uUxX]?[0-9A-Fa-f]{0,8}|%(?:25){0,2}[0-9A-Fa-f]?|&#?[xX]?[0-9A-Za-z]{0,12}|\\{0,32}+~0{0,9})?"
)
"""The beginning of a spelling; what follows it was cut off."""
_REST_OF_ESCAPE: Final = re.compile(r"(?:\\{0,32}+[uUxX#&%]?[0-9A-Za-z]{0,12};?){4}")
"""The end of a spelling, of up to four bytes each of which is spelled by itself."""
_LONGEST: Final = 45
"""Characters of one spelling, backslashes included."""


class CutSpellings:
    """The spellings of one secret. `some` is how many of its characters have to be left for it to be recognized."""

    def __init__(self, secret: str, *, some: int) -> None:
        patterns = units(secret)
        self._first, self._last = re.compile("".join(patterns[:some])), re.compile("".join(patterns[-some:]))
        self._units = [re.compile(pattern) for pattern in patterns]
        self._some = some
        self._reach = _LONGEST * len(patterns)
        # Letters and digits are the same in each spelling: most texts lack them, and need no slower look.
        self._begins, self._ends = longest_word(secret[:some]), longest_word(secret[-some:])

    def start_at_end(self, text: str) -> int | None:
        """Where the secret begins that is cut off by the end of the text."""
        after = max(0, len(text) - self._reach)
        if text.find(self._begins, after) < 0:
            return None
        for found in self._first.finditer(text, after):
            ends = self._ends_of(text, found.end(), self._units[self._some :])
            # What begins a spelling may have been taken for a character, as the first of `&#3` for the one of `a&b`.
            if any(_LEFT_OF_ESCAPE.fullmatch(text, end) for end in ends[-2:]):
                return found.start()
        return None

    def end_at_start(self, text: str) -> int | None:
        """Where the secret ends whose beginning is cut off by the beginning of the text."""
        if text.find(self._ends, 0, self._reach) < 0:
            return None
        ends = {found.end() for found in self._last.finditer(text, 0, self._reach)}
        rest = _REST_OF_ESCAPE.match(text)
        if not ends or rest is None:
            return None
        for left in range(1, len(self._units) - self._some + 1):
            for begin in range(rest.end() + 1):
                if (end := self._ends_of(text, begin, self._units[left:])[-1]) in ends:
                    return end
        return None

    def _ends_of(self, text: str, at: int, wanted: list[re.Pattern[str]]) -> list[int]:
        """Where each of these characters ends, as far as they follow each other; first, where they begin."""
        ends = [at]
        for unit in wanted:
            if (matched := unit.match(text, at)) is None:
                break
            at = matched.end()
            ends.append(at)
        return ends
