"""A circuit breaker: a dependency that fails or drags is left alone for a while, and its callers are told at once.

    closed     --too many bad calls--> open
    open       --its rest is over----> half-open: one call at a time is let through, as a trial
    half-open  --the trial was good--> closed
    half-open  --the trial was bad---> open, for twice as long as before

A call is bad if it failed or took longer than the policy allows, be it that its caller gave up on it by then. A call
that was given up on earlier, or never reached the dependency, counts for nothing. Verdicts of calls that began before
the last change of state count for nothing either: a hundred calls that time out together are one outage, not twenty.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerPolicy:
    """When to open, and for how long. Times in seconds."""

    bad_calls: int = 5
    """So many bad ones …"""
    of_last: int = 10
    """… among so many calls open the breaker."""
    slow_after: float = 1.0
    """A call that took longer is bad, even if it was answered."""
    rest: float = 0.5
    """How long nothing is let through after opening; doubles with each trial that was bad."""
    longest_rest: float = 5.0


class BreakerOpenError(Exception):
    """The call was not made. `retry_in` seconds from now one may be let through; 0 while one is on its way."""

    def __init__(self, *, retry_in: float) -> None:
        super().__init__(f"cut off by its circuit breaker; the next try is in {retry_in:.1f} s")
        self.retry_in = retry_in


class Breaker:
    """The breaker of one dependency, used on one event loop."""

    def __init__(
        self,
        policy: BreakerPolicy,
        *,
        changed: Callable[[bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`changed` is told True when the breaker opens and False when it closes; half-open still is open."""
        self._policy: Final = policy
        self._changed = changed
        self._clock = clock
        self._bad: deque[bool] = deque(maxlen=policy.of_last)
        self._rest = policy.rest
        self._rests_until: float | None = None
        self._trial: Call | None = None
        self._era = 0

    @property
    def is_open(self) -> bool:
        """True from opening until a trial was good."""
        return self._rests_until is not None

    def check(self) -> None:
        """Raise BreakerOpenError where `admit` would."""
        if self._rests_until is None:
            return
        remaining = self._rests_until - self._clock()
        if remaining > 0 or self._trial is not None:
            raise BreakerOpenError(retry_in=max(0.0, remaining))

    def admit(self) -> Call:
        """Let a call through, to be used as a context manager around it. Raises BreakerOpenError."""
        self.check()
        call = Call(self, era=self._era)
        if self.is_open:
            self._trial = call
        return call

    def _judge(self, call: Call, *, bad: bool) -> None:
        if call.era != self._era:
            return
        if call is self._trial:
            self._open() if bad else self._close()
            return
        self._bad.append(bad)
        if sum(self._bad) >= self._policy.bad_calls:
            self._open()

    def _open(self) -> None:
        was_open = self.is_open
        self._rest = min(2 * self._rest, self._policy.longest_rest) if was_open else self._policy.rest
        self._rests_until = self._clock() + self._rest
        self._turn()
        if not was_open:
            self._changed(True)

    def _close(self) -> None:
        self._rests_until = None
        self._turn()
        self._changed(False)

    def _turn(self) -> None:
        """Forget what was seen in the state that ends here."""
        self._era += 1
        self._bad.clear()
        self._trial = None

    def _leave(self, call: Call) -> None:
        if call is self._trial:
            self._trial = None


class Call:
    """One call that was let through. Says how it went, at most once; the first word counts."""

    def __init__(self, breaker: Breaker, *, era: int) -> None:
        self._breaker = breaker
        self.era: Final = era

    def __enter__(self) -> Call:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._breaker._leave(self)

    def answered(self, *, seconds: float) -> None:
        """The dependency answered, after so many seconds."""
        self._breaker._judge(self, bad=seconds > self._breaker._policy.slow_after)

    def given_up(self, *, seconds: float) -> None:
        """The caller waited no longer, after so many seconds."""
        if seconds > self._breaker._policy.slow_after:
            self.failed()

    def failed(self) -> None:
        """The dependency did not answer, or answered that it cannot be used."""
        self._breaker._judge(self, bad=True)
