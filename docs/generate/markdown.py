"""Parts of Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def row(*cells: str) -> str:
    """A row of a table."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A table with an empty line after it."""
    return [row(*head), "|" + "---|" * len(head), *(row(*cells) for cells in rows), ""]


def code(names: Iterable[str], between: str = ", ") -> str:
    """Names as code."""
    return between.join(f"`{name}`" for name in names)


def yaml(text: str) -> list[str]:
    """A block of YAML with an empty line after it."""
    return ["```yaml", text.rstrip(), "```", ""]
