"""Tags: words by which probes are chosen."""

from __future__ import annotations

from typing import Final

from prober.config.fields.field_types import ListOf, Text

TAGS: Final = ListOf(
    item=Text(
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        wanted="a word of letters, digits and . _ -, such as smoke",
    ),
    wanted="a list of words",
)
