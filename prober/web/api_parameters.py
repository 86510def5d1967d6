"""Reads the parameters that several endpoints of the API have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from prober.report.formatting import parse_rfc3339
from prober.web.responses import refuse

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
FIRST_YEAR: Final = 1970


def parameter(query: Mapping[str, list[str]], name: str) -> str | None:
    """The value of a parameter; None where it is empty or missing."""
    return query.get(name, [""])[0] or None


def time_parameter(query: Mapping[str, list[str]], name: str) -> datetime | None:
    if (text := parameter(query, name)) is None:
        return None
    if (moment := parse_rfc3339(text)) is None:
        raise refuse(400, f"{name}: expected a time such as 2026-01-31T12:00:00Z (a + is written %2B)")
    if moment.year < FIRST_YEAR:  # the first years have no stretch of time before them
        raise refuse(400, f"{name}: expected a time in {FIRST_YEAR} or later")
    return moment


def limit_parameter(query: Mapping[str, list[str]]) -> int:
    if (text := parameter(query, "limit")) is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= MAX_LIMIT):
        raise refuse(400, f"limit: expected a whole number from 1 to {MAX_LIMIT}")
    return int(text)
