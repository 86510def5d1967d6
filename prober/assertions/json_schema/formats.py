"""The values of `format` that are asserted in an operator's schema. All others are annotations.

Every check takes time linear in the text, and says only "surely not": a format whose grammar is larger than its use
(`uri`, `email`, `hostname`) is checked for the mistakes that servers make, not for every letter of its RFC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from typing import Any, Final
from urllib.parse import urlsplit

# Patterns are compiled when they are first asked for, and kept by `re`: few passes ask for any.
_DATE: Final = r"\d{4}-\d{2}-\d{2}"
_TIME: Final = r"(\d{2}:\d{2}:)(\d{2})(\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_DURATION: Final = r"P(?:\d+W|(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)"
_HOSTNAME: Final = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_SCHEME: Final = r"[a-z][a-z0-9+.-]*"
_NOT_IN_URI: Final = r"[\x00-\x20<>\"{}|\\^`\x7f-\U0010ffff]"
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_POINTER: Final = r"(?:/(?:[^~/]|~[01])*)*"


def _date(text: str) -> bool:
    """A full-date of RFC 3339."""
    if not re.fullmatch(_DATE, text, re.ASCII):
        return False
    date.fromisoformat(text)
    return True


def _time(text: str) -> bool:
    """A full-time of RFC 3339; the leap second is allowed at any minute."""
    found = re.fullmatch(_TIME, text, re.ASCII | re.IGNORECASE)
    if not found:
        return False
    time.fromisoformat(found[1] + ("59" if found[2] == "60" else found[2]))
    return True


def _date_time(text: str) -> bool:
    return len(text) > 11 and text[10] in "Tt" and _date(text[:10]) and _time(text[11:])


def _uri(text: str) -> bool:
    parts = urlsplit(text)
    return bool(re.fullmatch(_SCHEME, parts.scheme, re.ASCII | re.IGNORECASE)) and not re.search(_NOT_IN_URI, text)


def _email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(character.isspace() for character in text)


def _hostname(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(re.fullmatch(_HOSTNAME, label, re.ASCII | re.IGNORECASE) for label in labels)


def _uuid(text: str) -> bool:
    return bool(re.fullmatch(_UUID, text, re.ASCII | re.IGNORECASE))


def _ipv4(text: str) -> bool:
    import ipaddress  # few schemas ask for addresses

    return bool(ipaddress.IPv4Address(text))


def _ipv6(text: str) -> bool:
    import ipaddress

    return "%" not in text and bool(ipaddress.IPv6Address(text))


FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _date,
    "time": _time,
    "date-time": _date_time,
    "duration": lambda text: bool(re.fullmatch(_DURATION, text, re.ASCII)),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "uuid": _uuid,
    "json-pointer": lambda text: bool(re.fullmatch(_POINTER, text, re.DOTALL)),
}
"""A check returns False or raises ValueError for a text that is not of its format."""


def conforms(name: str, value: Any) -> bool:
    """Whether a value is of the format. Only texts can fail; unknown formats never do."""
    check = FORMATS.get(name)
    if check is None or not isinstance(value, str):
        return True
    try:
        return check(value)
    except ValueError:
        return False
