"""What a terminal or a page does not show of a text: a secret that is broken up by it looks whole to people.

Sources: ECMA-48 for escape sequences; Unicode for joiners and for variation selectors.
"""

from __future__ import annotations

import re
from typing import Final

ESCAPE_SEQUENCE: Final = re.compile(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]                                   # CSI: colours, cursor
    | (?: \x1b\] | \x9d ) [^\x07\x1b\x9c]{0,2000} (?: \x07 | \x1b\\ | \x9c )      # OSC: titles, links, clipboard
    | (?: \x1b[PX^_] | [\x90\x98\x9e\x9f] ) [^\x1b\x9c]{0,2000} (?: \x1b\\ | \x9c )  # DCS, SOS, PM, APC
    | \x1b [ -/]* [0-~]                                                         # the short ones
    """,
    re.VERBOSE,
)
JOINERS: Final = "\u200c\u200d"
"""Format characters that Persian, Indic scripts and composed emoji need."""
_INVISIBLE: Final = re.compile(f"[{JOINERS}\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]+")


def visible(text: str) -> str:
    """The text without escape sequences and characters that leave no trace where it is shown."""
    if text.isascii() and "\x1b" not in text:
        return text
    return _INVISIBLE.sub("", ESCAPE_SEQUENCE.sub("", text))
