"""Makes untrusted text safe to show: text of a server must not move the cursor, colour a line or reverse it.

Sources: Unicode's general categories for control and format characters, XML 1.0
section 2.2 for characters that an XML document may hold (every character that this module leaves is one).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from prober.redaction.invisible import ESCAPE_SEQUENCE, JOINERS

REPLACEMENT: Final = "\ufffd"
"""Replaces a removed character: that it was there is evidence too."""

_LINE_ENDS: Final = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_NOT_TEXT: Final = frozenset({"Cc", "Cf", "Cs"})
_NONCHARACTERS: Final = "\ufffe\uffff"


def block(text: str) -> str:
    """The text without escape sequences, direction overrides and control characters other than line ends."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", ESCAPE_SEQUENCE.sub("", text)).expandtabs(4)
    return text.translate({ord(character): REPLACEMENT for character in set(text) if not _is_text(character)})


def line(text: str) -> str:
    """Like `block`, on one line: each line end becomes a space."""
    return " ".join(block(text).split("\n"))


def scalar(text: str) -> str:
    """The text with lone surrogates replaced, which no encoding can write."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_text(character: str) -> bool:
    if character == "\n" or character in JOINERS:
        return True
    return unicodedata.category(character) not in _NOT_TEXT and character not in _NONCHARACTERS
