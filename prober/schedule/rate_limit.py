"""Limits the requests to a target or a host: a sliding window that counts the requests really sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from prober.config.fields.units import show_rate
from prober.config.model import Budget

_SLICES: Final = 240
"""Slices of the window; requests in one slice are counted together, so a million a day need no million entries. A
request counts until its slice has left the window: at most a 240th of the window too long."""


@dataclass(slots=True)
class _Slice:
    end: float
    """When its last request was sent, at most a slice's width after its first."""
    start: float
    requests: int


class RateLimit:
    """One budget. A run reserves its expected number of requests before it begins and settles the real number
    when it has ended, so that parallel runs do not overdraw the budget together."""

    def __init__(self, budget: Budget, *, of: str = "target", clock: Callable[[], float] = monotonic) -> None:
        """`of` is whose budget it is, for people."""
        self.budget = budget
        self._of = of
        self._clock = clock
        self._slices: deque[_Slice] = deque()
        self._used = 0
        self._reserved = 0

    @property
    def remaining(self) -> int:
        """How many requests may be sent now."""
        return max(0, self.budget.requests - self.used - self._reserved)

    @property
    def used(self) -> int:
        """How many requests were sent within the window."""
        self._slide()
        return self._used

    def reserve(self, expected: int, *, for_others: int = 0) -> str | None:
        """Reserve `expected` requests and return None; or return why there are not as many, and until when.

        `for_others` are requests to be left.

        A run that needs more than the whole budget is let through when the budget is untouched: it would never run.
        """
        left = max(0, self.remaining - for_others)
        if left >= expected or self._used + self._reserved + for_others == 0:
            self._reserved += expected
            return None
        budget = show_rate(self.budget.requests, self.budget.seconds)
        state = f"has {left} requests left where about {expected} are wanted" if left else "is used up"
        return f"the {self._of}'s budget of {budget} requests {state}; {self._resumes(expected)}"

    def settle(self, expected: int, sent: int) -> None:
        """A run that had reserved `expected` requests has sent `sent`."""
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

    def inherit(self, other: RateLimit) -> None:
        """Take over the count of another rate limit: a budget that changes does not give back requests already sent."""
        self._slices.extend(other._slices)
        self._used += other._used

    def _slide(self) -> None:
        over = self._clock() - self.budget.seconds
        while self._slices and self._slices[0].end <= over:
            self._used -= self._slices.popleft().requests

    def _resumes(self, expected: int) -> str:
        """When enough requests have left the window for a run of `expected` requests."""
        used = self._used + self._reserved
        for slice_ in self._slices:
            used -= slice_.requests
            if used <= 0 or used + expected <= self.budget.requests:
                wait = timedelta(seconds=slice_.end + self.budget.seconds - self._clock())
                return f"it goes on at {datetime.now(UTC) + wait:%Y-%m-%d %H:%M:%S} UTC"
        return "it goes on when the runs that are under way have ended"
