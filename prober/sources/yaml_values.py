"""The YAML of a source as the values that JSON has, bounded with aliases unfolded: a few lines may mean terabytes."""

from __future__ import annotations

from typing import Any, Final

from prober.config.document.nodes import ListNode, MappingNode, Node, printable
from prober.config.document.yaml_document import UnreadableError, parse

_MOST_VALUES: Final = 1_000_000
"""A hundred thousand targets with labels."""


def yaml_values(content: bytes, *, most_bytes: int) -> Any:
    """The document; `most_bytes` bounds the content, and its texts with each alias in place. Raises UnreadableError."""

    def complain(line: int, path: str, message: str) -> None:
        raise UnreadableError(line, printable(f"{path}: {message}" if path else message))

    left = most_bytes

    def count(text: str, node: Node) -> str:
        nonlocal left
        left -= len(text)
        if left < 0:
            raise UnreadableError(node.line, f"more than {most_bytes // 1024**2} MiB of text once aliases are unfolded")
        return text

    def value(node: Node) -> Any:
        match node:
            case MappingNode():
                return {count(key, child): value(child) for key, (_, child) in node.entries.items()}
            case ListNode():
                return [value(child) for _, child in node.items]
            case _:
                count(node.text, node)
                return node.value

    return value(parse(content, complain, most_bytes=most_bytes, most_nodes=_MOST_VALUES))
