"""Runs probes. Each run has one deadline, cannot disturb others, and always ends in an Outcome.

`run_probe` is one run, for `run_pass` (one-shot) and for the daemon's scheduler alike.
"""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from prober.assertions.judge import Judge
from prober.client.error_mapping import is_shortage
from prober.client.exchange import ExchangeLog
from prober.client.stdio.kept_processes import KeptProcesses, Pool
from prober.client.target_cache import TargetCache, cache_of
from prober.config.model import Config, Probe, Target
from prober.deadline import Deadline
from prober.kinds import RunKind, kind_of, run_of
from prober.kinds.context import ProbeContext
from prober.loop_lag import STANDSTILL, LoopLag, discount_own_lag
from prober.outcome import Evidence, Failure, Outcome, Reason, Situation, SpanContext, Verdict
from prober.outcome.masking import MaskedFailure, Redact
from prober.redaction import NOTHING, of_ours

if TYPE_CHECKING:
    from prober.consistency.trace import Trace

CONCURRENCY: Final = 16
MAX_START_HOLD: Final = 10.0
"""Seconds for which a process that has not answered yet keeps other processes from starting."""

_TOLERATED: Final = 0.1
"""The share of its deadline by which one pass may be late itself: a machine of CI is busier than that of a daemon."""
_TRACE_TAIL: Final = 1500


async def run_probe(
    probe: Probe,
    target: Target,
    *,
    target_cache: TargetCache,
    judge: Judge,
    on_trace: Callable[[Trace], None] = lambda _trace: None,
    on_answer: Callable[[], None] = lambda: None,
    kept: Pool | None = None,
    span: SpanContext | None = None,
) -> Outcome:
    """One run, at most `probe.timeout` seconds long. Never raises, but lets a cancellation through.

    On stdio the start of a process is not in that time, nor its end. `on_answer` is called when it has started. A run
    goes on with a session of `kept`, unless its kind needs its own. With a `span` each request tells the server of it.
    """
    run = _run_of(probe.kind)
    started_at, started = datetime.now(UTC), time.monotonic()
    context = ProbeContext(
        target=target,
        target_cache=target_cache,
        judge=judge,
        deadline=Deadline.after(probe.timeout),
        timeout=probe.timeout,
        allow_writes=probe.allow_writes,
        log=ExchangeLog(target_cache.redact, span=span),
        probe=probe.name,
        origin=probe.origin,
        on_trace=on_trace,
        on_answer=on_answer,
        kept=pool_for(probe, kept),
    )
    failure: MaskedFailure | None = None
    try:
        async with context.within_deadline():
            await run(context, probe.settings)
    except Failure as error:
        failure = context.masked(error)
    except Exception as error:
        failure = _internal_error(error, context.log.redact)
    except asyncio.CancelledError as error:
        if _being_cancelled():
            raise
        failure = _internal_error(error, context.log.redact)
    apart = sum(context.facts.get(fact, 0.0) for fact in ("start_seconds", "close_seconds"))
    seconds = max(0.0, time.monotonic() - started - apart)
    return _outcome(probe, context, failure, started_at=started_at, seconds=seconds)


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
        _run_of(probe.kind)
    known = {name: cache_of(config.targets[name]) for name in {probe.target for probe in probes}}
    slots = asyncio.Semaphore(concurrency)
    starts = StartLimiter()
    to_come = Counter(probe.target for probe in probes if not kind_of(probe.kind).own_process)
    processes = {
        name: asyncio.Semaphore(config.targets[name].concurrency)
        for name in known
        if config.targets[name].transport == "stdio"
    }

    async def one(probe: Probe, judge: Judge, pools: Mapping[str, Pool]) -> Outcome:
        target = config.targets[probe.target]
        pool = pool_for(probe, pools.get(target.name))
        target_cache = known[target.name]
        for secret in probe.secrets:
            target_cache.redact.add(secret.reveal())
        async with AsyncExitStack() as held:
            on_answer = _no_process
            beside = kind_of(probe.kind).beside
            if target.name in processes and not beside:
                await held.enter_async_context(processes[target.name])
                if starts_process(probe, target, pool):
                    on_answer = await held.enter_async_context(starts.slot())
            if not beside:
                await held.enter_async_context(slots)
            begun.add(probe.name)
            on_start(probe)
            if pool is not None:
                to_come[target.name] -= 1
                if to_come[target.name] == 0:
                    pool.keep_no_more()
            since = lag.mark()
            outcome = await run_probe(
                probe,
                target,
                target_cache=target_cache,
                judge=judge,
                on_trace=on_trace,
                on_answer=on_answer,
                kept=pool,
                span=new_span(),
            )
            tolerated = max(STANDSTILL, probe.timeout * _TOLERATED)
            outcome = discount_own_lag(outcome, probe, lag=lag, since=since, tolerated=tolerated)
            on_end(probe, outcome)
            if ends_pass(outcome):
                for other, run in zip(probes, running, strict=True):
                    if other is not probe and not (other.allow_writes and other.name in begun):
                        run.cancel()
            return outcome

    begun: set[str] = set()
    running: list[asyncio.Task[Outcome]] = []
    async with Judge() as judge, LoopLag() as lag, KeptProcesses() as kept, asyncio.TaskGroup() as tasks:
        pools = {name: pool for name in known if (pool := kept.pool_of(config.targets[name], known[name].redact))}
        running += [tasks.create_task(one(probe, judge, pools), name=probe.name) for probe in probes]
    return [
        not_run(probe, "an earlier failure ended the pass") if run.cancelled() else run.result()
        for probe, run in zip(probes, running, strict=True)
    ]


