"""When a probe with an interval is due, and which shard runs it: arithmetic on names, so that a restart moves nothing.

A probe is due at `k * interval + phase` seconds after the epoch, its phase being a hash of target and name modulo the
interval: probes spread evenly, and there is no jitter, which drifts (APScheduler adds it to the time before).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final, Self

from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SHARD: Final = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


def stable_hash(*names: str) -> int:
    """The same 64 bits in every process and on every machine, unlike `hash`."""
    return int.from_bytes(blake2b("\0".join(names).encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True)
class Grid(BaseTrigger):  # type: ignore[misc]  # comes without types
    """Every `interval` since the epoch, `phase` later; both in microseconds."""

    interval: int
    phase: int

    @classmethod
    def of(cls, target: str, probe: str, seconds: float) -> Self:
        """The grid of one probe."""
        interval = max(1, round(seconds * 1_000_000))
        return cls(interval, stable_hash(target, probe) % interval)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first point from `now` on; after a point that was used, the next one, or the latest of all missed.

        So a machine that was asleep for a night runs each probe once, and no list of missed times is gone through.
        """
        if previous is None:
            return self._point(-((self.phase - _micros(now)) // self.interval))
        following = (_micros(previous) - self.phase) // self.interval + 1
        latest = (_micros(now) - self.phase) // self.interval
        return self._point(max(following, latest))

    def _point(self, number: int) -> datetime:
        return _EPOCH + timedelta(microseconds=number * self.interval + self.phase)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """Which part of all probes a process runs: `index` of `count`, the first being 1."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2/5` is the second of five. Raises ValueError."""
        match = _SHARD.fullmatch(text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError("expected a shard such as 2/5, the second of five")
        return cls(index=int(match[1]), count=int(match[2]))

    def holds(self, probe: str) -> bool:
        """Whether the probe of that name is in this part."""
        return stable_hash(probe) % self.count == self.index - 1


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND
