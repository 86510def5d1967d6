"""JSON for files that people look at: what nobody sees is written as an escape, and read again as it was."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import Final

from prober.json_values import document_text

JOINERS: Final = "\u200c\u200d"
"""Persian, Indic scripts and composed emoji need them."""


def test_every_control_and_format_character_is_escaped_but_the_joiners() -> None:
    unseen = [each for each in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(each) in ("Cc", "Cf", "Cs")]
    tags = [chr(number) for number in range(0xE0000, 0xE0080)]
    for each in {*unseen, *tags, "\u2028", "\u2029"} - {*JOINERS}:
        text = document_text({each: f"a{each}b"})
        assert text.isascii(), f"U+{ord(each):04X}"
        assert json.loads(text) == {each: f"a{each}b"}


def test_what_people_read_is_written_as_it_is() -> None:
    read = f"K\u00f6ln \u6771\u4eac \U0001f469{JOINERS[1]}\U0001f680 \u0645\u06cc{JOINERS[0]}\u062e\u0648\u0627\u0647"
    assert document_text([read]) == f'["{read}"]'
