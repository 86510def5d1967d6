"""The last runs of every probe with their exchanges, which history has no room for.

Memory is bounded three times: by the text of one run, by the runs of one probe, by the bytes of all runs of a verdict.
Each verdict has its own bounds, so that a thousand passes drive out no failure.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import count, islice
from sys import getsizeof
from typing import Final

from prober.config.model import Config, Probe
from prober.outcome import Exchange, Outcome, Verdict
from prober.report.formatting import rfc3339
from prober.scheduled_run import ScheduledRun


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many runs of one verdict are kept."""

    of_a_probe: int
    bytes: int


BOUNDS: Final[Mapping[Verdict, Bounds]] = {
    Verdict.FAIL: Bounds(of_a_probe=10, bytes=16 * 1024 * 1024),
    Verdict.UNKNOWN: Bounds(of_a_probe=3, bytes=4 * 1024 * 1024),
    Verdict.PASS: Bounds(of_a_probe=3, bytes=12 * 1024 * 1024),
}
MOST_OF_A_RUN: Final = 64 * 1024
"""Bytes of the exchanges of one run; of a longer run the last ones are kept, which hold the failure."""
_OF_AN_OUTCOME: Final = 2_000
_OF_AN_EXCHANGE: Final = 1_000
"""Bytes beside the texts, measured by tests/recent/test_memory.py."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentRun:
    """A run with its exchanges."""

    outcome: Outcome
    asked_for: bool = False
    """Whether somebody asked for it, by the page or by /probe: such a run is counted nowhere."""
    maintenance: bool = False
    left_out: int = 0
    """Exchanges at its beginning that are not kept."""

    @property
    def run_id(self) -> str:
        """When it began: with the probe, what no other run has. The exemplars of the metrics have the same."""
        return run_id(self.outcome.started_at)


class RecentRuns:
    """A Sink. Lives in the event loop's thread; what it returns may be read in any."""

    def __init__(self, bounds: Mapping[Verdict, Bounds] = BOUNDS) -> None:
        self._shelves = {verdict: _Shelf(bound) for verdict, bound in bounds.items()}
        self._numbers = count()

    def record(self, result: ScheduledRun) -> None:
        """A scheduled run has ended."""
        self._keep(RecentRun(outcome=result.outcome, maintenance=result.maintenance))

    def skipped(self, probe: Probe) -> None:
        """A run that was left out has no exchange."""

    def asked_for(self, outcome: Outcome) -> None:
        """A run that somebody asked for has ended."""
        self._keep(RecentRun(outcome=outcome, asked_for=True))

    def apply_config(self, config: Config) -> None:
        """Forget the runs of probes that are gone."""
        known = {(probe.target, probe.name) for probe in config.probes.values()}
        for shelf in self._shelves.values():
            shelf.keep_only(known)

    @property
    def bytes(self) -> int:
        """About how much memory the runs take."""
        return sum(shelf.bytes for shelf in self._shelves.values())

    def newest(
        self, limit: int, *, target: str | None = None, probe: str | None = None, verdict: Verdict | None = None
    ) -> list[RecentRun]:
        """The runs that ended last."""
        return list(islice(self._matching(target=target, probe=probe, verdict=verdict), limit))

    def find(
        self, wanted: str, *, target: str | None = None, probe: str | None = None, verdict: Verdict | None = None
    ) -> list[RecentRun]:
        """The runs with that id."""
        return [run for run in self._matching(target=target, probe=probe, verdict=verdict) if run.run_id == wanted]

    def _keep(self, run: RecentRun) -> None:
        self._shelves[run.outcome.verdict].put(next(self._numbers), *_within_bounds(run))

    def _matching(
        self, *, target: str | None = None, probe: str | None = None, verdict: Verdict | None = None
    ) -> Iterator[RecentRun]:
        shelves = [shelf for of, shelf in self._shelves.items() if verdict in (None, of)]
        for _, run in merge(*(shelf.newest_first() for shelf in shelves), key=lambda entry: -entry[0]):
            if target in (None, run.outcome.target) and probe in (None, run.outcome.probe):
                yield run


def run_id(started_at: datetime) -> str:
    """`2026-01-31T12:00:00.000Z`."""
    return rfc3339(started_at)


class _Shelf:
    """The runs of one verdict, the oldest first."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._runs: OrderedDict[int, tuple[RecentRun, int]] = OrderedDict()
        """By number, with the size."""
        self._of_probe: dict[str, deque[int]] = {}
        self.bytes = 0

    def put(self, number: int, run: RecentRun, size: int) -> None:
        numbers = self._of_probe.setdefault(run.outcome.probe, deque())
        numbers.append(number)
        self._runs[number] = run, size
        self.bytes += size
        if len(numbers) > self._bounds.of_a_probe:
            self._drop(numbers[0])
        while self.bytes > self._bounds.bytes:
            self._drop(next(iter(self._runs)))

    def keep_only(self, known: Collection[tuple[str, str]]) -> None:
        for number, (run, _) in [*self._runs.items()]:
            if (run.outcome.target, run.outcome.probe) not in known:
                self._drop(number)

    def newest_first(self) -> Iterator[tuple[int, RecentRun]]:
        return ((number, run) for number, (run, _) in reversed(self._runs.items()))

    def _drop(self, number: int) -> None:
        run, size = self._runs.pop(number)
        self.bytes -= size
        numbers = self._of_probe[run.outcome.probe]
        numbers.remove(number)
        if not numbers:
            del self._of_probe[run.outcome.probe]


def _within_bounds(run: RecentRun) -> tuple[RecentRun, int]:
    """The run with as many of its last exchanges as may be kept, and its size."""
    outcome, kept, total = run.outcome, 0, 0
    for exchange in reversed(outcome.exchanges):
        size = _size(exchange)
        if kept and total + size > MOST_OF_A_RUN:
            break
        kept, total = kept + 1, total + size
    left_out = len(outcome.exchanges) - kept
    if left_out:
        run = replace(run, outcome=replace(outcome, exchanges=outcome.exchanges[left_out:]), left_out=left_out)
    texts = (outcome.message, *outcome.warnings, *(text for each in outcome.evidence for text in vars(each).values()))
    return run, total + _OF_AN_OUTCOME + sum(getsizeof(text) for text in texts if isinstance(text, str))


def _size(exchange: Exchange) -> int:
    return _OF_AN_EXCHANGE + getsizeof(exchange.sent) + getsizeof(exchange.received)
