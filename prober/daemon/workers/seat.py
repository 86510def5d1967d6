"""The place of one worker: it outlives the processes that take it, and knows what falls to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Final, TypeVar

from prober.config.model import Probe, Target
from prober.daemon.workers.accounts import Accounts
from prober.daemon.workers.messages import Answer, Apply, Assign, Figures, GiveUp, RunEarly, RunNow, Start
from prober.daemon.workers.worker_process import WorkerProcess
from prober.metrics.workers import WorkerFigures

_PIECE: Final = 100
"""Targets or probes of one message: a worker takes some 5 ms to read it, and measures latencies meanwhile."""

T = TypeVar("T")


class Seat:
    """`number` is from 1. `process` is None while there is none; `figures` are those of the process."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.process: WorkerProcess | None = None
        self.figures = Figures()
        self.silent = 0
        """Seconds in which nothing was heard of the process."""
        self.probes: Mapping[str, Probe] = {}
        self.first_ready = asyncio.Event()
        """Whether a process has had its share in force, ever."""
        self._targets: Mapping[str, Target] = {}
        self._generation = 0
        self._sent_probes: Mapping[str, Probe] = {}
        self._sent_targets: Mapping[str, Target] = {}
        self._ready = False
        self._ended = 0
        self._cpu_before = 0.0
        self._early: set[str] = set()
        self._asked: dict[int, asyncio.Future[Answer | None]] = {}
        self._numbers = count()

    def assign(self, probes: Mapping[str, Probe], targets: Mapping[str, Target], *, generation: int) -> None:
        """What falls to this worker from here on."""
        self.probes, self._targets, self._generation = probes, targets, generation
        self._early &= probes.keys()
        if self.process is not None:
            self._send_share({})

    def take(self, process: WorkerProcess, start: Start, accounts: Accounts) -> None:
        """A new process takes the place."""
        self.process = process
        self.silent = 0
        self._sent_probes, self._sent_targets = {}, {}
        process.send(start)
        process.send(Assign(sent=accounts.requests(self._targets)))
        self._send_share({probe: accounts.since(probe) for probe in self.probes})
        for probe in self._early:
            process.send(RunEarly(probe=probe))

    def leave(self) -> None:
        """The process has ended."""
        self.process = None
        self._ready = False
        self._ended += 1
        self._cpu_before += self.figures.cpu_seconds
        self.figures = Figures()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(None)

    def applied(self, generation: int) -> None:
        """The process has a share in force."""
        if generation == self._generation:
            self._ready = True
            self.first_ready.set()

    def run_early(self, probe: str) -> None:
        """See `Scheduler.run_early`; also by the process after this one, if the probe has not run until then."""
        self._early.add(probe)
        if self.process is not None:
            self.process.send(RunEarly(probe=probe))

    def ran(self, probe: str) -> None:
        """A run of a probe has ended."""
        self._early.discard(probe)

    async def run_now(self, probe: str, *, timeout: float | None) -> Answer | None:
        """The answer of the process; None where there is none, or it ends before it answers."""
        if self.process is None:
            return None
        number = next(self._numbers)
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self.process.send(RunNow(number=number, probe=probe, timeout=timeout))
        try:
            return await answer
        except asyncio.CancelledError:
            if self.process is not None:
                self.process.send(GiveUp(number=number))
            raise
        finally:
            del self._asked[number]

    def answered(self, answer: Answer) -> None:
        """The process has answered."""
        waiting = self._asked.get(answer.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    @property
    def state(self) -> WorkerFigures:
        """How the worker stands, for the metrics."""
        return WorkerFigures(
            worker=self.number,
            up=self._ready,
            ended=self._ended,
            probes=len(self.probes),
            cpu_seconds=self._cpu_before + self.figures.cpu_seconds,
            memory=self.figures.memory,
        )

    def _send_share(self, since: Mapping[str, datetime]) -> None:
        """Send what the process does not have yet."""
        assert self.process is not None
        targets = [target for name, target in self._targets.items() if self._sent_targets.get(name) != target]
        probes = [probe for name, probe in self.probes.items() if self._sent_probes.get(name) != probe]
        for some_targets in _pieces(targets):
            self.process.send(Assign(targets=some_targets))
        for some in _pieces(probes):
            due = {probe.name: since[probe.name] for probe in some if probe.name in since}
            self.process.send(Assign(probes=some, since=due))
        gone_targets = frozenset(self._sent_targets.keys() - self._targets.keys())
        gone_probes = frozenset(self._sent_probes.keys() - self.probes.keys())
        self.process.send(Apply(generation=self._generation, gone_targets=gone_targets, gone_probes=gone_probes))
        self._sent_probes, self._sent_targets = self.probes, self._targets


def _pieces(things: Sequence[T]) -> Iterator[tuple[T, ...]]:
    return (tuple(things[at : at + _PIECE]) for at in range(0, len(things), _PIECE))
