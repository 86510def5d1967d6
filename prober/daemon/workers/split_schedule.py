"""What Scheduler is to one process, in front of several: each has its share, and all results come here.

A worker that ends is replaced at once; only one that cannot even start is waited for, longer each time. Sinks, and so
counters, streaks and history, are here and know nothing of it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Final, Self

from prober import __version__
from prober.client.stdio.kept_processes import Ended
from prober.config.model import Config, Probe
from prober.daemon.logs import log
from prober.daemon.workers.accounts import Accounts
from prober.daemon.workers.division import worker_of
from prober.daemon.workers.messages import Answer, Applied, Drain, Figures, Here, KeptEnded, LeftOut, Ran, Start
from prober.daemon.workers.seat import Seat
from prober.daemon.workers.worker_process import WorkerProcess
from prober.engine import not_run
from prober.metrics.workers import WorkerFigures
from prober.outcome import Outcome
from prober.schedule import Shard
from prober.schedule.maintenance import MaintenanceWindows, windows_of
from prober.schedule.scheduled_probe import trigger_of
from prober.schedule.scheduler import CANCEL_GRACE, tell
from prober.schedule.shard import share_of
from prober.scheduled_run import ScheduledRun, Sink

_START: Final = 30.0
"""Seconds that the workers have to take their shares before the daemon is ready without them."""
_PAUSE: Final = 1.0
"""Seconds until the next try after a worker that ended before it had its share; twice as many each time."""
_LONGEST_PAUSE: Final = 30.0
_SILENT: Final = 60
"""Seconds without a message after which a worker is taken to be stuck. They are counted one by one, so that those in
which the daemon itself was stopped do not count."""
_LEAVE: Final = 10.0
"""Seconds that a worker has to end the processes of its servers in, beside the time to drain."""


class SplitSchedule:
    """Runs the probes of a configuration in `processes` workers, from entering to leaving.

    `on_lag` is called with each lag of a worker's event loop, `on_kept_end` with each kept process that has ended.
    """

    def __init__(
        self,
        *,
        processes: int,
        sinks: Sequence[Sink],
        concurrency: int,
        shard: Shard | None,
        schedule: bool,
        spans: bool,
        log_format: str,
        on_lag: Callable[[float], None],
        on_kept_end: Callable[[Ended], None],
    ) -> None:
        self._seats = tuple(Seat(number) for number in range(1, processes + 1))
        self._start = Start(
            concurrency=-(-concurrency // processes),
            processors=-(-max(2, os.cpu_count() or 1) // processes),
            spans=spans,
            schedule=schedule,
        )
        self._sinks, self._shard, self._log_format = tuple(sinks), shard, log_format
        self._on_lag, self._on_kept_end = on_lag, on_kept_end
        self._accounts = Accounts()
        self._config = Config()
        self._probes: Mapping[str, Probe] = {}
        self._disabled: tuple[Probe, ...] = ()
        self._windows: Mapping[str, MaintenanceWindows] = {}
        self._seat_of: Mapping[str, Seat] = {}
        """By target."""
        self._generation = 0
        self._changed: dict[str, int] = {}
        """By target, the generation of the configuration that changed it last."""
        self._keeping: dict[Seat, asyncio.Task[None]] = {}
        self._ending = False

    async def __aenter__(self) -> Self:
        self._keeping = {
            seat: asyncio.create_task(self._keep(seat), name=f"keep worker {seat.number}") for seat in self._seats
        }
        ready = [asyncio.create_task(seat.first_ready.wait()) for seat in self._seats]
        try:
            await asyncio.wait(ready, timeout=_START)
        finally:
            for waiting in ready:
                waiting.cancel()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.drain(0)

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The probes that the workers run, in the order of the configuration."""
        return self._probes

    @property
    def disabled(self) -> tuple[Probe, ...]:
        """The probes that they would run, were they not disabled."""
        return self._disabled

    @property
    def running(self) -> int:
        """How many runs are going on, as of a second ago."""
        return sum(seat.figures.running for seat in self._seats)

    @property
    def waiting(self) -> int:
        """How many runs are due and wait for a slot, as of a second ago."""
        return sum(seat.figures.waiting for seat in self._seats)

    @property
    def workers(self) -> tuple[WorkerFigures, ...]:
        """How each worker stands."""
        return tuple(seat.state for seat in self._seats)

    def apply_config(self, config: Config) -> None:
        """Use this configuration; of it each worker learns what has changed for its share. See `Scheduler`."""
        self._generation += 1
        self._probes, self._disabled = share_of(config, self._shard)
        targets = {name: config.targets[name] for name in dict.fromkeys(each.target for each in self._probes.values())}
        before = self._config.targets
        self._changed = {
            name: self._changed.get(name, 0) if before.get(name) == target else self._generation
            for name, target in targets.items()
        }
        self._config = config
        self._windows = windows_of(self._probes, targets)
        self._accounts.keep(self._probes, targets)
        self._seat_of = {name: self._seats[worker_of(target, len(self._seats))] for name, target in targets.items()}
        for seat in self._seats:
            seat.assign(
                {name: probe for name, probe in self._probes.items() if self._seat_of[probe.target] is seat},
                {name: target for name, target in targets.items() if self._seat_of[name] is seat},
                generation=self._generation,
            )

    def run_early(self, probe: str) -> None:
        """See `Scheduler.run_early`."""
        self._seat_of[self._probes[probe].target].run_early(probe)

    async def run_now(self, probe: str, *, timeout: float | None = None) -> Outcome:
        """See `Scheduler.run_now`."""
        wanted = self._probes[probe]
        if self._ending:
            return not_run(wanted, "the prober is about to end")
        answer = await self._seat_of[wanted.target].run_now(probe, timeout=timeout)
        if answer is None:
            return not_run(wanted, "its worker process has ended; another one takes its place")
        if answer.outcome is None:
            raise KeyError(probe)
        self._accounts.sent(answer.outcome)
        return answer.outcome

    def next_due(self, probe: str) -> datetime | None:
        """See `Scheduler.next_due`."""
        known = self._probes.get(probe)
        if self._ending or known is None:
            return None
        due: datetime | None = trigger_of(known).get_next_fire_time(None, datetime.now(UTC))
        return due

    def in_maintenance(self, probe: str, at: datetime | None = None) -> bool:
        """See `Scheduler.in_maintenance`."""
        return self._windows[probe].open_at(at or datetime.now(UTC))

    def budget_remaining(self, target: str) -> int | None:
        """See `Scheduler.budget_remaining`; as of a second ago."""
        budget = self._config.targets[target].budget
        return None if budget is None else self._seat_of[target].figures.budgets.get(target, budget.requests)

    async def drain(self, seconds: float) -> None:
        """Begin no more runs; give the runs under way so many seconds to end. Then the workers leave."""
        self._ending = True
        for seat, keeping in self._keeping.items():
            if seat.process is not None:
                seat.process.send(Drain(seconds=seconds))
            else:
                keeping.cancel()
        if not self._keeping:
            return
        await asyncio.wait(self._keeping.values(), timeout=seconds + CANCEL_GRACE + _LEAVE)
        for seat in self._seats:
            if seat.process is not None:
                seat.process.kill()
        await asyncio.wait(self._keeping.values())

    async def _keep(self, seat: Seat) -> None:
        """See to it that the seat has a process."""
        pause = _PAUSE
        while not self._ending:
            had_share = False
            try:
                had_share = await self._have_one(seat)
            except OSError as error:
                log(logging.ERROR, "worker_not_started", worker=seat.number, message=error.strerror or str(error))
            except Exception:  # a bug of ours: it may cost this worker, and must not cost it for ever
                logging.getLogger(__name__).exception("worker %d", seat.number)
            if had_share:
                pause = _PAUSE
            elif not self._ending:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _have_one(self, seat: Seat) -> bool:
        """Start a process and wait for its end; whether it had its share until then. Raises OSError."""
        process = await WorkerProcess.start(
            f"{seat.number}/{len(self._seats)}",
            log_format=self._log_format,
            on_message=partial(self._heard, seat),
        )
        try:
            log(logging.INFO, "worker_started", worker=seat.number, pid=process.pid, probes=len(seat.probes))
            seat.take(process, self._start, self._accounts)
            while not process.connected.done():
                if seat.silent >= _SILENT:
                    log(logging.ERROR, "worker_stuck", worker=seat.number, pid=process.pid)
                    process.kill()
                await asyncio.wait([process.connected], timeout=1)
                seat.silent += 1
        except BaseException:
            process.kill()
            raise
        finally:
            had_share = seat.state.up
            seat.leave()
        how = await process.gone()
        if not self._ending:
            if had_share and self._start.schedule:
                self._accounts.worker_died(seat.probes.values())
            log(logging.ERROR, "worker_ended", worker=seat.number, pid=process.pid, message=how)
        return had_share

    def _heard(self, seat: Seat, message: object) -> None:
        seat.silent = 0
        match message:
            case Ran():
                self._ran(seat, message.result, message.generation)
            case Figures():
                seat.figures = message
                for lag in message.lags:
                    self._on_lag(lag)
            case Answer():
                seat.answered(message)
            case LeftOut() if message.probe in self._probes:
                self._accounts.left_out(message.probe)
                probe = self._probes[message.probe]
                tell(self._sinks, lambda sink: sink.skipped(probe))
            case KeptEnded():
                self._on_kept_end(message.ended)
            case Applied():
                seat.applied(message.generation)
            case Here() if message.version != __version__ and seat.process is not None:
                why = f"version {message.version} is installed now, this is {__version__}: restart the daemon"
                log(logging.ERROR, "worker_not_started", worker=seat.number, message=why)
                seat.process.kill()

    def _ran(self, seat: Seat, result: ScheduledRun, generation: int) -> None:
        """Tell of a run, unless its probe, or its target, is another one by now."""
        outcome = result.outcome
        probe = self._probes.get(outcome.probe)
        if probe is None or (probe.target, probe.kind) != (outcome.target, outcome.kind):
            return
        if generation < self._changed[probe.target]:
            return
        seat.ran(probe.name)
        self._accounts.ran(result)
        tell(self._sinks, lambda sink: sink.record(result))
