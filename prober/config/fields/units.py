"""Durations, sizes and rates with units: `1m30s`, `500ms`, `2MiB`, `120/h`."""

from __future__ import annotations

import re
from typing import Final

SECONDS: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
BYTES: Final = {"B": 1, "kB": 1000, "KiB": 1024, "MB": 1000**2, "MiB": 1024**2, "GB": 1000**3, "GiB": 1024**3}

# The patterns are also published in the JSON Schema: they mean the same in ECMA-262.
_NUMBER: Final = r"[0-9]{1,12}(?:\.[0-9]{1,9})?"
DURATION_PATTERN: Final = (
    rf"^(?=[0-9])(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?$"
)
SIZE_PATTERN: Final = rf"^{_NUMBER}(?:{'|'.join(BYTES)})$"
RATE_PATTERN: Final = "^[1-9][0-9]{0,8}/(?:s|m|min|h|d)$"

_DURATION: Final = re.compile(DURATION_PATTERN)
_SIZE: Final = re.compile(SIZE_PATTERN)
_RATE: Final = re.compile(RATE_PATTERN)
_PART: Final = re.compile(r"([0-9.]+)([A-Za-z]+)")

LONGEST: Final = 366 * 86400.0
"""Seconds. A longer duration is a typing mistake, and schedulers overflow on it."""


def parse_duration(text: str) -> float | None:
    """Seconds, or None when the text is no duration. Units go from large to small: `1h30m`, `1m30s`, `500ms`."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text))


def show_duration(seconds: float) -> str:
    """The shortest exact spelling: `1m`, `1m30s`, `1500ms` as `1s500ms`."""
    left = round(seconds * 1000)
    parts = []
    for unit, factor in SECONDS.items():
        count, left = divmod(left, round(factor * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_size(text: str) -> int | None:
    """Bytes, or None when the text is no size."""
    if not _SIZE.fullmatch(text):
        return None
    ((number, unit),) = _PART.findall(text)
    return round(float(number) * BYTES[unit])


def show_size(size: int) -> str:
    """The size in its largest binary unit that divides it: `2MiB`, `1500B`."""
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % BYTES[unit] == 0:
            return f"{size // BYTES[unit]}{unit}"
    return f"{size}B"


def parse_rate(text: str) -> tuple[int, float] | None:
    """A number and its period in seconds, or None if the text is no rate."""
    if not _RATE.fullmatch(text):
        return None
    number, _, unit = text.partition("/")
    return int(number), SECONDS[unit.removesuffix("in")]


def show_rate(number: int, seconds: float) -> str:
    """The rate with its unit, or with its period if that is not one unit: `120/h`, `5/1m30s`."""
    unit = next((unit for unit, factor in SECONDS.items() if factor == seconds), None)
    return f"{number}/{unit or show_duration(seconds)}"
