"""Runs probes: each under one deadline, each apart from the others, each to an Outcome whatever happens.

`run_probe` is what one-shot runs and the daemon share; `run_pass` is a one-shot run.
"""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from prober.config.model import Config, Probe, Target
from prober.judge.worker import Judge
from prober.kinds import RunKind, run_of
from prober.kinds.context import ProbeContext
from prober.outcome import Evidence, Failure, Outcome, Reason, Verdict
from prober.target.exchange import ExchangeLog
from prober.target.knowledge import Knowledge, knowledge_of

if TYPE_CHECKING:
    from prober.judge.race.history import History

CONCURRENCY: Final = 16
STARTING: Final = 1.0
"""Seconds for which a probe that starts a process has a processor to itself: after that it waits rather than works."""

_TRACE_TAIL: Final = 1500


async def run_probe(
    probe: Probe,
    target: Target,
    *,
    knowledge: Knowledge,
    judge: Judge,
    on_history: Callable[[History], None] = lambda _history: None,
) -> Outcome:
    """One run, at most `probe.timeout` seconds long. Never raises, but lets a cancellation through."""
    run = _run_of(probe.kind)
    started_at, started = datetime.now(UTC), time.monotonic()
    deadline = asyncio.get_running_loop().time() + probe.timeout
    context = ProbeContext(
        target=target,
        knowledge=knowledge,
        judge=judge,
        deadline=deadline,
        allow_writes=probe.allow_writes,
        log=ExchangeLog(knowledge.redact),
        probe=probe.name,
        origin=probe.origin,
        on_history=on_history,
    )
    failure: Failure | None = None
    try:
        async with context.within_deadline():
            await run(context, probe.settings)
    except Failure as error:
        failure = context.masked(error)
    except Exception as error:
        failure = _our_fault(error, context.log.redact)
    except asyncio.CancelledError as error:
        if _being_cancelled():
            raise
        failure = _our_fault(error, context.log.redact)
    return _outcome(probe, context, failure, started_at=started_at, seconds=time.monotonic() - started)


async def run_pass(
    config: Config,
    probes: Sequence[Probe],
    *,
    concurrency: int = CONCURRENCY,
    on_start: Callable[[Probe], None] = lambda _probe: None,
    on_end: Callable[[Probe, Outcome], None] = lambda _probe, _outcome: None,
    on_history: Callable[[History], None] = lambda _history: None,
) -> list[Outcome]:
    """Run each probe once, at most `concurrency` at a time; outcomes come in the order of `probes`.

    Of those that start a process, only as many begin at a time as there are processors, see `Processors`.
    """
    for probe in probes:
        _run_of(probe.kind)
    known = {name: knowledge_of(config.targets[name]) for name in {probe.target for probe in probes}}
    room = asyncio.Semaphore(concurrency)
    processors = Processors()

    async def one(probe: Probe, judge: Judge) -> Outcome:
        target = config.targets[probe.target]
        knowledge = known[target.name]
        for secret in probe.secrets:
            knowledge.redact.add(secret.reveal())
        starts_process = target.transport == "stdio"
        async with processors.turn() if starts_process else nullcontext(_begin_at_once) as begin, room:
            begin()
            on_start(probe)
            outcome = await run_probe(probe, target, knowledge=knowledge, judge=judge, on_history=on_history)
            on_end(probe, outcome)
            return outcome

    async with Judge() as judge, asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(probe, judge), name=probe.name) for probe in probes]
    return [task.result() for task in running]


class Processors:
    """Turns at starting a process: as many at a time as there are processors, each lent for `lends` seconds at most.

    Servers that fight each other for one would look slow, and it would be our doing. One that hangs needs none: a turn
    ends with the run or with the loan, so that nobody waits for what does nothing.
    """

    def __init__(self, count: int | None = None, *, lends: float = STARTING) -> None:
        self._free = asyncio.Semaphore(count or max(2, os.cpu_count() or 1))
        self._lends = lends

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Callable[[], None]]:
        """Wait for a turn; gives what is to be called when the process is started, for the loan to run from there."""
        await self._free.acquire()
        with ExitStack() as held:
            held.callback(self._free.release)

            def begin() -> None:
                over = asyncio.get_running_loop().call_later(self._lends, held.close)
                held.callback(over.cancel)

            yield begin


def _begin_at_once() -> None:
    """What is no process waits for no processor."""


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
    """The outcome of a probe whose turn never came."""
    return Outcome(
        target=probe.target,
        probe=probe.name,
        kind=probe.kind,
        verdict=Verdict.UNKNOWN,
        reason=Reason.NOT_RUN,
        message=why,
        started_at=datetime.now(UTC),
        duration_seconds=0.0,
    )


def _outcome(
    probe: Probe, context: ProbeContext, failure: Failure | None, *, started_at: datetime, seconds: float
) -> Outcome:
    return Outcome(
        target=probe.target,
        probe=probe.name,
        kind=probe.kind,
        verdict=failure.reason.verdict if failure else Verdict.PASS,
        reason=failure.reason if failure else None,
        step=failure.step if failure else None,
        message=failure.message if failure else "",
        evidence=(failure.evidence, *failure.further) if failure else (),
        warnings=tuple(context.log.redact(warning) for warning in context.warnings),
        started_at=started_at,
        duration_seconds=seconds,
        phases=context.log.phases(),
        server=context.server,
        exchanges=tuple(context.log.finished),
        facts=dict(context.facts),
    )


def _being_cancelled() -> bool:
    """Whether somebody wants this task to end. A library may also raise CancelledError for reasons of its own."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _our_fault(error: BaseException, redact: Callable[[str], str]) -> Failure:
    """What no room turned into a Failure is a fault of the prober: told as such, with where it happened."""
    trace = redact("".join(traceback.format_exception(error)))[-_TRACE_TAIL:]
    return Failure(
        Reason.INTERNAL_ERROR,
        redact(f"the prober failed: {type(error).__name__}: {error}"),
        evidence=Evidence(detail=trace),
    )
