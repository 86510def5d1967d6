"""How long many runs took, as percentiles: exact where every duration is known, estimated from a histogram else."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import merge
from typing import Final

from prober.history.codec import SECOND
from prober.history.schema import BOUNDS_MS, BUCKETS

_BOUNDS: Final = tuple(bound * 1000 for bound in BOUNDS_MS)
"""In microseconds."""


_AT_ONCE: Final = 50_000
"""Durations that are sorted within ten milliseconds."""


def nearest_rank(ordered: Sequence[int], percent: int) -> float:
    """Seconds, of durations in microseconds that are in order and at least one."""
    return ordered[(len(ordered) * percent + 99) // 100 - 1] / SECOND


def estimate(buckets: Sequence[int], percent: int, *, fastest: int, slowest: int) -> float:
    """Seconds: in the bucket where the share is reached, as if its runs were spread evenly."""
    wanted, seen = percent / 100 * sum(buckets), 0
    for number, count in enumerate(buckets):
        if count and seen + count >= wanted:
            low = max(fastest, _BOUNDS[number - 1] if number else 0)
            high = min(slowest, _BOUNDS[number] if number < len(_BOUNDS) else slowest)
            return (low + (high - low) * (wanted - seen) / count) / SECOND
        seen += count
    return slowest / SECOND


@dataclass(kw_only=True)
class RunTimes:
    """Durations in microseconds: those that are known one by one, and those of which only the bucket is known."""

    known: array[int] = field(default_factory=lambda: array("q"))
    buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))
    """Counts of the runs that are not in `known`."""
    fastest: int | None = None
    slowest: int | None = None
    """Of the runs that are not in `known`."""

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self.known) + sum(self.buckets)

    @property
    def exact(self) -> bool:
        """Whether percentiles are those of the durations themselves."""
        return not any(self.buckets)

    def add_hour(self, counts: Sequence[int], fastest: int | None, slowest: int | None) -> None:
        """Take in a roll-up; one without a timed run has neither `fastest` nor `slowest`."""
        self.buckets = [mine + more for mine, more in zip(self.buckets, counts, strict=True)]
        self.fastest = min((each for each in (self.fastest, fastest) if each is not None), default=None)
        self.slowest = max((each for each in (self.slowest, slowest) if each is not None), default=None)

    def add(self, other: RunTimes) -> None:
        """Take in the runs of another target."""
        self.known.extend(other.known)
        self.add_hour(other.buckets, other.fastest, other.slowest)

    def percentile(self, percent: int) -> float | None:
        """In seconds; None without a run. Nothing may be added afterwards."""
        if not len(self):
            return None
        if self.exact:
            return nearest_rank(self._ordered, percent)
        counts, known = list(self.buckets), self._ordered
        for duration in known:
            counts[next((number for number, bound in enumerate(_BOUNDS) if duration <= bound), len(_BOUNDS))] += 1
        fastest = min(each for each in (self.fastest, *known[:1]) if each is not None)
        slowest = max(each for each in (self.slowest, *known[-1:]) if each is not None)
        return estimate(counts, percent, fastest=fastest, slowest=slowest)

    @cached_property
    def _ordered(self) -> list[int]:
        """In parts: while Python sorts, no other thread runs, and an event loop may be waiting."""
        starts = range(0, len(self.known), _AT_ONCE)
        return list(merge(*(sorted(self.known[start : start + _AT_ONCE]) for start in starts)))
