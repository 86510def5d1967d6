"""`metrics`: the server's own counters, held against what was done to it.

setup       makes what the acts need, such as a session
before      the page of metrics
acts        writes that take effect, writes that lose, calls that wait for a lock
afterwards  the page again, until each counter has moved far enough or the page had time to catch up
cleanup     always

A counter that fell shows that the page is not of one run of one process: then nothing is proved. The same holds where
the server does not count the calls themselves, unless the configuration says that nobody else answers them.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Final

from prober.client.http.metrics_page import STEP as PAGE
from prober.client.http.metrics_page import metrics_page
from prober.client.session import Session
from prober.kinds.context import ProbeContext
from prober.kinds.metrics.acts import carry_out
from prober.kinds.metrics.settings import ACTS, MetricsSettings
from prober.kinds.placeholders import SCRATCH, names_in
from prober.kinds.run_step import run_step
from prober.outcome import Evidence, Failure, Reason
from prober.state_metrics.families import families
from prober.state_metrics.movement import CALLS, DURATIONS, Expected, Movement, began_anew, movements
from prober.state_metrics.page import Page, PageError, parse_in_turns

CLEANUP_SHARE: Final = 0.2

_PAGE_SHARE: Final = 0.4
"""Of the time that is left, for one page."""
_PAUSE: Final = 0.2
"""Seconds between two looks at a page that may be behind."""


async def run(context: ProbeContext, settings: MetricsSettings) -> None:
    names: dict[str, Any] = {SCRATCH: f"probe-{secrets.token_hex(6)}"}
    try:
        async with context.within(context.deadline.share(1 - CLEANUP_SHARE)), context.session() as session:
            await _prove(context, session, settings, names)
    finally:
        await _clean_up(context, settings, names)


async def _prove(context: ProbeContext, session: Session, settings: MetricsSettings, names: dict[str, Any]) -> None:
    for step in settings.setup:
        await run_step(context, session, step, names, called=f"setup {step.name}")
    before = await _page(context, settings)
    expected = Expected()
    for name in ACTS:
        if (act := getattr(settings, name)) is not None:
            await carry_out(context, session, name, act, names, expected)
    loop = asyncio.get_running_loop()
    end = loop.time() + settings.settle
    while True:
        is_last = loop.time() >= end
        after = await _page(context, settings)
        if (fallen := began_anew(before, after, families())) is not None:
            raise _undecided(
                f"{fallen} is not what it was: the server started again, or several processes answer at `metrics_url`"
            )
        moved = movements(before, after, expected)
        true = sum(each.is_true for each in moved)
        context.facts["metrics_moved"], context.facts["metrics_not_moved"] = true, len(moved) - true
        if true == len(moved):
            return
        if is_last:
            raise _verdict(moved, settings)
        await asyncio.sleep(_PAUSE)


def _verdict(moved: tuple[Movement, ...], settings: MetricsSettings) -> Failure:
    untrue = [each for each in moved if not each.is_true]
    if not settings.single_process and any(each.name.startswith((CALLS, DURATIONS)) for each in untrue):
        return _undecided(
            "the page at `metrics_url` does not count the calls themselves, so another process may have answered them;"
            " if there is only one, say `single_process: true`",
            further=untrue,
        )
    first, more = untrue[0], len(untrue) - 1
    others = f", and {more} more" if more else ""
    evidence, *further = map(_evidence, untrue)
    return Failure(
        Reason.METRICS_UNTRUE,
        f"{first.name} moved by {_seen(first)}, and what was done moves it by {first.least:g} at least{others}",
        step=PAGE,
        evidence=evidence,
        further=tuple(further),
    )


def _evidence(movement: Movement) -> Evidence:
    return Evidence(keyword=movement.name, expected=f"at least {movement.least:g}", seen=_seen(movement))


def _seen(movement: Movement) -> str:
    return "nothing, as there is no such series" if movement.moved is None else f"{movement.moved:g}"


def _undecided(why: str, *, further: list[Movement] | None = None) -> Failure:
    return Failure(Reason.UNDECIDED, why, step=PAGE, further=tuple(map(_evidence, further or ())))


async def _page(context: ProbeContext, settings: MetricsSettings) -> Page:
    """The page now. That it cannot be read says nothing about the counters, so nothing is decided then."""
    try:
        async with asyncio.timeout(context.deadline.left() * _PAGE_SHARE):
            body, content_type = await metrics_page(context.target, settings.metrics_url, log=context.log)
        return await parse_in_turns(body, content_type)
    except TimeoutError:
        raise _undecided("the page at `metrics_url` did not come in time") from None
    except Failure as failure:
        raise _undecided(f"the page at `metrics_url` cannot be read: {failure.reason}, {failure.message}") from failure
    except PageError as error:
        raise _undecided(f"the page at `metrics_url` is no page of metrics: {error}") from error


async def _clean_up(context: ProbeContext, settings: MetricsSettings, names: dict[str, Any]) -> None:
    """In a new session, as the first may be broken. A failure here is a warning."""
    steps = [step for step in settings.cleanup if names_in(step.arguments) <= names.keys()]
    if not steps:
        return
    try:
        async with context.within_deadline(), context.session() as session:
            for step in steps:
                await run_step(context, session, step, names, called=f"cleanup {step.name}")
    except Failure as failure:
        context.warnings.append(f"cleanup failed: {failure.message}")
