"""Runs the probes of a configuration when they are due: one run at a time per probe, each reported to every sink."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from prober.assertions.judge import Judge
from prober.client.stdio.kept_processes import KeptProcesses
from prober.config.model import Config, Probe
from prober.engine import not_run, starts_process
from prober.kinds import kind_of
from prober.loop_lag import LoopLag
from prober.outcome import Outcome, SpanContext
from prober.schedule.concurrency import ConcurrencyLimits
from prober.schedule.host_limit import HostLimits
from prober.schedule.interval_trigger import IntervalTrigger
from prober.schedule.maintenance import MaintenanceWindows, windows_of
from prober.schedule.scheduled_probe import Runner, ScheduledProbe, trigger_of
from prober.schedule.shard import Shard, share_of
from prober.schedule.target_state import TargetState
from prober.schedule.timer import Timer
from prober.scheduled_run import ScheduledRun, Sink

_log: Final = logging.getLogger(__name__)

CONCURRENCY: Final = 64
EARLY: Final = 60.0
"""Seconds within which a probe with a longer interval runs for the first time."""
CANCEL_GRACE: Final = 5.0
"""Seconds that cancelled runs have to end: to kill a process takes a moment."""


class Scheduler:
    """Runs the probes of a configuration when they are due, from entering to leaving.

    A run that is due while the previous run of the probe has not ended is skipped, and the sinks are told so. Sinks
    that raise are logged. `lag` measures how late the prober is itself; without it, no outcome is discounted. `kept`
    owns the processes that are kept between runs; without it, none is. `processors` is how many the starts of stdio
    servers may take; without it, all of the machine.
    """

    def __init__(
        self,
        *,
        judge: Judge,
        sinks: Sequence[Sink],
        concurrency: int = CONCURRENCY,
        processors: int | None = None,
        shard: Shard | None = None,
        lag: LoopLag | None = None,
        kept: KeptProcesses | None = None,
        new_span: Callable[[], SpanContext | None] = lambda: None,
    ) -> None:
        self._runner = Runner(judge=judge, lag=lag)
        self._kept = kept
        self._new_span = new_span
        self._sinks = tuple(sinks)
        self._shard = shard
        self._limits = ConcurrencyLimits(concurrency, processors=processors)
        self._timer = Timer(self.due)
        self._entries: dict[str, ScheduledProbe] = {}
        self._probes: Mapping[str, Probe] = {}
        self._disabled: tuple[Probe, ...] = ()
        self._states: dict[str, TargetState] = {}
        self._hosts = HostLimits()
        self._runs: set[asyncio.Task[None]] = set()
        self._begun: set[asyncio.Task[None]] = set()
        self._early: dict[str, asyncio.TimerHandle] = {}
        self._ending = False

    async def __aenter__(self) -> Self:
        self._timer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.drain(0)

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The probes that this process runs, in the order of the configuration."""
        return self._probes

    @property
    def disabled(self) -> tuple[Probe, ...]:
        """The probes that this process would run, were they not disabled."""
        return self._disabled

    @property
    def running(self) -> int:
        """How many runs are going on."""
        return self._limits.running

    @property
    def waiting(self) -> int:
        """How many runs are due and wait for a slot."""
        return self._limits.waiting

    def apply_config(self, config: Config, *, since: Mapping[str, datetime] | None = None) -> None:
        """Use this configuration, the first one or a new one.

        A probe whose target and schedule have not changed keeps its due times and a run that is under way; its other
        settings take effect with the next run. What was learnt of a target that has changed is forgotten. The run of a
        probe that was removed, or whose target or kind has changed, ends by itself and is reported to no sink: a
        cancelled run might leave behind what its cleanup would have removed.

        `since` is up to when the runs of a probe that is new here were made by another process: see `Timer.apply`.
        """
        probes, self._disabled = share_of(config, self._shard)
        states: dict[str, TargetState] = {}
        for name in dict.fromkeys(probe.target for probe in probes.values()):
            states[name] = self._state_of(config, name)
        windows = windows_of(probes, config.targets)
        entries = {name: self._entry(probe, states[probe.target], windows[name]) for name, probe in probes.items()}
        for name, entry in self._entries.items():
            entry.gone = entries.get(name) is not entry
        if self._kept is not None:
            for name in self._states.keys() - states.keys():
                self._kept.forget(name)
        self._entries, self._states, self._probes = entries, states, probes
        self._timer.apply({name: entry.trigger for name, entry in entries.items()}, since=since)

    def run_early(self, probe: str) -> None:
        """Run a probe with a long interval once within a minute, so that a new probe has a result soon.

        The moment follows from the probe's name, so that the probes of a new configuration do not start together. A
        probe with a cron expression never runs at other times.
        """
        entry, now = self._entries[probe], datetime.now(UTC)
        if entry.probe.cron or entry.probe.interval <= EARLY:
            return
        due = IntervalTrigger.of(entry.probe.target, probe, EARLY).get_next_fire_time(None, now)

        def look() -> None:
            del self._early[probe]
            self.due(probe, due)

        if probe not in self._early and due < entry.trigger.get_next_fire_time(None, now):
            seconds = (due - now).total_seconds()
            self._early[probe] = asyncio.get_running_loop().call_later(seconds, look)

    async def drain(self, seconds: float) -> None:
        """Begin no more runs; give the runs under way so many seconds to end, then cancel them."""
        self._ending = True
        while self._early:
            self._early.popitem()[1].cancel()
        self._timer.stop()
        for run in self._runs - self._begun:
            run.cancel()
        if self._runs and seconds > 0:
            await asyncio.wait(self._runs, timeout=seconds)
        for run in self._runs:
            run.cancel()
        if self._runs:
            await asyncio.wait(self._runs, timeout=CANCEL_GRACE)

    async def run_now(self, probe: str, *, timeout: float | None = None) -> Outcome:
        """Run a probe now, besides its schedule; no sink is told. Raises KeyError for a probe that is not run here.

        The run needs a slot and its share of the target's budget like any other. Where no slot is free within half of
        the timeout the probe is not run: the time that is left would be too short to blame the target.
        """
        entry = self._entries[probe]
        wanted = entry.probe if timeout is None else replace(entry.probe, timeout=min(entry.probe.timeout, timeout))
        if self._ending:
            return not_run(wanted, "the prober is about to end")
        loop = asyncio.get_running_loop()
        end = loop.time() + wanted.timeout
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(wanted.timeout / 2):
                    on_answer = await held.enter_async_context(self._slot(entry))
            except TimeoutError:
                return not_run(wanted, f"its turn did not come within {wanted.timeout / 2:g} s")
            return await self._runner.outcome(entry, replace(wanted, timeout=end - loop.time()), on_answer)

    def next_due(self, probe: str) -> datetime | None:
        """When a probe runs next, in UTC; None when it is not scheduled, or the prober is about to end."""
        return None if self._ending else self._timer.next(probe)

    def in_maintenance(self, probe: str, at: datetime | None = None) -> bool:
        """Whether a window of the probe or its target is open; now, if no time is given. Raises KeyError."""
        return self._entries[probe].windows.open_at(at or datetime.now(UTC))

    def budget_remaining(self, target: str) -> int | None:
        """How many requests a target may still be sent; None where there is no end. Raises KeyError."""
        rate_limit = self._states[target].rate_limit
        return None if rate_limit is None else rate_limit.remaining

    def has_sent(self, target: str, requests: int) -> None:
        """Count requests that another process has sent against the budget of a target and the allowance of its host."""
        if target in self._states:
            self._states[target].settle(expected=0, most=0, sent=requests)

    def _state_of(self, config: Config, name: str) -> TargetState:
        before, target = self._states.get(name), config.targets[name]
        if before is not None and before.target == target:
            return before
        state = TargetState(target, kept=self._kept, host_limit=self._hosts.of(target))
        if before is not None:
            state.inherit(before)
        return state

    def _entry(self, probe: Probe, state: TargetState, windows: MaintenanceWindows) -> ScheduledProbe:
        before = self._entries.get(probe.name)
        if before is not None and before.probe == probe and before.state is state:
            before.windows = windows
            return before
        state.probe_changed(probe)
        trigger = trigger_of(probe)
        if before is not None and before.probe.kind == probe.kind and before.state is state:
            before.probe, before.windows, before.trigger = probe, windows, trigger
            return before
        return ScheduledProbe(probe=probe, state=state, windows=windows, trigger=trigger)

    def due(self, name: str, due: datetime) -> None:
        """What the timer calls at the time of a probe: a run begins, or is left out while the one before goes on."""
        entry = self._entries.get(name)
        if entry is None or self._ending:
            return
        if entry.run is not None:
            self._tell(lambda sink: sink.skipped(entry.probe))
            return
        entry.run = asyncio.create_task(self._run(entry, due), name=name)
        self._runs.add(entry.run)
        entry.run.add_done_callback(lambda run: self._run_ended(entry, run))

    def _run_ended(self, entry: ScheduledProbe, run: asyncio.Task[None]) -> None:
        entry.run = None
        self._runs.discard(run)
        self._begun.discard(run)
        if not run.cancelled() and (error := run.exception()) is not None:
            _log.error("a run of %s ended in a fault of the prober", entry.probe.name, exc_info=error)

    async def _run(self, entry: ScheduledProbe, due: datetime) -> None:
        async with self._slot(entry) as on_answer:
            if entry.gone or self._ending:
                return
            if entry.run is not None:
                self._begun.add(entry.run)
            outcome = await self._runner.outcome(entry, entry.probe, on_answer, span=self._new_span())
        if not entry.gone:
            lag = max(0.0, (outcome.started_at - due).total_seconds())
            maintenance = entry.windows.open_at(due)
            result = ScheduledRun(outcome=outcome, due=due, start_lag_seconds=lag, maintenance=maintenance)
            self._tell(lambda sink: sink.record(result))

    def _slot(self, entry: ScheduledProbe) -> AbstractAsyncContextManager[Callable[[], None]]:
        probe, state = entry.probe, entry.state
        if kind_of(probe.kind).beside:
            return self._limits.beside()
        return self._limits.slot(state, starts_process=lambda: starts_process(probe, state.target, state.kept))

    def _tell(self, what: Callable[[Sink], None]) -> None:
        tell(self._sinks, what)


def tell(sinks: Iterable[Sink], what: Callable[[Sink], None]) -> None:
    """Give each sink a result. What a sink raises is logged, and the others have theirs."""
    for sink in sinks:
        try:
            what(sink)
        except Exception:
            _log.exception("%s failed", type(sink).__name__)
