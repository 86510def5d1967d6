"""The most contended sessions, in bounded memory: the Space-Saving algorithm (Metwally, Agrawal, El Abbadi 2005).

A label for each session would grow a metric without end. This class keeps `capacity` counters. A session without a
counter takes over the smallest one and starts from its count, which is the session's possible overcount. Every session
with more conflicts than the smallest counter is in the list; a count is at most `overcounted` too high, never too low.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_CAPACITY: Final = 256
"""Sessions followed at most; enough for a true top 20 even when conflicts are spread widely."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contended:
    """A session and how many of its writes met a conflict or waited too long for its lock."""

    session_id: str
    conflicts: int
    overcounted: int
    last_tool: str


class Contention:
    """Counts conflicts per session."""

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._counters: dict[str, Contended] = {}

    def add(self, session_id: str, *, tool: str) -> None:
        """One more conflict of this session, met by this tool."""
        counter = self._counters.get(session_id)
        base, overcounted = (counter.conflicts, counter.overcounted) if counter else self._start()
        self._counters[session_id] = Contended(
            session_id=session_id, conflicts=base + 1, overcounted=overcounted, last_tool=tool
        )

    def top(self, limit: int) -> list[Contended]:
        """The most contended sessions, worst first."""
        return sorted(self._counters.values(), key=lambda each: (-each.conflicts, each.session_id))[:limit]

    def _start(self) -> tuple[int, int]:
        """The count and the overcount that a new session starts from; drops the smallest counter if all are taken."""
        if len(self._counters) < self._capacity:
            return 0, 0
        smallest = min(self._counters.values(), key=lambda each: each.conflicts)
        del self._counters[smallest.session_id]
        return smallest.conflicts, smallest.conflicts
