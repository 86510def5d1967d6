"""One run of a probe, for a pass and for the daemon's scheduler alike."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from prober.assertions.judge import Judge
from prober.client.error_mapping import is_shortage
from prober.client.exchange import ExchangeLog
from prober.client.stdio.kept_processes import Pool
from prober.client.target_cache import TargetCache
from prober.config.model import Probe, Target
from prober.deadline import Deadline
from prober.kinds import RunKind, kind_of, run_of
from prober.kinds.context import ProbeContext
from prober.outcome import Evidence, Failure, Outcome, Reason, Situation, SpanContext, Verdict
from prober.outcome.masking import MaskedFailure, Redact
from prober.redaction import NOTHING, of_ours

if TYPE_CHECKING:
    from prober.consistency.trace import Trace

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
    run = run_of_kind(probe.kind)
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


def pool_for(probe: Probe, pool: Pool | None) -> Pool | None:
    """The pool that a run takes its session from; None where its kind needs its own."""
    return pool if pool is not None and not kind_of(probe.kind).own_process else None


def starts_process(probe: Probe, target: Target, pool: Pool | None) -> bool:
    """Whether a run that begins now may start a process."""
    pool = pool_for(probe, pool)
    return target.transport == "stdio" and (pool is None or not pool.is_full)


def run_of_kind(kind: str) -> RunKind:
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
