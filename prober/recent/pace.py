"""How long the runs of each target took, by the minute: what the page draws until history has two hours to draw."""

from __future__ import annotations

from array import array
from datetime import datetime
from typing import Final

from prober.config.model import Config, Probe
from prober.outcome import Verdict
from prober.scheduled_run import ScheduledRun

MINUTES: Final = 30
"""Minutes with a run that are kept of a target: 0.8 kB."""
_FIELDS: Final = 3
"""Of a minute: its number since 1970, how many runs there were, how many seconds they took together."""


class RecentPace:
    """A Sink. Counted are runs that passed or failed, outside maintenance, as history counts them."""

    def __init__(self) -> None:
        self._by_target: dict[str, array[float]] = {}

    def record(self, result: ScheduledRun) -> None:
        """A run has ended."""
        outcome = result.outcome
        if outcome.verdict is Verdict.UNKNOWN or result.maintenance:
            return
        minute = _minute(outcome.started_at)
        known = self._by_target.setdefault(outcome.target, array("d"))
        if not known or known[-_FIELDS] < minute:
            known.extend((minute, 0, 0))
            del known[: -_FIELDS * MINUTES]
        known[-2] += 1  # a run that began in a minute before ended in this one: it is drawn here
        known[-1] += outcome.duration_seconds

    def skipped(self, probe: Probe) -> None:
        """A run that was left out took no time."""

    def apply_config(self, config: Config) -> None:
        """Forget targets that are gone."""
        self._by_target = {name: known for name, known in self._by_target.items() if name in config.targets}

    def by_the_minute(self, target: str, now: datetime) -> tuple[float | None, ...]:
        """Mean seconds of a run, oldest first; None for a minute without a run. Empty where no run is known."""
        known = self._by_target.get(target, array("d"))
        means = {
            int(known[at]): known[at + 2] / known[at + 1]
            for at in range(0, len(known), _FIELDS)
            if known[at] > _minute(now) - MINUTES
        }
        return tuple(means.get(minute) for minute in range(min(means), max(means) + 1)) if means else ()


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)
