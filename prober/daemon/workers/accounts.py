"""What the next process of a worker has to know of the one that died: which runs it owes, and what it may still send.

What was due while there was no worker is run by the next one, late. So is a run that was under way or waited when the
worker died, but not for ever: what one worker after the other dies with may be what kills them. Then its probe waits
until it is due again.

Requests that were sent within a budget, or the allowance of a host, are still counted against it, and for longer than
they were: from the start of the next worker. It is a promise to others, which no death of ours may break.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from prober.config.model import Probe, Target
from prober.outcome import Outcome
from prober.schedule.rate_limit import RateLimit
from prober.schedule.scheduled_probe import trigger_of
from prober.schedule.target_state import requests_of
from prober.scheduled_run import ScheduledRun

_REPEATS: Final = 3
"""How often a run is begun again that was lost each time."""


class Accounts:
    """Of every probe, the latest due time that came to something; of every target, the requests that count."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._lost: dict[str, int] = {}
        """By probe, how many of its runs in a row were lost."""
        self._requests: dict[str, RateLimit] = {}
        """By target, where they are limited."""

    def keep(self, probes: Mapping[str, Probe], targets: Mapping[str, Target]) -> None:
        """Account for these probes and targets. Nothing was due of a new probe before now."""
        now = datetime.now(UTC)
        self._until = {name: self._until.get(name, now) for name in probes}
        self._lost = {name: count for name, count in self._lost.items() if name in probes}
        before, self._requests = self._requests, {}
        for name, target in targets.items():
            budgets = [budget for budget in (target.budget, target.host_budget) if budget is not None]
            if budgets:
                limit = self._requests[name] = RateLimit(max(budgets, key=lambda budget: budget.seconds))
                if name in before:
                    limit.inherit(before[name])

    def ran(self, result: ScheduledRun) -> None:
        """A run has ended."""
        name = result.outcome.probe
        self.sent(result.outcome)
        self._until[name] = max(result.due, self._until.get(name, result.due))
        self._lost.pop(name, None)

    def sent(self, outcome: Outcome) -> None:
        """A run has sent its requests, due or not."""
        limit = self._requests.get(outcome.target)
        if limit is not None:
            limit.settle(0, requests_of(outcome))

    def left_out(self, probe: str) -> None:
        """A run was due and left out."""
        self._until[probe] = datetime.now(UTC)

    def worker_died(self, probes: Iterable[Probe]) -> None:
        """The worker of these probes has died, with all that was due and is not accounted for."""
        now = datetime.now(UTC)
        for probe in probes:
            due = trigger_of(probe).get_next_fire_time(self._until[probe.name], now)
            if due is None or due > now:
                continue
            lost = self._lost[probe.name] = self._lost.get(probe.name, 0) + 1
            if lost > _REPEATS:
                self._until[probe.name] = now

    def since(self, probe: str) -> datetime:
        """What was due after that is yet to be run."""
        return self._until[probe]

    def requests(self, targets: Iterable[str]) -> dict[str, int]:
        """How many requests of these targets count, of those that are limited."""
        return {name: self._requests[name].used for name in targets if name in self._requests}
