"""What of a secret a server may show alone."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

_SHORTEST_LINE: Final = 8
"""Characters: shorter ones, such as the braces of a JSON text, are no secrets."""
_MOST_LINES: Final = 256


def parts_of(secret: str) -> set[str]:
    """The secret; without white space around it, as files have it; what stands behind its scheme, as in `Bearer TOKEN`;
    and what `Basic` encodes: user and password, and the password alone (RFC 7617)."""
    bare = secret.strip()
    scheme, _, rest = bare.partition(" ")
    parts = {secret, bare, rest}
    if scheme.lower() == "basic":
        user_and_password = _decoded(rest)
        parts |= {user_and_password, user_and_password.partition(":")[2]}
    return parts - {""}


def lines_of(secret: str) -> set[str]:
    """The lines of a secret that has several, such as a private key, and the texts in one that is a JSON document."""
    lines = [line.strip() for line in secret.splitlines()[:_MOST_LINES]] if "\n" in secret.strip() else []
    found = {line for line in lines if not line.startswith("-----")}
    if secret.lstrip().startswith(("{", "[")):
        found |= _texts_of(secret)
    return {text for text in found if len(text) >= _SHORTEST_LINE}


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _texts_of(document: str) -> set[str]:
    """The texts in a JSON document, such as a file of credentials, and their lines; no addresses, which are known."""
    try:
        texts = list(_leaves(json.loads(document)))[:_MOST_LINES]
    except (ValueError, RecursionError):
        return set()
    return {text for text in texts if "://" not in text}.union(*map(lines_of, texts))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _leaves(member)
