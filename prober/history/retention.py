"""How long and how much is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

SMALLEST: Final = 8 * 1024 * 1024
"""Below this the file would hold little but its own book-keeping."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """What is older goes; and when all of it is more than `max_bytes`, the oldest goes before its time.

    Measured: 36 bytes for a run, 45 for the roll-up of an hour, 280 and more for a failure. A hundred probes at 60 s
    need 200 MB for all the defaults, and what their failures take; ten thousand fill the 2 GiB with two days of runs
    and seven weeks of hourly roll-ups, and want a larger bound for more. The counts of each target by day, of which
    the 90-day strip is made, are small and stay for the whole time of roll-ups.
    """

    results: timedelta = timedelta(days=30)
    failures: timedelta = timedelta(days=90)
    rollups: timedelta = timedelta(days=400)
    max_bytes: int = 2 * 1024**3
    """Of the files on disk, together."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if min(self.results, self.failures, self.rollups) < timedelta(hours=1):
            raise ValueError("history is kept by the hour: a retention is one hour or more")
        if self.max_bytes < SMALLEST:
            raise ValueError(f"a history needs {SMALLEST} bytes or more, not {self.max_bytes}")
