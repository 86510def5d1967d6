"""How much of an instance may be judged in the event loop, by what the schema costs at each place of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prober.json_values.size import Size

MAX_EFFORT: Final = 1_000_000
"""Values of a schema that may be looked at for one instance: 1 to 10 ns each as a rule, 40 ns at worst."""
MAX_SEARCHED: Final = 10_000_000
"""Characters that may be searched, times the states of the patterns: up to 2.3 ns each, as a rule a tenth of that."""
MAX_WORDED: Final = 2_000
"""Values of a schema that jsonschema may look at in the event loop: up to 8 µs each."""
MAX_WORDED_TEXT: Final = 2_000_000
"""Characters that it may write into its errors: each of them holds what is wrong, be it the whole instance."""
MAX_WORDED_DEPTH: Final = 20
"""Levels of an instance: it goes down some eight calls for each, and the stack is not all ours."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The most that judging may do at any one place of an instance, by how many levels the instance has.

    Only a recursive schema does more on a deeper instance; its last entry may hold for all that are deeper.
    """

    effort: tuple[int, ...]
    states: tuple[int, ...]
    """Of the patterns that are searched for there, all together."""
    settled: bool
    """Whether the last entries hold for deeper instances as well."""
    formats: frozenset[str]
    """The values of `format` in the schema."""
    patterns: bool
    """Whether the schema has any: to Python, unlike to jsonschema-rs, a pattern may take for ever."""

    def allows(self, size: Size | None) -> bool:
        """Whether an instance of that size can be judged in the event loop. None is too large to be counted."""
        if size is None or not size.exact or not (self.settled or size.depth <= len(self.effort)):
            return False
        level = min(size.depth, len(self.effort)) - 1
        return size.nodes * self.effort[level] <= MAX_EFFORT and size.characters * self.states[level] <= MAX_SEARCHED

    def allows_words(self, size: Size | None) -> bool:
        """Whether jsonschema, too, may judge an instance of that size in the event loop: a hundred times slower."""
        if size is None or self.patterns or size.depth > MAX_WORDED_DEPTH or not self.allows(size):
            return False
        effort = self.effort[min(size.depth, len(self.effort)) - 1]
        return size.nodes * effort <= MAX_WORDED and size.characters * effort <= MAX_WORDED_TEXT
