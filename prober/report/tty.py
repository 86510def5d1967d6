"""Whether a stream is a terminal, how wide it is, and which characters it can write."""

from __future__ import annotations

import codecs
import os
from typing import Final, Literal, TextIO

_DEFAULT_WIDTH: Final = 80


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can move its cursor and show any character."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb") and _encoding(stream) == "utf-8"


def wants_colours(stream: TextIO) -> bool:
    """Whether the table goes there as to a terminal: to one, or to a log whose owner says so by `FORCE_COLOR`.

    With `NO_COLOR` it is without colours; rich sees to that. Only standard output and standard error can be forced:
    a file that is named holds what programs read.
    """
    forced = os.environ.get("FORCE_COLOR", "") not in ("", "0") and not os.environ.get("NO_COLOR")
    return is_terminal(stream) or (forced and _encoding(stream) == "utf-8" and _is_standard(stream))


def _is_standard(stream: TextIO) -> bool:
    try:
        return stream.fileno() in (1, 2)
    except OSError:  # a stream in memory has none
        return False


def columns(stream: TextIO) -> int:
    """The width of the terminal; the variable `COLUMNS` overrides it."""
    override = os.environ.get("COLUMNS", "")
    if override.isdecimal() and int(override):
        return int(override)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _DEFAULT_WIDTH
    except OSError:
        return _DEFAULT_WIDTH


def writable(text: str, stream: TextIO, *, errors: Literal["backslashreplace", "replace"] = "backslashreplace") -> str:
    """The text with characters that the encoding of the stream lacks as escapes, or as `?`."""
    encoding = _encoding(stream)
    return text if encoding == "utf-8" else text.encode(encoding, errors).decode(encoding)


def _encoding(stream: TextIO) -> str:
    return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name
