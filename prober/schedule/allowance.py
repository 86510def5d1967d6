"""How many requests a target may still be sent: a window that slides with the time, and counts what was really sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from prober.config.model import Budget
from prober.config.units import show_rate

_SLICES: Final = 240
"""Parts of the stretch within which requests are counted as one: a million a day need no million entries. A request
counts until its slice has left the stretch, at most a 240th of it longer than it has to."""


@dataclass(slots=True)
class _Slice:
    end: float
    """When its last request was sent, at most a slice's width after its first."""
    start: float
    requests: int


class Allowance:
    """What is left of a budget. A run asks before it begins for as much as it is expected to send, and settles when
    it has ended; so runs side by side do not overdraw it together."""

    def __init__(self, budget: Budget, *, clock: Callable[[], float] = monotonic) -> None:
        self.budget = budget
        self._clock = clock
        self._slices: deque[_Slice] = deque()
        self._used = 0
        self._reserved = 0

    @property
    def remaining(self) -> int:
        """Requests that may be sent now."""
        self._slide()
        return max(0, self.budget.requests - self._used - self._reserved)

    def reserve(self, expected: int) -> str | None:
        """Set `expected` requests aside; where there are not as many, why not and until when.

        A run that needs more than the whole budget is let through when nothing of it is used: it would never run.
        """
        left = self.remaining
        if left >= expected or self._used + self._reserved == 0:
            self._reserved += expected
            return None
        budget = show_rate(self.budget.requests, self.budget.seconds)
        state = f"has {left} requests left where about {expected} are wanted" if left else "is used up"
        return f"the target's budget of {budget} requests {state}; {self._goes_on(expected)}"

    def settle(self, expected: int, sent: int) -> None:
        """A run that had set `expected` aside has sent so many."""
        self._reserved -= expected
        if sent <= 0:
            return
        now = self._clock()
        last = self._slices[-1] if self._slices else None
        if last is not None and now - last.start < self.budget.seconds / _SLICES:
            last.end = now
            last.requests += sent
        else:
            self._slices.append(_Slice(now, now, sent))
        self._used += sent

    def inherit(self, other: Allowance) -> None:
        """Go on with what another one has counted: a budget that changes does not give back what was sent."""
        self._slices.extend(other._slices)
        self._used += other._used

    def _slide(self) -> None:
        over = self._clock() - self.budget.seconds
        while self._slices and self._slices[0].end <= over:
            self._used -= self._slices.popleft().requests

    def _goes_on(self, expected: int) -> str:
        """When so much has left the stretch that a run of `expected` requests may begin."""
        used = self._used + self._reserved
        for slice_ in self._slices:
            used -= slice_.requests
            if used <= 0 or used + expected <= self.budget.requests:
                wait = timedelta(seconds=slice_.end + self.budget.seconds - self._clock())
                return f"it goes on at {datetime.now(UTC) + wait:%Y-%m-%d %H:%M:%S} UTC"
        return "it goes on when the runs that are under way have ended"
