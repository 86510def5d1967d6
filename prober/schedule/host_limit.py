"""Limits the requests to a host over all targets of a source, and lets its probes take turns."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from prober.config.model import Budget, Target
from prober.schedule.rate_limit import RateLimit


class HostLimit:
    """One host's allowance. Who was refused first goes first: probes are due at the same moments of every interval, so
    without turns the same few of a thousand would be run each time, and the others never.

    A turn that is not taken within the unit of the allowance is given up: its probe may be gone.
    """

    def __init__(self, budget: Budget, *, clock: Callable[[], float] = monotonic) -> None:
        self._limit = RateLimit(budget, of="host", clock=clock)
        self._clock = clock
        self._turns: dict[str, float] = {}
        """When each probe was last refused; who waits longest is first."""

    @property
    def budget(self) -> Budget:
        return self._limit.budget

    def reserve(self, probe: str, expected: int) -> str | None:
        """As of RateLimit, for a run of this probe."""
        before = self._before(probe)
        refusal = self._limit.reserve(expected, for_others=before * expected)
        if refusal is None:
            self._turns.pop(probe, None)
            return None
        self._turns[probe] = self._clock()
        return f"{refusal}; other probes have waited longer" if before else refusal

    def settle(self, expected: int, sent: int) -> None:
        """A run that had reserved `expected` requests has sent `sent`."""
        self._limit.settle(expected, sent)

    def inherit(self, other: HostLimit) -> None:
        """Take over the count of another allowance of the same host."""
        self._limit.inherit(other._limit)

    def _before(self, probe: str) -> int:
        """How many wait longer; as many as there are requests left is enough to know."""
        gone = self._clock() - self.budget.seconds
        while self._turns and (first := next(iter(self._turns))) != probe and self._turns[first] < gone:
            del self._turns[first]
        count = 0
        for other in self._turns:
            if other == probe or count > self._limit.remaining:
                break
            count += 1
        return count


class HostLimits:
    """The allowances of all hosts, each for as long as a target is held that shares it."""

    def __init__(self) -> None:
        self._of: WeakValueDictionary[tuple[str | None, str], HostLimit] = WeakValueDictionary()

    def of(self, target: Target) -> HostLimit | None:
        """The allowance that the target shares with others; None where its source sets none."""
        host = urlsplit(target.url or "").hostname
        if target.host_budget is None or host is None:
            return None
        known = self._of.get((target.source, host))
        if known is not None and known.budget == target.host_budget:
            return known
        limit = HostLimit(target.host_budget)
        if known is not None:
            limit.inherit(known)
        self._of[target.source, host] = limit
        return limit
