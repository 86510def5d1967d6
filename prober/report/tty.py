"""What a stream is: a terminal with a person before it, or a file, a pipe, a log."""

from __future__ import annotations

import codecs
import os
from typing import Final, Literal, TextIO

_USUAL_WIDTH: Final = 80


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can move its cursor and show any character."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb") and _encoding(stream) == "utf-8"


def columns(stream: TextIO) -> int:
    """How wide the terminal behind the stream is: by `COLUMNS`, which overrules it, or by its own word."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except OSError:
        return _USUAL_WIDTH


def writable(text: str, stream: TextIO, *, errors: Literal["backslashreplace", "replace"] = "backslashreplace") -> str:
    """The text with what the stream's encoding lacks written out as escapes, or replaced by `?`."""
    encoding = _encoding(stream)
    return text if encoding == "utf-8" else text.encode(encoding, errors).decode(encoding)


def _encoding(stream: TextIO) -> str:
    return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name
