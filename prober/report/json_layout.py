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
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^"{}\[\],:\s]+', re.DOTALL)
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
    if found is None:
        return [line]
    first, *rest = _indented(_TOKEN.findall(found["json"]))
    return [(found["field"] or "") + first, *rest]


def _indented(tokens: list[str]) -> Iterator[str]:
    ends = _ends(tokens)
    line, depth, at = "", 0, 0
    while at < len(tokens):
        token = tokens[at]
        if token in "{[":
            whole = "".join(_spaced(tokens[at : ends[at] + 1])) if at in ends else ""
            if whole and len(whole) + len(line) <= SHORT:
                line, at = line + whole, ends[at]
            else:
                yield line + token
                depth += 1
                line = "  " * depth
        elif token in "}]":
            if line.strip():
                yield line
            depth = max(depth - 1, 0)
            line = "  " * depth + token
        elif token == ",":
            yield line + token
            line = "  " * depth
        else:
            line += ": " if token == ":" else token
        at += 1
    if line.strip():
        yield line


def _ends(tokens: list[str]) -> dict[int, int]:
    """Where each bracket is closed; those that are cut off are not there."""
    opened: list[int] = []
    ends: dict[int, int] = {}
    for at, token in enumerate(tokens):
        if token in "{[":
            opened.append(at)
        elif token in "}]" and opened:
            ends[opened.pop()] = at
    return ends


def _spaced(tokens: list[str]) -> Iterator[str]:
    for token in tokens:
        yield token + " " if token in ",:" else token
