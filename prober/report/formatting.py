"""Formats durations, sizes, counts, shares and times for people, and times for programs."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

_SIZES: Final = (("MiB", 1024 * 1024), ("KiB", 1024))


def duration(seconds: float) -> str:
    """`0.4 ms`, `12 ms`, `1.2 s`, `45 s`, `2 min 5 s`, `1 h 10 min`, `3 days 4 h`."""
    milliseconds = seconds * 1000
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} days {hours % 24} h"


def size(count: int) -> str:
    """`312 B`, `1.2 KiB`, `50 MiB`."""
    for unit, step in _SIZES:
        if count >= step:
            amount = count / step
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    return f"{count} B"


def rfc3339(time: datetime) -> str:
    """`2026-01-31T12:00:00.000Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime | None:
    """The time in UTC; None of a text that is no time, and of a time without its offset."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def exactly(moment: datetime) -> str:
    """`2026-11-22 07:28:14 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def counted(count: int, noun: str) -> str:
    """`1 target`, `1,400 targets`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def percent(share: float) -> str:
    """`100 %`, `99.97 %`, `98.3 %`, `42 %`: rounded down, but to 0 % only where the share is 0."""
    value = share * 100
    if value >= 100 or value <= 0:
        return "100 %" if value >= 100 else "0 %"
    digits = 2 if value >= 99 else 1 if value >= 90 else 0
    steps = 10**digits
    down = math.floor(value * steps + 1e-6) / steps
    return f"{max(down, 1):.{digits}f} %"
