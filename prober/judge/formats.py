"""The values of `format` that are asserted in an operator's schema. All others are annotations.

Every check takes time linear in the text, and says only "surely not": a format whose grammar is larger than its use
(`uri`, `email`, `hostname`) is checked for the mistakes that servers make, not for every letter of its RFC.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable
from datetime import date, time
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema import FormatChecker

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"(\d{2}:\d{2}:)(\d{2})(\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII | re.IGNORECASE)
_DURATION: Final = re.compile(
    r"P(?:\d+W|(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)", re.ASCII
)
_HOSTNAME: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII | re.IGNORECASE)
_NOT_IN_URI: Final = re.compile(r"[\x00-\x20<>\"{}|\\^`\x7f-\U0010ffff]")
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*", re.DOTALL)


def _date(text: str) -> bool:
    """A full-date of RFC 3339."""
    if not _DATE.fullmatch(text):
        return False
    date.fromisoformat(text)
    return True


def _time(text: str) -> bool:
    """A full-time of RFC 3339; the leap second is allowed at any minute."""
    found = _TIME.fullmatch(text)
    if not found:
        return False
    time.fromisoformat(found[1] + ("59" if found[2] == "60" else found[2]))
    return True


def _date_time(text: str) -> bool:
    return len(text) > 11 and text[10] in "Tt" and _date(text[:10]) and _time(text[11:])


def _uri(text: str) -> bool:
    parts = urlsplit(text)
    return bool(_SCHEME.fullmatch(parts.scheme)) and not _NOT_IN_URI.search(text)


def _email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(character.isspace() for character in text)


def _hostname(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(_HOSTNAME.fullmatch(label) for label in labels)


def _uuid(text: str) -> bool:
    return str(uuid.UUID(text)) == text.lower()


def _ipv4(text: str) -> bool:
    return bool(ipaddress.IPv4Address(text))


def _ipv6(text: str) -> bool:
    return "%" not in text and bool(ipaddress.IPv6Address(text))


FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _date,
    "time": _time,
    "date-time": _date_time,
    "duration": lambda text: bool(_DURATION.fullmatch(text)),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "uuid": _uuid,
    "json-pointer": lambda text: bool(_POINTER.fullmatch(text)),
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


def checker() -> FormatChecker:
    """The formats in the form that jsonschema takes."""
    made = FormatChecker(formats=())
    for name in FORMATS:
        made.checks(name)(lambda value, name=name: conforms(name, value))
    return made
