"""JSON documents of any size, read in a thread that lets others run meanwhile.

The scanner that the standard library has in C keeps the interpreter to itself until it has read all: a quarter of a
second for a hundred thousand targets, in whichever thread. Its scanner in Python takes four times as long, in steps.
"""

from __future__ import annotations

import json
import re
from json.scanner import py_make_scanner  # type: ignore[attr-defined] # typeshed leaves it out
from typing import Any, Final

from prober.json_values import most_values

MOST_BYTES: Final = 32 * 1024 * 1024
"""A hundred thousand targets with labels."""
_AT_ONCE: Final = 256 * 1024
"""What the scanner in C reads within a few milliseconds, whatever it is."""
_PIECE: Final = re.compile(rb'([^"]{0,65535}+)"(?:[^"\\]|\\.){0,65535}+"', re.DOTALL)
"""What stands before a text, and the text. A single one is a step that cannot be interrupted."""
_LONGEST: Final = 65_535
_SEPARATORS: Final = (b",", b":", b"[", b"{")


class StrangeError(ValueError):
    """A document may be JSON, and is no list of targets that anybody has."""


def parsed(body: bytes) -> Any:
    """The document in at most `MOST_BYTES`. Raises StrangeError, ValueError or RecursionError."""
    if len(body) <= _AT_ONCE:
        return json.loads(body)
    _refuse_strange(body)
    return _InSteps().decode(body.decode())


class _InSteps(json.JSONDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.scan_once = py_make_scanner(self)


def _refuse_strange(body: bytes) -> None:
    """Raises StrangeError for a text, or something between two texts, of a length that no list of targets has, and for
    more values than one for sixteen bytes of the limit: as objects they take much more memory than as bytes.
    """
    at, texts, values, most = 0, 0, 0, most_values(MOST_BYTES)
    while (piece := _PIECE.match(body, at)) is not None:
        at = piece.end()
        texts += 1
        values += sum(map(piece[1].count, _SEPARATORS))
        if max(texts, values) > most:
            raise StrangeError(f"more than {most:,} values")
    if len(body) - at > _LONGEST or body.find(b'"', at) >= 0:
        raise StrangeError(f"more than {_LONGEST:,} bytes of one text, or without one")
