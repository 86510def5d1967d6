"""A probe that is scheduled, and a run of it within the budget of its target."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.config.fields.cron import cron_trigger
from prober.config.model import Probe
from prober.engine import not_run, run_probe
from prober.loop_lag import LoopLag, discount_own_lag
from prober.outcome import Outcome, SpanContext
from prober.schedule.interval_trigger import IntervalTrigger
from prober.schedule.maintenance import MaintenanceWindows
from prober.schedule.target_state import TargetState, requests_of

FIRST_RUN: Final = 8
"""Requests that a run may send of which nothing is known: to learn the era, to open and close a session, to list."""


@dataclass(kw_only=True, slots=True)
class ScheduledProbe:
    """One probe that is scheduled. A reload keeps the entry for as long as target and kind stay the same."""

    probe: Probe
    state: TargetState
    windows: MaintenanceWindows
    trigger: Any
    expected: int = 1
    """Requests that the next run is expected to send: as many as the last one did."""
    most: int | None = None
    """The most that any run has sent; None before the first."""
    run: asyncio.Task[None] | None = None
    gone: bool = False
    """Whether a reload has removed the probe: the result of a run under way is then dropped."""


def trigger_of(probe: Probe) -> Any:
    """When it is due."""
    return cron_trigger(probe.cron) if probe.cron else IntervalTrigger.of(probe.target, probe.name, probe.interval)


class Runner:
    """Runs probes that have their slot. `lag` measures how late the prober is itself; without it, no outcome is
    discounted."""

    def __init__(self, *, judge: Judge, lag: LoopLag | None) -> None:
        self._judge, self._lag = judge, lag

    async def outcome(
        self, entry: ScheduledProbe, probe: Probe, on_answer: Callable[[], None], *, span: SpanContext | None = None
    ) -> Outcome:
        """Run a probe within the budget of its target. `probe` is the entry's, or the same with less time."""
        state, expected, most = entry.state, entry.expected, entry.most or FIRST_RUN
        if (refusal := state.reserve(entry.probe.name, expected=expected, most=most)) is not None:
            return not_run(probe, refusal)
        state.before_run()
        since = self._lag.mark() if self._lag is not None else None
        sent = None
        try:
            outcome = await run_probe(
                probe,
                state.target,
                target_cache=state.target_cache,
                judge=self._judge,
                on_answer=on_answer,
                kept=state.kept,
                span=span,
            )
            sent = requests_of(outcome)
        finally:
            state.settle(expected=expected, most=most, sent=sent)
        entry.expected, entry.most = max(1, sent), max(1, sent, entry.most or 0)
        state.after_run(probe, outcome)
        if self._lag is None or since is None:
            return outcome
        return discount_own_lag(outcome, probe, lag=self._lag, since=since)
