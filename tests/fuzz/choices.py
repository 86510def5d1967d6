"""Numbers that are read as choices. Where they end every choice is the first, which is the well-behaved one.

So a conversation is plain data: it can be printed, pasted into a test, and made smaller by taking numbers away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

MOST = 1 << 16
"""Every number is below it."""


class Choices:
    """Reads choices out of numbers, one number each."""

    def __init__(self, numbers: Iterable[int] = (), *, secrets: Sequence[str] = ()) -> None:
        """`secrets` are those that whoever chooses knows."""
        self._left = iter(numbers)
        self.secrets = secrets

    def below(self, count: int) -> int:
        """From 0 to `count` - 1."""
        return next(self._left, 0) % count

    def pick(self, *options: T) -> T:
        return options[self.below(len(options))]

    def one_in(self, count: int) -> bool:
        """Never, where the numbers have ended."""
        return self.below(count) == count - 1

    def share(self) -> float:
        """From 0 to 1."""
        return self.below(1000) / 999

    def some(self, make: Callable[[Choices], T], *, most: int) -> list[T]:
        """Up to `most` of what is made, none at first."""
        return [make(self) for _ in range(self.below(most + 1))]
