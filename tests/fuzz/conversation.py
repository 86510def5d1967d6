"""A conversation as plain data: which probe asks, and the numbers that say how each turn of it is played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.fuzz.choices import MOST, Choices
from tests.peers.protocol import Era

LONGEST = 48
"""Numbers of one turn."""
TURNS = 6
"""Turns that are drawn. From there on all is well."""


@dataclass(frozen=True)
class Conversation:
    """`turns` are by the requests in the order they come. A turn without numbers is a good answer."""

    probe: int
    """Modulo the number of probes."""
    turns: tuple[tuple[int, ...], ...]


def drawn(seed: int) -> Conversation:
    """The conversation of a seed. The first turns are often good, so that the later ones are reached."""
    random = Random(seed)
    good = random.randrange(TURNS - 1)
    turns = [()] * good + [_numbers(random) if random.random() < 0.7 else () for _ in range(TURNS - good)]
    return Conversation(random.randrange(MOST), tuple(turns))


def _numbers(random: Random) -> tuple[int, ...]:
    return tuple(random.randrange(MOST) for _ in range(LONGEST))


@dataclass(kw_only=True)
class Turns:
    """A conversation while it is played: turn after turn is taken."""

    conversation: Conversation
    era: Era
    secrets: Sequence[str]
    taken: int = 0
    said: list[bytes] = field(default_factory=list)
    """All that the peer was about to say, for whoever looks into one conversation."""

    def next(self) -> Choices:
        numbers = self.conversation.turns[self.taken] if self.taken < len(self.conversation.turns) else ()
        self.taken += 1
        return Choices(numbers, secrets=self.secrets)
