"""Logs what changes: one line when a probe begins to fail, changes its reason, or recovers; none for each run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from prober.config.model import Config, Probe
from prober.daemon.logs import log
from prober.outcome import Outcome, Reason, Verdict
from prober.report.untrusted import line
from prober.result import Remembered, Result

_Last = tuple[Verdict, Reason | None]
_WELL: Final[_Last] = (Verdict.PASS, None)
"""What is taken for granted of a probe that has not run: to pass is no news."""


class Changes:
    """A Sink for the log."""

    def __init__(self, *, tell: Callable[..., None] = log) -> None:
        self._tell = tell
        self._last: dict[tuple[str, str], _Last] = {}

    def apply_config(self, config: Config) -> None:
        """Forget probes that are gone."""
        here = {(probe.target, probe.name) for probe in config.probes.values()}
        self._last = {name: last for name, last in self._last.items() if name in here}

    def restore(self, remembered: list[Remembered]) -> None:
        """What was logged before a restart is not news."""
        for memory in remembered:
            if memory.last is not None:
                outcome = memory.last.outcome
                self._last[memory.target, memory.probe] = outcome.verdict, outcome.reason

    def record(self, result: Result) -> None:
        """A run has ended."""
        outcome = result.outcome
        name = outcome.target, outcome.probe
        before, now = self._last.get(name, _WELL), (outcome.verdict, outcome.reason)
        self._last[name] = now
        if now == before:
            return
        if outcome.verdict is Verdict.PASS:
            self._tell(logging.INFO, "probe_recovered", **_facts(outcome), was=before[0].value)
        else:
            level = logging.WARNING if outcome.verdict is Verdict.FAIL else logging.INFO
            event = "probe_failing" if outcome.verdict is Verdict.FAIL else "probe_unknown"
            self._tell(level, event, **_facts(outcome), maintenance=result.maintenance or None)

    def skipped(self, probe: Probe) -> None:
        """Counted elsewhere."""


def _facts(outcome: Outcome) -> dict[str, object]:
    return {
        "target": outcome.target,
        "probe": outcome.probe,
        "reason": outcome.reason.value if outcome.reason else None,
        "step": outcome.step,
        "message": line(outcome.message) or None,
        "duration_seconds": round(outcome.duration_seconds, 4),
    }
