"""Records the operations of a race by one clock, and makes a trace of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Final

from prober.consistency.trace import Operation, Result, Trace
from prober.json_values import Json
from prober.kinds.race.answers_kept import AnswersKept
from prober.kinds.race.models import MODELS
from prober.kinds.race.settings import RaceSettings
from prober.outcome import Failure

_RECENT_CALLS: Final = 32
_MAX_FAILURES: Final = 20


class Recorder:
    """The record of all clients of one race. All clients share one thread, so that no lock is needed."""

    def __init__(self, *, tag: str, model: str, limit: int, clock: Callable[[], float] = time.monotonic):
        self._model = model
        self._kept = AnswersKept(tag=tag)
        self._limit = limit
        self._clock = clock
        self._began: float | None = None
        self._durations: deque[float] = deque(maxlen=_RECENT_CALLS)
        self.operations: list[Operation] = []
        self.failures: list[Failure] = []
        """The failures of operations with an unknown outcome."""
        self.needs_cleanup = False
        """Whether a request was sent that a cleanup may have to undo."""
        self._started = 0

    @property
    def elements(self) -> list[str]:
        """All elements of writes, also of failed writes."""
        return self._kept.elements

    @property
    def full(self) -> bool:
        """Whether the limit of operations is reached, or too many failed for a race."""
        return self._started >= self._limit or len(self.failures) > _MAX_FAILURES

    @property
    def usual_duration(self) -> float:
        """The median seconds of recent calls; 0 before the first."""
        return median(self._durations) if self._durations else 0.0

    def now(self) -> float:
        """Seconds since the first call of this method."""
        moment = self._clock()
        if self._began is None:
            self._began = moment
        return moment - self._began

    def start(self) -> None:
        """Count an operation that begins."""
        self._started += 1

    def new_element(self) -> str:
        """A text that is unique in this run and in all other runs."""
        return self._kept.make(self.now())

    def add(self, operation: Operation) -> None:
        """Add an operation that has ended, with as much of its answer as its verdict needs."""
        self.operations.append(replace(operation, value=self._needed(operation)))
        if operation.result is Result.OK:
            self._durations.append(operation.returned - operation.invoked)

    def trace(self, settings: RaceSettings, *, seed: int, about: str) -> Trace:
        """All operations in the order of invocation, without the calls that took out what others had put in a queue."""
        ordered = sorted(self.operations, key=lambda each: (each.invoked, each.returned))
        drains = MODELS[self._model].drains
        if drains is not None:
            ordered = [
                each for each in ordered if each.kind != drains or each.value is None or self._kept.is_own(each.value)
            ]
        return Trace(
            model=self._model,
            operations=tuple(replace(each, id=number) for number, each in enumerate(ordered)),
            ttl=settings.ttl,
            staleness=settings.staleness,
            guarantees=settings.guarantees,
            seed=seed,
            about=about,
        )

    def _needed(self, operation: Operation) -> Json:
        value = operation.value
        if not isinstance(value, list):
            return self._kept.short(value)
        if operation.kind == "read" and MODELS[self._model].collection:
            return self._kept.collection(value, at=operation.returned)
        if operation.kind == "read" and self._model == "record":
            return list(map(self._kept.short, value))
        return self._kept.short(value)
