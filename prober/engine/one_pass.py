"""One run of each of some probes, as for one call of `mcp-prober run`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from prober.assertions.judge import Judge
from prober.client.stdio.kept_processes import KeptProcesses, Pool
from prober.client.target_cache import TargetCache, cache_of
from prober.config.model import Config, Probe
from prober.engine.run import not_run, pool_for, run_of_kind, run_probe, starts_process
from prober.engine.start_limiter import StartLimiter
from prober.kinds import kind_of
from prober.loop_lag import STANDSTILL, LoopLag, discount_own_lag
from prober.outcome import Outcome, SpanContext

if TYPE_CHECKING:
    from prober.consistency.trace import Trace

CONCURRENCY: Final = 16

_TOLERATED: Final = 0.1
"""The share of its deadline by which one pass may be late itself: a machine of CI is busier than that of a daemon."""


async def run_pass(
    config: Config,
    probes: Sequence[Probe],
    *,
    concurrency: int = CONCURRENCY,
    on_start: Callable[[Probe], None] = lambda _probe: None,
    on_end: Callable[[Probe, Outcome], None] = lambda _probe, _outcome: None,
    on_trace: Callable[[Trace], None] = lambda _trace: None,
    new_span: Callable[[], SpanContext | None] = lambda: None,
    ends_pass: Callable[[Outcome], bool] = lambda _outcome: False,
) -> list[Outcome]:
    """Run each probe once, at most `concurrency` at a time; outcomes come in the order of `probes`.

    Runs of a kind that only waits take no turn of others.

    The first outcome that `ends_pass` ends the pass: what has not begun is not run, and runs under way are given up.
    Those that may write are not: their cleanup would be left undone.

    Of the probes that start a process, only as many start at once as there are processors, see `StartLimiter`; and of
    one such target run no more than its `concurrency`. A target with `reuse` keeps its process until its last probe.
    What the prober's own lag explains is `undecided`: on a busy machine of a CI job as in the daemon.
    """
    for probe in probes:
        run_of_kind(probe.kind)
    async with Judge() as judge, LoopLag() as lag, KeptProcesses() as kept:
        under_way = _Pass(
            config=config,
            probes=probes,
            slots=asyncio.Semaphore(concurrency),
            judge=judge,
            lag=lag,
            kept=kept,
            on_start=on_start,
            on_end=on_end,
            on_trace=on_trace,
            new_span=new_span,
            ends_pass=ends_pass,
        )
        return await under_way.run()


@dataclass(kw_only=True)
class _Pass:
    """The runs of a pass, and what they share."""

    config: Config
    probes: Sequence[Probe]
    slots: asyncio.Semaphore
    judge: Judge
    lag: LoopLag
    kept: KeptProcesses
    on_start: Callable[[Probe], None]
    on_end: Callable[[Probe, Outcome], None]
    on_trace: Callable[[Trace], None]
    new_span: Callable[[], SpanContext | None]
    ends_pass: Callable[[Outcome], bool]
    starts: StartLimiter = field(default_factory=StartLimiter)
    begun: set[str] = field(default_factory=set)
    """The names of the probes whose turn came."""

    def __post_init__(self) -> None:
        targets = {probe.target: self.config.targets[probe.target] for probe in self.probes}
        self.caches: Mapping[str, TargetCache] = {name: cache_of(target) for name, target in targets.items()}
        self.processes: Mapping[str, asyncio.Semaphore] = {
            name: asyncio.Semaphore(target.concurrency)
            for name, target in targets.items()
            if target.transport == "stdio"
        }
        """For targets that are programs: room for as many runs as there may be at once."""
        self.pools: Mapping[str, Pool] = {
            name: pool
            for name, target in targets.items()
            if (pool := self.kept.pool_of(target, self.caches[name].redact))
        }
        self.to_come = Counter(probe.target for probe in self.probes if not kind_of(probe.kind).own_process)
        """Runs that may still want the kept process of a target."""

    async def run(self) -> list[Outcome]:
        """Carry out all of them."""
        async with asyncio.TaskGroup() as tasks:
            self._running = [tasks.create_task(self._one(probe), name=probe.name) for probe in self.probes]
        return [
            not_run(probe, "an earlier failure ended the pass") if run.cancelled() else run.result()
            for probe, run in zip(self.probes, self._running, strict=True)
        ]

    async def _one(self, probe: Probe) -> Outcome:
        target, target_cache = self.config.targets[probe.target], self.caches[probe.target]
        pool = pool_for(probe, self.pools.get(probe.target))
        for secret in probe.secrets:
            target_cache.redact.add(secret.reveal())
        async with self._turn(probe, pool) as on_answer:
            self.begun.add(probe.name)
            self.on_start(probe)
            self._count_down(probe, pool)
            since = self.lag.mark()
            outcome = await run_probe(
                probe,
                target,
                target_cache=target_cache,
                judge=self.judge,
                on_trace=self.on_trace,
                on_answer=on_answer,
                kept=pool,
                span=self.new_span(),
            )
            tolerated = max(STANDSTILL, probe.timeout * _TOLERATED)
            outcome = discount_own_lag(outcome, probe, lag=self.lag, since=since, tolerated=tolerated)
            self.on_end(probe, outcome)
            if self.ends_pass(outcome):
                self._give_up_all_but(probe)
            return outcome

    @asynccontextmanager
    async def _turn(self, probe: Probe, pool: Pool | None) -> AsyncIterator[Callable[[], None]]:
        """Wait until the run may begin; yields what is to be called once its process has answered."""
        async with AsyncExitStack() as held:
            on_answer = _no_process
            beside = kind_of(probe.kind).beside
            if probe.target in self.processes and not beside:
                await held.enter_async_context(self.processes[probe.target])
                if starts_process(probe, self.config.targets[probe.target], pool):
                    on_answer = await held.enter_async_context(self.starts.slot())
            if not beside:
                await held.enter_async_context(self.slots)
            yield on_answer

    def _count_down(self, probe: Probe, pool: Pool | None) -> None:
        if pool is not None:
            self.to_come[probe.target] -= 1
            if self.to_come[probe.target] == 0:
                pool.keep_no_more()

    def _give_up_all_but(self, probe: Probe) -> None:
        for other, run in zip(self.probes, self._running, strict=True):
            if other is not probe and not (other.allow_writes and other.name in self.begun):
                run.cancel()


def _no_process() -> None:
    """Called in place of what gives a start slot back, where the target is no process and none was taken."""
