"""Records operations as they happen, by one clock, and makes a trace of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any, Final

from prober.consistency.trace import Operation, Result, Trace
from prober.kinds.race.models import MODELS
from prober.kinds.race.settings import RaceSettings
from prober.outcome import Failure

_REMEMBERED: Final = 32
_MOST_TROUBLE: Final = 20


class Recorder:
    """The record that all clients of one race write. All clients share one thread, so nothing is locked."""

    def __init__(self, *, tag: str, limit: int, clock: Callable[[], float] = time.monotonic):
        self.tag = tag
        self._limit = limit
        self._clock = clock
        self._began: float | None = None
        self._durations: deque[float] = deque(maxlen=_REMEMBERED)
        self.operations: list[Operation] = []
        self.elements: list[str] = []
        """Everything that somebody tried to write."""
        self.trouble: list[Failure] = []
        """Why outcomes are unknown."""
        self.touched = False
        """Whether anything was asked of the server that a cleanup may have to undo."""
        self._started = 0

    @property
    def full(self) -> bool:
        """Whether as many operations have begun as may, or so many failed that the server is not fit for a race."""
        return self._started >= self._limit or len(self.trouble) > _MOST_TROUBLE

    @property
    def usual_duration(self) -> float:
        """Seconds that a call took of late, 0 before the first."""
        return median(self._durations) if self._durations else 0.0

    def now(self) -> float:
        """Seconds since the trace began: since this was asked first."""
        moment = self._clock()
        if self._began is None:
            self._began = moment
        return moment - self._began

    def start(self) -> None:
        """Count an operation that begins."""
        self._started += 1

    def new_element(self) -> str:
        """A text that nobody has written yet, here or in any other run."""
        self.elements.append(f"{self.tag}-{len(self.elements)}")
        return self.elements[-1]

    def add(self, operation: Operation) -> None:
        """Keep an operation that has ended."""
        self.operations.append(operation)
        if operation.result is Result.OK:
            self._durations.append(operation.returned - operation.invoked)

    def trace(self, settings: RaceSettings, *, seed: int, about: str) -> Trace:
        """All operations in the order of invocation, without the elements that other runs left in a collection."""
        ordered = sorted(self.operations, key=lambda each: (each.invoked, each.returned))
        if MODELS[settings.model].collection:
            ordered = [replace(each, value=self._ours(each.value)) for each in ordered]
        return Trace(
            model=settings.model,
            operations=tuple(replace(each, id=number) for number, each in enumerate(ordered)),
            ttl=settings.ttl,
            staleness=settings.staleness,
            guarantees=settings.guarantees,
            seed=seed,
            about=about,
        )

    def _ours(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [each for each in value if isinstance(each, str) and each.startswith(self.tag)]
