"""The challenge of a 401: `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PARAMETER: Final = re.compile(r'([A-Za-z0-9!#$%&\'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_SCHEME: Final = re.compile(r"(?:^|,)\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?=\s+[^\s=]|\s*(?:,|$))(?!\s*=)")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_MOST: Final = 2048
"""Characters that are read: the time of the patterns grows with the square."""


def schemes(header: str) -> frozenset[str]:
    """The schemes of all challenges, in small letters."""
    return frozenset(name.lower() for name in _SCHEME.findall(_QUOTED.sub('""', header[:_MOST])))


def parameters(header: str) -> Mapping[str, str]:
    """The parameters of all challenges by name in small letters; the first of a name counts."""
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(header[:_MOST]):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)
    return found
