"""Formats durations and sizes for people, with two significant digits, and times for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_SIZES: Final = (("MiB", 1024 * 1024), ("KiB", 1024))


def duration(seconds: float) -> str:
    """`0.4 ms`, `12 ms`, `1.2 s`, `45 s`, `2 min 5 s`, `1 h 10 min`."""
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
    return f"{minutes // 60} h {minutes % 60} min"


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
