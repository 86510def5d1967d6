"""Finds out which of several addresses a server answers at, by a handshake with each in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prober.assertions.judge import Judge
from prober.client.exchange import ExchangeLog
from prober.client.target_cache import cache_of
from prober.config.model import Target
from prober.deadline import Deadline
from prober.kinds.context import ProbeContext
from prober.outcome import Failure, Family, Reason

_WANTS_CREDENTIALS: Final = frozenset({Reason.UNAUTHORIZED, Reason.FORBIDDEN})


@dataclass(frozen=True, kw_only=True)
class FirstAnswer:
    """The place of the target that answered among those that were asked; None where none did."""

    index: int | None
    failures: tuple[Failure, ...]
    """Of the targets that did not answer, in their order."""


async def first_answer(targets: Sequence[Target], *, timeout: float) -> FirstAnswer:
    """Ask each target, for `timeout` seconds each, until one completes the handshake.

    Where none does, one that wants credentials counts as an answer. A host that cannot be reached is asked once.
    """
    failures: list[Failure] = []
    async with Judge() as judge:
        for index, target in enumerate(targets):
            failure = await _handshake(target, judge, timeout)
            if failure is None:
                return FirstAnswer(index=index, failures=tuple(failures))
            failures.append(failure)
            if failure.reason.family is Family.TRANSPORT:
                break
    guarded = [index for index, failure in enumerate(failures) if failure.reason in _WANTS_CREDENTIALS]
    return FirstAnswer(index=guarded[0] if guarded else None, failures=tuple(failures))


async def _handshake(target: Target, judge: Judge, timeout: float) -> Failure | None:
    target_cache = cache_of(target)
    context = ProbeContext(
        target=target,
        target_cache=target_cache,
        judge=judge,
        deadline=Deadline.after(timeout),
        allow_writes=False,
        log=ExchangeLog(target_cache.redact),
    )
    try:
        async with context.within_deadline(), context.session(explicit=True):
            return None
    except Failure as failure:
        return context.masked(failure)
