"""A Sink that logs a line when a probe begins to fail, changes its reason, or recovers; it does not log each run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from prober.config.model import Config, Probe
from prober.daemon.logs import log
from prober.outcome import Outcome, Reason, Verdict
from prober.report.untrusted import line
from prober.scheduled_run import Remembered, ScheduledRun

_Last = tuple[Verdict, Reason | None]
_INITIAL: Final[_Last] = (Verdict.PASS, None)
"""The assumed result of a probe that has not run: a first pass is not logged."""


class Changes:
    """The Sink. `log` writes an event."""

    def __init__(self, *, log: Callable[..., None] = log) -> None:
        self._log = log
        self._last: dict[tuple[str, str], _Last] = {}

    def apply_config(self, config: Config) -> None:
        """Forget removed probes."""
        configured = {(probe.target, probe.name) for probe in config.probes.values()}
        self._last = {name: last for name, last in self._last.items() if name in configured}

    def restore(self, remembered: list[Remembered]) -> None:
        """Take the results of the previous process for logged."""
        for memory in remembered:
            if memory.last is not None:
                outcome = memory.last.outcome
                self._last[memory.target, memory.probe] = outcome.verdict, outcome.reason

    def record(self, result: ScheduledRun) -> None:
        """A run has ended."""
        outcome = result.outcome
        name = outcome.target, outcome.probe
        before, now = self._last.get(name, _INITIAL), (outcome.verdict, outcome.reason)
        self._last[name] = now
        if now == before:
            return
        if outcome.verdict is Verdict.PASS:
            self._log(logging.INFO, "probe_recovered", **_facts(outcome), was=before[0].value)
        else:
            level = logging.WARNING if outcome.verdict is Verdict.FAIL else logging.INFO
            event = "probe_failing" if outcome.verdict is Verdict.FAIL else "probe_unknown"
            self._log(level, event, **_facts(outcome), maintenance=result.maintenance or None)

    def skipped(self, probe: Probe) -> None:
        """Skipped runs are not logged; metrics count them."""


def _facts(outcome: Outcome) -> dict[str, object]:
    return {
        "target": outcome.target,
        "probe": outcome.probe,
        "reason": outcome.reason.value if outcome.reason else None,
        "step": outcome.step,
        "message": line(outcome.message) or None,
        "duration_seconds": round(outcome.duration_seconds, 4),
        "trace_id": outcome.span.trace_id if outcome.span is not None and outcome.span.sampled else None,
    }
