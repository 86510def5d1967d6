"""A YAML document as a tree of nodes with line numbers; the paths of values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

_VALUE_IN_KEY: Final = re.compile(r"[:=\s].", re.DOTALL)

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalarNode:
    """A text, number, boolean or null. `text` is the spelling in the file."""

    line: int
    text: str
    value: Scalar
    size: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ListNode:
    """A list: the line of each item and the item. `size` counts all nodes below, aliases expanded."""

    line: int
    items: tuple[tuple[int, Node], ...]
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingNode:
    """A mapping: key to the line of the key and the value."""

    line: int
    entries: dict[str, tuple[int, Node]]
    size: int


Node: TypeAlias = ScalarNode | ListNode | MappingNode


def child_path(path: str, key: str | int) -> str:
    """The path of the value under `key` of the value at `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    shown = printable(shown_key(key))
    return f"{path}.{shown}" if path else shown


def shown_key(key: str) -> str:
    """The key for people, up to a `:`, `=` or space: what follows may be a secret that was meant for a value."""
    found = _VALUE_IN_KEY.search(key)
    return f"{key[: found.start()]}…" if found else key


def printable(text: str) -> str:
    """The text with line ends and other control characters escaped: each mistake is one line."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
