"""A probe that is scheduled, and a run of it within the budget of its target."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prober.assertions.judge import Judge
from prober.config.model import Probe
from prober.engine import not_run, run_probe
from prober.loop_lag import LoopLag, discount_own_lag
from prober.outcome import Outcome, SpanContext
from prober.schedule.maintenance import MaintenanceWindows
from prober.schedule.target_state import TargetState, requests_of


@dataclass(kw_only=True, slots=True)
class ScheduledProbe:
    """One probe that is scheduled. A reload keeps the entry for as long as target and kind stay the same."""

    probe: Probe
    state: TargetState
    windows: MaintenanceWindows
    trigger: Any
    expected: int = 1
    """Requests that the next run is expected to send: as many as the last one did."""
    run: asyncio.Task[None] | None = None
    gone: bool = False
    """Whether a reload has removed the probe: the result of a run under way is then dropped."""


class Runner:
    """Runs probes that have their slot. `lag` measures how late the prober is itself; without it, no outcome is
    discounted."""

    def __init__(self, *, judge: Judge, lag: LoopLag | None) -> None:
        self._judge, self._lag = judge, lag

    async def outcome(
        self, entry: ScheduledProbe, probe: Probe, on_answer: Callable[[], None], *, span: SpanContext | None = None
    ) -> Outcome:
        """Run a probe within the budget of its target. `probe` is the entry's, or the same with less time."""
        state, expected = entry.state, entry.expected
        rate_limit = state.rate_limit
        if rate_limit is not None and (refusal := rate_limit.reserve(expected)) is not None:
            return not_run(probe, refusal)
        state.before_run()
        since = self._lag.mark() if self._lag is not None else None
        sent = expected  # what a run that is cancelled is taken to have sent
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
            if rate_limit is not None:
                rate_limit.settle(expected, sent)
        entry.expected = max(1, sent)
        state.after_run(probe, outcome)
        if self._lag is None or since is None:
            return outcome
        return discount_own_lag(outcome, probe, lag=self._lag, since=since)
