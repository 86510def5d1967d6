"""A circuit breaker: calls to a dependency that fails or is slow are refused at once for a while.

    closed     --too many bad calls------> open
    open       --reset timeout is over---> half-open: one call at a time is admitted, as a trial
    half-open  --the trial was good------> closed
    half-open  --the trial was bad-------> open, for twice as long as before

A call is bad if it failed or took longer than the policy allows, also if its caller has given up by then. A call that
was given up earlier, or never reached the dependency, does not count. A call that began before the last change of state
does not count either: a hundred calls that time out together are one outage, not twenty.
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
    """This many bad calls …"""
    of_last: int = 10
    """… among the last `of_last` calls open the breaker."""
    slow_after: float = 1.0
    """A call that took longer is bad, even if it was answered."""
    reset_timeout: float = 0.5
    """How long no call is admitted after opening; doubles with each bad trial."""
    max_reset_timeout: float = 5.0


class BreakerOpenError(Exception):
    """The call was not made. In `retry_in` seconds a trial may be admitted; 0 while a trial is running."""

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
        """`changed` is called with True when the breaker opens and with False when it closes; half-open is open."""
        self._policy: Final = policy
        self._changed = changed
        self._clock = clock
        self._bad: deque[bool] = deque(maxlen=policy.of_last)
        self._reset_timeout = policy.reset_timeout
        self._open_until: float | None = None
        self._trial: Call | None = None
        self._generation = 0

    @property
    def is_open(self) -> bool:
        """True from opening until a trial was good."""
        return self._open_until is not None

    def check(self) -> None:
        """Raise BreakerOpenError where `admit` would."""
        if self._open_until is None:
            return
        remaining = self._open_until - self._clock()
        if remaining > 0 or self._trial is not None:
            raise BreakerOpenError(retry_in=max(0.0, remaining))

    def admit(self) -> Call:
        """Admit a call: the value is a context manager for the call. Raises BreakerOpenError."""
        self.check()
        call = Call(self, generation=self._generation)
        if self.is_open:
            self._trial = call
        return call

    def _judge(self, call: Call, *, bad: bool) -> None:
        if call.generation != self._generation:
            return
        if call is self._trial:
            self._open() if bad else self._close()
            return
        self._bad.append(bad)
        if sum(self._bad) >= self._policy.bad_calls:
            self._open()

    def _open(self) -> None:
        was_open = self.is_open
        policy = self._policy
        self._reset_timeout = (
            min(2 * self._reset_timeout, policy.max_reset_timeout) if was_open else policy.reset_timeout
        )
        self._open_until = self._clock() + self._reset_timeout
        self._begin_generation()
        if not was_open:
            self._changed(True)

    def _close(self) -> None:
        self._open_until = None
        self._begin_generation()
        self._changed(False)

    def _begin_generation(self) -> None:
        """Forget the calls of the previous state."""
        self._generation += 1
        self._bad.clear()
        self._trial = None

    def _leave(self, call: Call) -> None:
        if call is self._trial:
            self._trial = None


def breakers(policy: BreakerPolicy, *, count: int, changed: Callable[[bool], None]) -> tuple[Breaker, ...]:
    """Breakers of parts of one dependency. `changed` hears of them as of one, which is open while any of them is."""
    reported = False

    def one_changed(_is_open: bool) -> None:
        nonlocal reported
        if (now := any(each.is_open for each in made)) != reported:
            reported = now
            changed(now)

    made = tuple(Breaker(policy, changed=one_changed) for _ in range(count))
    return made


class Call:
    """One admitted call. It reports its result at most once; only the first report counts."""

    def __init__(self, breaker: Breaker, *, generation: int) -> None:
        self._breaker = breaker
        self.generation: Final = generation

    def __enter__(self) -> Call:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._breaker._leave(self)

    def answered(self, *, seconds: float) -> None:
        """The dependency answered after `seconds`."""
        self._breaker._judge(self, bad=seconds > self._breaker._policy.slow_after)

    def given_up(self, *, seconds: float) -> None:
        """The caller gave up after `seconds`."""
        if seconds > self._breaker._policy.slow_after:
            self.failed()

    def failed(self) -> None:
        """The dependency did not answer, or answered that it cannot be used."""
        self._breaker._judge(self, bad=True)
