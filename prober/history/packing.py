"""A run in about nine bytes, and the numbers that history keeps things under.

    slot    hour << 22 | probe: the key of everything that is kept by hour and probe. Sorted by time first, so that new
            rows go to the end and old ones leave from the front; 4 million probes and the next 200 million years fit
    tick    a tenth of a millisecond, the unit of durations

A packed run: one byte of flags (verdict, maintenance, which of the optional fields follow), three bytes of milliseconds
since the hour began, then variable-length numbers (seven bits a byte, low ones first): duration in ticks, and if there
are any the reason's number, the latency in ticks, the start lag in milliseconds. Runs of one slot stand one after the
other, in the order of their arrival.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from prober.outcome import Verdict

PROBE_BITS: Final = 22
PROBE_MASK: Final = (1 << PROBE_BITS) - 1
HOUR_MS: Final = 3_600_000
TICKS_PER_SECOND: Final = 10_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS: Final = 253_402_300_799_000
"""The end of the year 9999, beyond which there is no datetime."""

VERDICTS: Final = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)
PASSED: Final = 0
SKIPPED: Final = 3
"""In the place of a verdict, where a run was left out."""
CODES: Final = {verdict: code for code, verdict in enumerate(VERDICTS)}

_LONGEST: Final = 1 << 40
_MICROSECOND: Final = timedelta(microseconds=1)
_MAINTENANCE, _REASON, _LATENCY, _LAG = 4, 8, 16, 32


class Run(NamedTuple):
    """One run as it is packed. A tuple, for many are read at once."""

    started_ms: int
    verdict: int
    duration: int
    reason: int = 0
    latency: int | None = None
    lag_ms: int = 0
    maintenance: bool = False


def pack(run: Run) -> bytes:
    """Of its start only the place within its hour is in the bytes: the slot says which hour."""
    flags = run.verdict | _MAINTENANCE * run.maintenance | _REASON * bool(run.reason)
    flags |= _LATENCY * (run.latency is not None) | _LAG * bool(run.lag_ms)
    packed = bytearray((flags,))
    packed += (run.started_ms % HOUR_MS).to_bytes(3, "little")
    _put(packed, run.duration)
    if run.reason:
        _put(packed, run.reason)
    if run.latency is not None:
        _put(packed, run.latency)
    if run.lag_ms:
        _put(packed, run.lag_ms)
    return bytes(packed)


def unpack(slot: int, packed: bytes) -> Iterator[Run]:
    """The runs of one slot, as they arrived."""
    began = (slot >> PROBE_BITS) * HOUR_MS
    at, end = 0, len(packed)
    while at < end:
        flags = packed[at]
        started = began + int.from_bytes(packed[at + 1 : at + 4], "little")
        duration, at = _take(packed, at + 4)
        reason, at = _take(packed, at) if flags & _REASON else (0, at)
        latency, at = _take(packed, at) if flags & _LATENCY else (None, at)
        lag, at = _take(packed, at) if flags & _LAG else (0, at)
        yield Run(started, flags & 3, duration, reason, latency, lag, bool(flags & _MAINTENANCE))


def slot_of(started_ms: int, probe: int) -> int:
    """The slot of a run."""
    return (started_ms // HOUR_MS) << PROBE_BITS | probe


def microseconds(moment: datetime) -> int:
    """Since 1970; a clock that stands before it is taken to stand at it."""
    return max(0, (moment - EPOCH) // _MICROSECOND)


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return min(microseconds(moment) // 1000, LAST_MS)


def moment(microseconds_since: int) -> datetime:
    """The inverse of `microseconds`."""
    return EPOCH + timedelta(microseconds=microseconds_since)


def ticks(seconds: float) -> int:
    """A duration as it is kept. Raises ValueError of what is no number."""
    return min(max(0, round(seconds * TICKS_PER_SECOND)), _LONGEST)


def _put(packed: bytearray, number: int) -> None:
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)


def _take(packed: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = packed[at]
        number |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return number, at
        shift += 7
