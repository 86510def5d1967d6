"""JSON values as YAML on one line, whatever strangers have put into them.

Written out here because a general YAML emitter follows the resolution rules of YAML 1.1, by which `1e3` and `0o17` are
texts that need no quotes; the configuration is read by those of YAML 1.2, which make them numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"-{0,2}[A-Za-z/][A-Za-z0-9_./:@%+=-]*(?<!:)|[0-9]+(?:ms|[smhd])")
"""Texts that are as good without quotes: words, paths, addresses, options, durations."""

_NOT_TEXTS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Words that some reader of YAML takes for something else."""

_LONGEST_KEY: Final = 1_000

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def flow(value: Any) -> str:
    """A JSON value on one line. Nothing in it can end the line, the quotes or the value."""
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXTS else f'"{_escaped(value)}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(str(name))}: {flow(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return json.dumps(value, allow_nan=False)


def can_be_key(name: str) -> bool:
    """Whether a text can name a member: YAML finds no key of more than 1024 characters, and `<<` means to merge."""
    return name != "<<" and len(flow(name)) <= _LONGEST_KEY


def comment(text: str, *, limit: int = 200) -> str:
    """Words of a stranger for a comment: on one line, and nothing that turns or hides it."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() and each not in _ESCAPES else _escape(each) for each in text)


def _escape(character: str) -> str:
    code = ord(character)
    known = _ESCAPES.get(character)
    return known or (f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}")
