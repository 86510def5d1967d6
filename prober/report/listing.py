"""What a server offers, for a person: a table for each list, a line for each item.

At a terminal a description that does not fit ends with an ellipsis; elsewhere nothing is cut. Names and arguments are
whole everywhere: they are there to be copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.cells import cell_len, set_cell_size

from prober.contract.contract import Contract
from prober.outcome import ServerInfo
from prober.report.untrusted import line

_GAP: Final = "  "
_LEAST: Final = 30
"""Columns that a description needs beside the others; with fewer it stands beneath."""
_INDENT: Final = 6


def headline(server: ServerInfo) -> str:
    """`everything 2.0.0, MCP 2025-11-25, handshake era`."""
    name = " ".join(filter(None, (server.name or "a server without a name", server.version)))
    era = f", {server.era} era" if server.era else ""
    return line(f"{name}, MCP {server.protocol_version or 'of an unknown version'}{era}")


def section_lines(section: str, contract: Contract, *, width: int | None) -> Iterator[str]:
    """A heading and the items of one list, in the order of the server. `width` is None where nothing is cut."""
    items: Mapping[str, Mapping[str, Any]] = getattr(contract, section)
    yield f"{section}: {len(items) or 'none'}"
    rows = [(line(name), *_facts(section, item)) for name, item in items.items()]
    if rows:
        yield from _table(rows, [_first_paragraph(item.get("description")) for item in items.values()], width=width)


def _facts(section: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    match section:
        case "tools":
            hints = item.get("annotations")
            reads = isinstance(hints, dict) and hints.get("readOnlyHint") is True
            return "read-only" if reads else "may write", _arguments_of_tool(item.get("inputSchema"))
        case "prompts":
            return (_arguments_of_prompt(item.get("arguments")),)
        case _:
            return (line(str(item.get("name") or "")), line(str(item.get("mimeType") or "")))


def _arguments_of_tool(schema: Any) -> str:
    schema = schema if isinstance(schema, dict) else {}
    properties, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, list) else []
    names = properties if isinstance(properties, dict) else {}
    return ", ".join(line(name) + ("*" if name in needed else "") for name in names)


def _arguments_of_prompt(arguments: Any) -> str:
    listed = [each for each in arguments if isinstance(each, dict)] if isinstance(arguments, list) else []
    return ", ".join(line(str(each.get("name"))) + ("*" if each.get("required") is True else "") for each in listed)


def _first_paragraph(text: Any) -> str:
    paragraphs = text.strip().split("\n\n") if isinstance(text, str) else [""]
    return " ".join(line(paragraphs[0]).split())


def _table(rows: Sequence[tuple[str, ...]], descriptions: Sequence[str], *, width: int | None) -> Iterator[str]:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if width is not None:  # one long name must not push the columns of all others to the right
        widths = [min(wanted, width * 2 // 3) for wanted in widths]
    left = sum(widths) + len(_GAP) * (len(widths) + 1)
    beneath = width is not None and width - left < _LEAST
    for row, description in zip(rows, descriptions, strict=True):
        padded = [cell + " " * (limit - cell_len(cell)) for cell, limit in zip(row, widths, strict=True)]
        text = _GAP + _GAP.join(padded)
        if beneath:
            yield text.rstrip()
            text = " " * (_INDENT - len(_GAP))
        if description or not beneath:
            room = None if width is None else width - cell_len(text) - len(_GAP)
            yield f"{text}{_GAP}{_fitted(description, room)}".rstrip()


def _fitted(text: str, limit: int | None) -> str:
    """The text in at most `limit` columns; an ellipsis stands for what is gone."""
    if limit is None or cell_len(text) <= limit:
        return text
    return set_cell_size(text, max(limit - 1, 0)).rstrip() + "…"
