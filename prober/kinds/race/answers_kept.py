"""What is kept of the answers of a race: what its verdict needs, however much the server says.

An answer may be as large as the target's limits let it be, and a race has two thousand. So a collection is reduced to
the elements of this race as soon as it is read, and any other value that is long to a text that stands for it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from hashlib import sha256
from sys import intern
from typing import Final

from prober.json_values import Json

LONGEST: Final = 500
"""Characters of a value, as a text or as JSON, that is kept as it is."""

MOST_STRANGERS: Final = 20
"""Elements with the tag of the race that nobody had made, of which a race tells. One proves what is to be proven."""


class AnswersKept:
    """The elements that a race has made, and what else its answers told.

    All answers lose the same elements of a collection, so that right ones stay right: what is left of a list is still
    in order, and of two sets of which one contained the other it still does. What had not been made yet is in none.
    """

    def __init__(self, *, tag: str):
        self._tag = tag
        self._number_of: dict[str, int] = {}
        self._made_at: list[float] = []
        self._strangers: set[str] = set()
        self._stand_ins: dict[tuple[type, bytes], int] = {}

    @property
    def elements(self) -> list[str]:
        """All that were made, also those of writes that failed."""
        return list(self._number_of)

    def make(self, now: float) -> str:
        """One more element, which no other race has."""
        element = f"{self._tag}-{len(self._number_of)}"
        self._number_of[element] = len(self._number_of)
        self._made_at.append(now)
        return element

    def is_own(self, value: Json) -> bool:
        """Whether it is an element of this race, or pretends to be one."""
        return isinstance(value, str) and value.startswith(self._tag)

    def collection(self, told: list[Json], *, at: float) -> list[str]:
        """The elements of this race in a collection that was told `at` that time, and the first that is told again."""
        known, number_of = bisect_right(self._made_at, at), self._number_of
        own = [self._short_text(text) for text in told if isinstance(text, str) and text.startswith(self._tag)]
        for text in own:
            if len(self._strangers) == MOST_STRANGERS:
                break
            if number_of.get(text, known) >= known:
                self._strangers.add(text)
        return _up_to_a_repetition(
            text for text in own if number_of.get(text, known) < known or text in self._strangers
        )

    def short(self, value: Json) -> Json:
        """The value, or a text that stands for it: its beginning, and a number that no other value of the race has."""
        if isinstance(value, str):
            return self._short_text(value)
        if not isinstance(value, list | dict):
            return value
        try:
            text = json.dumps(value, sort_keys=True)
        except RecursionError:
            return "a value that is nested too deeply to be told from another"
        return value if len(text) <= LONGEST else self._stand_in(text, type(value))

    def _short_text(self, text: str) -> str:
        return text if len(text) <= LONGEST else self._stand_in(text, str)

    def _stand_in(self, text: str, kind: type) -> str:
        digest = sha256(text.encode(errors="surrogatepass")).digest()
        number = self._stand_ins.setdefault((kind, digest), len(self._stand_ins))
        return f"{text[:LONGEST]}… ({len(text)} characters, long value {number})"


def _up_to_a_repetition(elements: Iterable[str]) -> list[str]:
    """Without those that are there already, but for the first such. Equal texts of all answers are one in memory."""
    kept: list[str] = []
    there: set[str] = set()
    for element in elements:
        if element not in there:
            there.add(element)
        elif len(kept) > len(there):
            continue  # one repetition is there already
        kept.append(intern(element))
    return kept
