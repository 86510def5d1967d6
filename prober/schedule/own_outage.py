"""Detects that the prober itself is cut off: many unrelated targets are lost at the same time."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from prober.config.model import Config, Probe, Target
from prober.outcome import Family, Outcome, Phase, Reason, Verdict
from prober.scheduled_run import ScheduledRun


class OutageDetector:
    """A Sink that detects a burst of lost hosts: the network of the prober is the likelier cause than all of them.

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

    def record(self, result: ScheduledRun) -> None:
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
    # The whole family: a wrong clock of the prober's own shows as `tls_expired`, a lack of memory as `process_exited`.
    return outcome.reason is None or outcome.reason.family is not Family.TRANSPORT


def _place_of(target: Target) -> str:
    host = urlsplit(target.url).hostname if target.url else None
    return host or f"command {target.name}"