def pool_for(probe: Probe, pool: Pool | None) -> Pool | None:
    """The pool that a run takes its session from; None where its kind needs its own."""
    return pool if pool is not None and not kind_of(probe.kind).own_process else None


def starts_process(probe: Probe, target: Target, pool: Pool | None) -> bool:
    """Whether a run that begins now may start a process."""
    pool = pool_for(probe, pool)
    return target.transport == "stdio" and (pool is None or not pool.is_full)


class StartLimiter:
    """Limits how many processes start at once to the number of processors. A start ends with the first answer.

    Servers that fight each other for a processor would look slow, and the prober would be the cause. A server that
    does not answer keeps its slot for `max_hold` seconds: one that hangs needs no processor.
    """

    def __init__(self, count: int | None = None, *, max_hold: float = MAX_START_HOLD) -> None:
        self._free = asyncio.Semaphore(count or max(2, os.cpu_count() or 1))
        self._max_hold = max_hold

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Callable[[], None]]:
        """Wait for a slot; yields a function that gives it back before the end of the block."""
        await self._free.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                self._free.release()

        over = asyncio.get_running_loop().call_later(self._max_hold, give_back)
        try:
            yield give_back
        finally:
            over.cancel()
            give_back()


def _no_process() -> None:
    """Called in place of what gives a start slot back, where the target is no process and none was taken."""


def _run_of(kind: str) -> RunKind:
    """The run function of a kind, imported before any clock starts. One that cannot be had fails as our own fault."""
    try:
        return run_of(kind)
    except Exception as error:
        reason = error

    async def fail(_context: ProbeContext, _settings: Any) -> None:
        raise reason

    return fail


def not_run(probe: Probe, why: str) -> Outcome:
    """The outcome of a probe that was due and could not be run."""
    return Outcome(
        target=probe.target,
        probe=probe.name,
        kind=probe.kind,
        verdict=Verdict.UNKNOWN,
        reason=Reason.NOT_RUN,
        message=of_ours(why),
        started_at=datetime.now(UTC),
        duration_seconds=0.0,
        tags=probe.tags,
        origin=probe.origin,
    )


def _outcome(
    probe: Probe, context: ProbeContext, failure: MaskedFailure | None, *, started_at: datetime, seconds: float
) -> Outcome:
    verdict = failure.reason.verdict if failure else Verdict.PASS
    message = failure.message if failure else NOTHING
    if failure and context.target.of_registry and failure.evidence.situation == Situation.CREDENTIALS_MISSING:
        # A stranger's server that serves its own users only is no server that is down, and nobody here can mend it.
        verdict, message = Verdict.UNKNOWN, context.log.redact(f"auth_required: {message}")
    return Outcome(
        target=probe.target,
        probe=probe.name,
        kind=probe.kind,
        verdict=verdict,
        reason=failure.reason if failure else None,
        step=failure.step if failure else None,
        message=message,
        evidence=(failure.evidence, *failure.further) if failure else (),
        warnings=tuple(context.log.redact(warning) for warning in context.warnings),
        started_at=started_at,
        duration_seconds=seconds,
        phases=context.log.phases(),
        server=context.server,
        exchanges=tuple(context.log.finished),
        facts=dict(context.facts),
        tags=probe.tags,
        origin=probe.origin,
        span=context.log.span,
    )


def _being_cancelled() -> bool:
    """Whether this task is really being cancelled: a library may raise CancelledError for reasons of its own."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _internal_error(error: BaseException, redact: Redact) -> MaskedFailure:
    """An exception that no package turned into a Failure: a bug of the prober, reported with its traceback.

    But for what the prober lacked, wherever it lacked it.
    """
    said = f"{type(error).__name__}: {error}"
    if is_shortage(error):
        lack = Failure(Reason.PROBER_SHORTAGE, f"the prober lacked something of its own: {said.removesuffix(': ')}")
        return MaskedFailure(lack, redact)
    # masked before it is cut, so that no secret is cut at its beginning
    trace = redact("".join(traceback.format_exception(error)))[-_TRACE_TAIL:]
    bug = Failure(Reason.INTERNAL_ERROR, f"the prober failed: {said}", evidence=Evidence(detail=trace))
    return MaskedFailure(bug, redact)
