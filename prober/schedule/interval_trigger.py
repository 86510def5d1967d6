"""When a probe with an interval is due: arithmetic on names, so that a restart moves nothing.

A probe is due at `k * interval + phase` seconds after the epoch. The phase is a hash of target and name modulo the
interval: probes spread evenly, and due times do not drift as those of a random jitter would.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from prober.schedule.shard import stable_hash

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class IntervalTrigger:
    """Every `interval` since the epoch, `phase` later; both in microseconds."""

    interval: int
    phase: int

    @classmethod
    def of(cls, target: str, probe: str, seconds: float) -> Self:
        """The trigger of one probe."""
        interval = max(1, round(seconds * 1_000_000))
        return cls(interval, stable_hash(target, probe) % interval)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first due time from `now` on; after `previous`, the next due time, or the latest that was missed.

        A machine that slept for a night therefore runs each probe once, without a walk through all missed times.
        """
        if previous is None:
            return self._due(-((self.phase - _micros(now)) // self.interval))
        following = (_micros(previous) - self.phase) // self.interval + 1
        latest = (_micros(now) - self.phase) // self.interval
        return self._due(max(following, latest))

    def _due(self, number: int) -> datetime:
        return _EPOCH + timedelta(microseconds=number * self.interval + self.phase)


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND
