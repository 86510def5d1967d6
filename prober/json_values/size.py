"""How much there is in a JSON value, counted before anything is done with it that takes longer the more there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prober.json_values import Json

MAX_NODES: Final = 80_000
"""Values in a value that are counted: 5 ms, and what an answer of a megabyte has. One that has more is for a worker."""
MAX_DEPTH: Final = 100
"""Levels of a value: far more than answers have, far less than what overflows a stack, native or Python's."""

_LARGEST: Final = 2**53
"""Up to here a whole number is one and the same whether it is read as an integer or as a double."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What there is in a JSON value. `characters` are those of all texts and names together."""

    nodes: int
    depth: int
    characters: int
    exact: bool
    """Whether every number in it is finite and at most 2^53: then no two libraries read it as different numbers."""


def size_of(value: Json, *, most: int = MAX_NODES, deepest: int = MAX_DEPTH) -> Size | None:
    """The size of a value; None where it has more than `most` values in it or `deepest` levels."""
    nodes, depth, characters, exact = 1, 0, 0, True
    level: list[Json] = [value]
    while level:
        depth += 1
        if depth > deepest or nodes > most:
            return None
        below: list[Json] = []
        for node in level:
            kind = type(node)
            if kind is str:
                characters += len(node)
            elif kind is dict:
                nodes += len(node)
                characters += len("".join(node))
                below.extend(node.values())
            elif kind is list:
                nodes += len(node)
                if nodes > most:
                    return None
                below.extend(node)
            elif kind is int or kind is float:
                # What is not a number is not within any bounds either.
                exact = exact and -_LARGEST <= node <= _LARGEST
            elif node is not None and kind is not bool:
                return None  # no JSON value of the standard library's making
        level = below
    return Size(nodes=nodes, depth=depth, characters=characters, exact=exact)


def longest_text(value: Json) -> int:
    """Characters of the longest text in a value, names not counted. To be asked of a value whose size is known."""
    longest, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            longest = max(longest, len(node))
        elif isinstance(node, dict | list):
            waiting.extend(node.values() if isinstance(node, dict) else node)
    return longest
