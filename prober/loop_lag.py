"""Measures the lag of the event loop (LoopLag) and makes outcomes `unknown` when the lag explains them
(discount_own_lag)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

from prober.config.model import Probe
from prober.outcome import Outcome, Reason, Verdict
from prober.redaction import masked_before

PERIOD: Final = 0.025
"""Seconds between two looks at the loop's clock: a standstill can hide between two looks only if it is shorter."""
STANDSTILL: Final = 0.05
"""Seconds. A healthy loop is a few milliseconds late, latency budgets are some hundred: from here on a measured time
may be wrong by enough to turn a verdict. With looks every 25 ms none above 75 ms goes unseen."""

_REMEMBERED: Final = 256
_SLEEP: Final = 1.0
"""Seconds from which on a machine has slept: less is what passes between two looks at two clocks."""

_OF_SILENCE: Final = frozenset(
    {Reason.CONNECTION_RESET, Reason.CONNECTION_CLOSED, Reason.STREAM_ENDED, Reason.SESSION_LOST}
)
"""What servers do to a client that has been silent for long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A moment from which lag is counted, see `LoopLag.mark`."""

    time: float
    lost: float
    slept: float


def _slept() -> float:
    """The seconds that this machine has slept since it was started; none, where the system does not say.

    The event loop's clock stands still meanwhile, and servers do not.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


class LoopLag:
    """Measures how late the event loop runs its callbacks; calls `on_lag` with seconds, forty times a second."""

    def __init__(
        self, on_lag: Callable[[float], None] = lambda _seconds: None, *, slept: Callable[[], float] = _slept
    ) -> None:
        self._on_lag = on_lag
        self._slept = slept
        self._timer: asyncio.TimerHandle | None = None
        self._lags: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        """(loop time, lag) by time; lags fall, because a larger one makes the smaller ones before it redundant."""
        self._lost = 0.0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(loop.time() + PERIOD, self._look)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def mark(self) -> Mark:
        """The present moment."""
        return Mark(time=asyncio.get_running_loop().time(), lost=self._lost_until_now(), slept=self._slept())

    def worst_since(self, loop_time: float) -> float:
        """The greatest lag since a loop time, in seconds, with a standstill that still goes on."""
        return max([self._overdue(), *(lag for seen, lag in self._lags if seen >= loop_time)])

    def lost_since(self, mark: Mark) -> float:
        """The seconds of all standstills since a mark, and of the machine's sleep."""
        slept = self._slept() - mark.slept
        return max(0.0, self._lost_until_now() - mark.lost) + (slept if slept >= _SLEEP else 0.0)

    def _look(self) -> None:
        lag = self._overdue()
        loop = asyncio.get_running_loop()
        while self._lags and self._lags[-1][1] <= lag:
            self._lags.pop()
        self._lags.append((loop.time(), lag))
        if lag >= STANDSTILL:
            self._lost += lag
        self._timer = loop.call_at(loop.time() + PERIOD, self._look)
        self._on_lag(lag)

    def _lost_until_now(self) -> float:
        overdue = self._overdue()
        return self._lost + (overdue if overdue >= STANDSTILL else 0.0)

    def _overdue(self) -> float:
        if self._timer is None:
            return 0.0
        return max(0.0, asyncio.get_running_loop().time() - self._timer.when())


def discount_own_lag(
    outcome: Outcome, probe: Probe, *, lag: LoopLag, since: Mark, tolerated: float = STANDSTILL
) -> Outcome:
    """The outcome, or `undecided` where the prober's own standstill may have caused what it blames the target for.

    `too_slow`   the loop stood still for at least as long as the answer exceeded its latency budget
    timeouts     the loop stood still at the deadline, when an answer may have arrived unread; or for half of the time
                 that the target had

    `tolerated` is the lag at the deadline, in seconds, below which a timeout stays the target's.
    a connection that ended     the loop stood still for as long as a run may take: the server may have given it up
    """
    lost = lag.lost_since(since)
    if lost < STANDSTILL:
        return outcome
    match outcome.reason:
        case Reason.TOO_SLOW:
            late = lost >= _over_budget(outcome, probe)
        case Reason.TIMEOUT | Reason.CONNECT_TIMEOUT:
            start = outcome.facts.get("start_seconds", 0.0)  # which the deadline of a run leaves out
            at_deadline = lag.worst_since(since.time + start + probe.timeout) >= tolerated
            late = at_deadline or lost >= probe.timeout / 2
        case reason if reason in _OF_SILENCE:
            late = lost >= probe.timeout
        case _:
            late = False
    if not late:
        return outcome
    return replace(
        outcome,
        verdict=Verdict.UNKNOWN,
        reason=Reason.UNDECIDED,
        message=masked_before(
            f"the prober was late itself, by {lost * 1000:.0f} ms during the run; it saw: {outcome.message}"
        ),
        facts={name: value for name, value in outcome.facts.items() if name != "latency_seconds"},
    )


def _over_budget(outcome: Outcome, probe: Probe) -> float:
    """Seconds by which the latency exceeds the greatest budget that it missed: the smallest excess of all."""
    latency = outcome.facts.get("latency_seconds", 0.0)
    missed = [budget for budget in _budgets(probe.settings) if budget < latency]
    return latency - max(missed) if missed else 0.0


def _budgets(settings: Any) -> Iterator[float]:
    for judged in (settings, *getattr(settings, "steps", ()), *getattr(settings, "cleanup", ())):
        checks = getattr(judged, "checks", None)
        if checks is not None and checks.latency.fail is not None:
            yield checks.latency.fail
