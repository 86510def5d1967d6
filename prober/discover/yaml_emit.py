"""Writes untrusted JSON values as YAML on one line.

PyYAML does not serve here: it follows YAML 1.1, where `1e3` and `0o17` are strings that need no quotes. The
configuration is read by the rules of YAML 1.2, where both are numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from prober.json_values import cap

_PLAIN: Final = re.compile(r"-{0,2}[A-Za-z/][A-Za-z0-9_./:@%+=-]*(?<!:)|[0-9]+(?:ms|[smhd])")
"""Strings that need no quotes: words, paths, addresses, options, durations."""

_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Words that some YAML parser takes for a null or a boolean."""

_MAX_KEY: Final = 1_000

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def flow(value: Any) -> str:
    """A JSON value on one line. Nothing in it can end the line, the quotes or the value."""
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED else f'"{_escaped(value)}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(str(name))}: {flow(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return json.dumps(value, allow_nan=False)


def mapping_lines(name: str, members: Mapping[str, Any]) -> list[str]:
    """A named mapping of a section, a member a line."""
    return [f"  {flow(name)}:", *(f"    {key}: {flow(value)}" for key, value in members.items())]


def escape_dollars(value: Any) -> Any:
    """A value of the server with `$` escaped, because the configuration would replace `${…}` by a variable."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {name: escape_dollars(member) for name, member in value.items()}
    return [escape_dollars(element) for element in value] if isinstance(value, list) else value


def can_be_key(name: str) -> bool:
    """Whether a string can be a key: YAML allows at most 1024 characters, and `<<` is the merge key."""
    return name != "<<" and len(flow(name)) <= _MAX_KEY


def comment(text: str, *, limit: int = 200) -> str:
    """Untrusted text for a comment: one line, printable characters only."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return cap(words, limit)


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() and each not in _ESCAPES else _escape(each) for each in text)


def _escape(character: str) -> str:
    code = ord(character)
    known = _ESCAPES.get(character)
    return known or (f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}")
