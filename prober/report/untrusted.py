"""Makes untrusted text safe to show: text of a server must not move the cursor, colour a line or reverse it.

Sources: ECMA-48 for escape sequences, Unicode's general categories for control and format characters, XML 1.0
section 2.2 for characters that an XML document may hold (every character that this module leaves is one).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

REPLACEMENT: Final = "\ufffd"
"""Replaces a removed character: that it was there is evidence too."""

_ESCAPE_SEQUENCE: Final = re.compile(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]                                   # CSI: colours, cursor
    | (?: \x1b\] | \x9d ) [^\x07\x1b\x9c]{0,2000} (?: \x07 | \x1b\\ | \x9c )      # OSC: titles, links, clipboard
    | (?: \x1b[PX^_] | [\x90\x98\x9e\x9f] ) [^\x1b\x9c]{0,2000} (?: \x1b\\ | \x9c )  # DCS, SOS, PM, APC
    | \x1b [ -/]* [0-~]                                                         # the short ones
    """,
    re.VERBOSE,
)
_LINE_ENDS: Final = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_NOT_TEXT: Final = frozenset({"Cc", "Cf", "Cs"})
_JOINERS: Final = "\u200c\u200d"
"""Format characters that Persian, Indic scripts and composed emoji need."""
_NONCHARACTERS: Final = "\ufffe\uffff"


def block(text: str) -> str:
    """The text without escape sequences, direction overrides and control characters other than line ends."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", _ESCAPE_SEQUENCE.sub("", text)).expandtabs(4)
    return text.translate({ord(character): REPLACEMENT for character in set(text) if not _is_text(character)})


def line(text: str) -> str:
    """Like `block`, on one line: each line end becomes a space."""
    return " ".join(block(text).split("\n"))


def scalar(text: str) -> str:
    """The text with lone surrogates replaced, which no encoding can write."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_text(character: str) -> bool:
    if character == "\n" or character in _JOINERS:
        return True
    return unicodedata.category(character) not in _NOT_TEXT and character not in _NONCHARACTERS
