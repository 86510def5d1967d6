"""When the prober must not trust what it saw: it was late itself, or it is cut off from everybody at once."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from prober.config.model import Config, Probe, Target
from prober.outcome import Outcome, Phase, Reason, Verdict
from prober.result import Result

PERIOD: Final = 0.025
"""Seconds between two looks at the loop's clock: a standstill can hide between two looks only if it is shorter."""
STANDSTILL: Final = 0.05
"""Seconds. A healthy loop is a few milliseconds late, latency budgets are some hundred: from here on a measured time
may be wrong by enough to turn a verdict. With looks every 25 ms none above 75 ms goes unseen."""

_REMEMBERED: Final = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A moment that may be asked about later."""

    time: float
    lost: float


class LoopLag:
    """Measures by how much the event loop is late; `on_lag` is told in seconds, some forty times a second."""

    def __init__(self, on_lag: Callable[[float], None] = lambda _seconds: None) -> None:
        self._on_lag = on_lag
        self._timer: asyncio.TimerHandle | None = None
        self._lags: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        """When seen, how much: each later one is smaller, for a larger one makes those before it uninteresting."""
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
        return Mark(time=asyncio.get_running_loop().time(), lost=self._lost_until_now())

    def worst_since(self, loop_time: float) -> float:
        """The greatest lag since then, in seconds; one that goes on right now is in it."""
        return max([self._overdue(), *(lag for seen, lag in self._lags if seen >= loop_time)])

    def lost_since(self, mark: Mark) -> float:
        """The seconds of all standstills since then."""
        return max(0.0, self._lost_until_now() - mark.lost)

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


def reconsidered(outcome: Outcome, probe: Probe, *, lag: LoopLag, since: Mark) -> Outcome:
    """The outcome, or `undecided` where it says of the target what the prober's own standstill may have done.

    `too_slow`   the loop stood still for at least as long as the answer was over its budget
    timeouts     it stood still when the deadline came, so that an answer may have been there unread; or for half of
                 the time that the target had
    """
    lost = lag.lost_since(since)
    if lost < STANDSTILL:
        return outcome
    match outcome.reason:
        case Reason.TOO_SLOW:
            late = lost >= _over_budget(outcome, probe)
        case Reason.TIMEOUT | Reason.CONNECT_TIMEOUT:
            at_deadline = lag.worst_since(since.time + probe.timeout) >= STANDSTILL
            late = at_deadline or lost >= probe.timeout / 2
        case _:
            late = False
    if not late:
        return outcome
    return replace(
        outcome,
        verdict=Verdict.UNKNOWN,
        reason=Reason.UNDECIDED,
        message=f"the prober was late itself, by {lost * 1000:.0f} ms during the run; it saw: {outcome.message}",
        facts={name: value for name, value in outcome.facts.items() if name != "latency_seconds"},
    )


def _over_budget(outcome: Outcome, probe: Probe) -> float:
    """Seconds, in favour of doubt: over the greatest budget that was missed."""
    latency = outcome.facts.get("latency_seconds", 0.0)
    missed = [budget for budget in _budgets(probe.settings) if budget < latency]
    return latency - max(missed) if missed else 0.0


def _budgets(settings: Any) -> Iterator[float]:
    for judged in (settings, *getattr(settings, "steps", ()), *getattr(settings, "cleanup", ())):
        checks = getattr(judged, "checks", None)
        if checks is not None and checks.latency.fail is not None:
            yield checks.latency.fail


_UNREACHED: Final = frozenset(
    {
        Reason.DNS_FAILED,
        Reason.CONNECT_REFUSED,
        Reason.CONNECT_FAILED,
        Reason.CONNECT_TIMEOUT,
        Reason.PROXY_FAILED,
        Reason.TLS_EXPIRED,
        Reason.TLS_UNTRUSTED,
        Reason.TLS_HOSTNAME,
        Reason.TLS_FAILED,
        Reason.CONNECTION_RESET,
        Reason.CONNECTION_CLOSED,
        Reason.NOT_HTTP,
        Reason.SPAWN_FAILED,
        Reason.PROCESS_EXITED,
    }
)
"""The whole transport family: a wrong clock of our own is `tls_expired`, a lack of memory `process_exited`."""


class Suspicion:
    """A Sink that flags a burst of transport failures at unrelated places: more likely the prober is cut off.

    place     the host of a target's URL; each command is one by itself. Targets on one host are related: however many
              fail together, it is one place
    lost      a place with a target that was reached by its run before and is not by this one: a reason of the transport
              family, or a deadline that passed before anything could be sent
    rule      it suspects when, within `WINDOW`, at least `FEWEST` places were lost and not found again, and they are at
              least half of all places looked at in that time
    end       as soon as half of the places lost until then are reached again, and in any case after `LONGEST`: a
              place is lost once, so an outage that is real is taken for real from then on. Where all is on one or two
              hosts there is never a suspicion
    """

    WINDOW: Final = 60.0
    """Seconds: within the usual interval every target is looked at once."""
    FEWEST: Final = 3
    LONGEST: Final = 300.0
    """Seconds by which a real outage is told later at most; whoever watches the prober sees the flag meanwhile."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._places: dict[str, str] = {}
        self._reached: dict[str, bool] = {}
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lost: OrderedDict[str, float] = OrderedDict()
        """Targets lost in the window, by the time of it."""
        self._lost_at: Counter[str] = Counter()
        """How many of them are at a place."""
        self._burst: set[str] = set()
        self._missing: set[str] = set()
        self._until = 0.0

    @property
    def suspects(self) -> bool:
        """Whether the prober should be suspected rather than its targets, at this moment."""
        return bool(self._burst) and self._clock() < self._until and len(self._missing) * 2 > len(self._burst)

    def apply_config(self, config: Config) -> None:
        """Know where the targets are. What was seen of those that are gone or have moved is forgotten."""
        places = {name: _place_of(target) for name, target in config.targets.items()}
        for name, place in self._places.items():
            if places.get(name) != place:
                self._found(name)
                self._reached.pop(name, None)
        self._places = places

    def record(self, result: Result) -> None:
        """A run has ended."""
        outcome = result.outcome
        target, place = outcome.target, self._places.get(outcome.target)
        if place is None or outcome.verdict is Verdict.UNKNOWN:
            return
        now = self._clock()
        self._seen[place] = now
        self._seen.move_to_end(place)
        before, self._reached[target] = self._reached.get(target), _reached(outcome)
        if self._reached[target]:
            self._found(target)
        elif before:
            self._lost[target] = now
            self._lost_at[place] += 1
        self._slide(now)
        if not before or self._reached[target]:
            return
        if self.suspects:
            self._burst.add(place)
            self._missing.add(place)
        elif self._is_burst():
            self._burst, self._missing = set(self._lost_at), set(self._lost_at)
            self._until = now + self.LONGEST

    def skipped(self, probe: Probe) -> None:
        """Nothing was seen."""

    def _is_burst(self) -> bool:
        return len(self._lost_at) >= self.FEWEST and len(self._lost_at) * 2 >= len(self._seen)

    def _found(self, target: str) -> None:
        place = self._places.get(target, "")
        self._missing.discard(place)
        if self._lost.pop(target, None) is not None:
            self._forget_one(place)

    def _slide(self, now: float) -> None:
        over = now - self.WINDOW
        while self._seen and next(iter(self._seen.values())) <= over:
            self._seen.popitem(last=False)
        while self._lost and next(iter(self._lost.values())) <= over:
            target, _ = self._lost.popitem(last=False)
            self._forget_one(self._places[target])

    def _forget_one(self, place: str) -> None:
        self._lost_at[place] -= 1
        if self._lost_at[place] <= 0:
            del self._lost_at[place]


def _reached(outcome: Outcome) -> bool:
    if outcome.reason is Reason.TIMEOUT:
        return Phase.WAIT in outcome.phases
    return outcome.reason not in _UNREACHED


def _place_of(target: Target) -> str:
    host = urlsplit(target.url).hostname if target.url else None
    return host or f"command {target.name}"
