"""How heavy a list of tools is: bytes, and from them the tokens that it takes of a model's context.

A token is counted as four bytes of JSON without blanks. That is an estimate: each model has its own tokens, and a
client may leave members out or write them otherwise. It is the same for all servers and all times, so that a limit
and a trend mean something, and it needs no vocabulary to be fetched.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

BYTES_PER_TOKEN: Final = 4
HEAVIEST: Final = 5
"""How many of the heaviest tools are told."""
LONG: Final = 2048
"""Bytes of a description that is told as a long one: clients cut there."""


@dataclass(frozen=True, kw_only=True)
class Weight:
    """The bytes of a list of tools. `heaviest` and `long_descriptions` are names with bytes, the heaviest first."""

    bytes: int
    heaviest: tuple[tuple[str, int], ...]
    long_descriptions: tuple[tuple[str, int], ...]

    @property
    def tokens(self) -> int:
        return tokens_of(self.bytes)


def weight_of(tools: Iterable[tuple[str, int, str]]) -> Weight:
    """The weight of tools, each with its name, its bytes and its description."""
    listed = list(tools)
    # no character takes more than four bytes: few texts have to be written out to be measured
    long = [(name, size) for name, _, text in listed if 4 * len(text) > LONG and (size := _utf8(text)) > LONG]
    return Weight(
        bytes=sum(size for _, size, _ in listed) + max(len(listed) - 1, 0) + 2,
        heaviest=_largest([(name, size) for name, size, _ in listed], most=HEAVIEST),
        long_descriptions=_largest(long, most=len(long)),
    )


def tokens_of(size: int) -> int:
    """The estimate for so many bytes, rounded up."""
    return -(-size // BYTES_PER_TOKEN)


def json_bytes(value: Mapping[str, Any]) -> int:
    """Bytes of a value as JSON without blanks, in UTF-8."""
    return _utf8(json.dumps(value, ensure_ascii=False, separators=(",", ":"), check_circular=False))


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _largest(named: list[tuple[str, int]], *, most: int) -> tuple[tuple[str, int], ...]:
    return tuple(heapq.nsmallest(most, named, key=lambda each: (-each[1], each[0])))
