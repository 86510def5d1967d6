"""Finds one secret in a text in any spelling: whole, its beginning at the end of the text, its end at the beginning.

A cut may go through the spelling of a character, too: of `Kw8\\u002FmJv` it leaves `Kw8\\u00`, or `2FmJv`.
"""

from __future__ import annotations

import re
from typing import Final

from prober.redaction.spellings import Unit, longest_word, units_of

_LEFT_OF_ESCAPE: Final = re.compile(
    r"(?:\\{1,32}+[uUxX]?[0-9A-Fa-f]{0,8}|%(?:25){0,2}[0-9A-Fa-f]?|&#?[xX]?[0-9A-Za-z]{0,12}|\\{0,32}+~0{0,9})?"
)
"""The beginning of a spelling; what follows it was cut off."""
_REST_OF_ESCAPE: Final = re.compile(r"(?:\\{0,32}+[uUxX#&%]?[0-9A-Za-z]{0,12};?){4}")
"""The end of a spelling, of up to four bytes each of which is spelled by itself."""
_ANCHOR: Final = 24
"""Characters that are looked for by one expression; one for all of a long secret takes seconds to compile."""
_MOST_STEPS: Final = 100_000


class TooCostlyError(Exception):
    """A text was made to be compared for ever with a secret that whoever made it knows."""


class Steps:
    """How often a character may yet be compared in one text: as often as it has characters, and some more."""

    def __init__(self, text: str) -> None:
        self._left = _MOST_STEPS + len(text)

    def take(self, count: int = 1) -> None:
        """Raises TooCostlyError where none is left."""
        self._left -= count
        if self._left < 0:
            raise TooCostlyError


class Spelled:
    """The spellings of one secret. `some` is how many of its characters a cut has to leave for it to be recognized."""

    def __init__(self, secret: str, *, some: int) -> None:
        self.secret = secret
        self._units = units_of(secret)
        self._some = some
        self._anchor = _joined(self._units[:_ANCHOR])
        self._first, self._last = _joined(self._units[:some]), _joined(self._units[-some:])
        self._reach = sum(unit.longest for unit in self._units)
        # Letters and digits are the same in each spelling: most texts lack them, and need no slower look.
        self._word = longest_word(secret)
        self._begins, self._ends = longest_word(secret[:some]), longest_word(secret[-some:])

    def masked(self, text: str, mask: str, steps: Steps) -> str:
        """The text with `mask` for each whole secret."""
        if self._word not in text:
            return text
        pieces, done, begin = [], 0, 0
        while found := self._anchor.search(text, begin):
            ends = self._ends_of(text, found.end(), _ANCHOR, steps)
            begin = found.start() + 1
            if len(ends) > len(self._units) - _ANCHOR:
                pieces += [text[done : found.start()], mask]
                done = begin = ends[-1]
        return "".join([*pieces, text[done:]])

    def start_at_end(self, text: str, steps: Steps) -> int | None:
        """Where the secret begins that is cut off by the end of the text."""
        after = max(0, len(text) - self._reach)
        if text.find(self._begins, after) < 0:
            return None
        for found in self._first.finditer(text, after):
            ends = self._ends_of(text, found.end(), self._some, steps)
            # What begins a spelling may have been taken for a character, as the first of `&#3` for the one of `a&b`.
            if any(_LEFT_OF_ESCAPE.fullmatch(text, end) for end in ends[-2:]):
                return found.start()
        return None

    def end_at_start(self, text: str, steps: Steps) -> int | None:
        """Where the secret ends whose beginning is cut off by the beginning of the text."""
        if text.find(self._ends, 0, self._reach) < 0:
            return None
        rest = _REST_OF_ESCAPE.match(text)
        if rest is None:
            return None
        ends = [found.end() for found in self._last.finditer(text, 0, self._reach)]
        return next((end for end in reversed(ends) if self._is_cut_before(text, end, rest.end(), steps)), None)

    def _is_cut_before(self, text: str, end: int, within: int, steps: Steps) -> bool:
        """Whether the end of the secret ends there, and its beginning was cut off before the first characters."""
        places = {end}
        for count, unit in enumerate(reversed(self._units[1:]), 1):
            steps.take(len(places) * unit.longest)
            places = {begin for place in places for begin in unit.begins(text, place)}
            if not places:
                return False
            if count >= self._some and min(places) <= within:
                return True
        return False

    def _ends_of(self, text: str, at: int, index: int, steps: Steps) -> list[int]:
        """Where each character from that index on ends, as far as they follow each other; first, where they begin."""
        ends = [at]
        while index < len(self._units) and (matched := self._units[index].pattern.match(text, at)):
            steps.take()
            at = matched.end()
            ends.append(at)
            index += 1
        return ends


def _joined(units: list[Unit]) -> re.Pattern[str]:
    return re.compile("".join(unit.pattern.pattern for unit in units))
