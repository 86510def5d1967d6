"""Lays out JSON for people: an excerpt of a message, which may be cut off anywhere, on lines of a bounded number.

It looks only at brackets, commas and texts, and changes nothing but white space: a reader wants to see what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from prober.json_values import cap

SHORT: Final = 100
"""Characters that stay on one line: a whole message, or an object or array inside it."""
MAX_LINES: Final = 80
MAX_WIDTH: Final = 400
"""Characters of one line, for a text or a page of HTML may have no line end at all."""
_PIECE: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^"{}\[\],:\s]+', re.DOTALL)
_WORD: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}\[\],:]', re.DOTALL)
_JSON: Final = re.compile(r"(?P<field>data: ?)?(?P<json>[{\[].*)", re.DOTALL)
"""A line with a message of JSON-RPC: as it is, or as a field of a Server-Sent Event."""


def laid_out(text: str) -> str:
    """The text, each long line of JSON in it laid out, in at most `MAX_LINES` lines."""
    lines = [each for line in text.split("\n") for each in _of_line(line)]
    further = len(lines) - MAX_LINES
    if further > 0:
        lines[MAX_LINES:] = [f"… {further} more line{'s' if further > 1 else ''}"]
    return "\n".join(cap(line, MAX_WIDTH) for line in lines)


def _of_line(line: str) -> list[str]:
    found = _JSON.fullmatch(line) if len(line) > SHORT else None
    pieces = _PIECE.findall(found["json"]) if found else []
    if found is None or not all(map(_WORD.fullmatch, pieces[:-1])):  # the last one may be cut off
        return [line]
    first, *rest = _indented(pieces)
    return [(found["field"] or "") + first, *rest]


def _indented(pieces: list[str]) -> Iterator[str]:
    ends = _ends(pieces)
    line, depth, at = "", 0, 0
    while at < len(pieces):
        piece = pieces[at]
        if piece in "{[":
            whole = "".join(_spaced(pieces[at : ends[at] + 1])) if at in ends else ""
            if whole and len(whole) + len(line) <= SHORT:
                line, at = line + whole, ends[at]
            else:
                yield line + piece
                depth += 1
                line = "  " * depth
        elif piece in "}]":
            if line.strip():
                yield line
            depth = max(depth - 1, 0)
            line = "  " * depth + piece
        elif piece == ",":
            yield line + piece
            line = "  " * depth
        else:
            line += ": " if piece == ":" else piece
        at += 1
    if line.strip():
        yield line


def _ends(pieces: list[str]) -> dict[int, int]:
    """Where each bracket is closed; those that are cut off are not there."""
    opened: list[int] = []
    ends: dict[int, int] = {}
    for at, piece in enumerate(pieces):
        if piece in "{[":
            opened.append(at)
        elif piece in "}]" and opened:
            ends[opened.pop()] = at
    return ends


def _spaced(pieces: list[str]) -> Iterator[str]:
    for piece in pieces:
        yield piece + " " if piece in ",:" else piece
