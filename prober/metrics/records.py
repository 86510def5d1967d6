"""The values of one probe: plain slots, updated by each run in a few microseconds.

A process may hold ten thousand probes, so a record holds numbers instead of a metrics library's objects. It shares
names with the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from prober.config.kind import FactMetric
from prober.config.model import Probe, Target
from prober.kinds import kind_of
from prober.metrics.family import Exemplar, Key, key_of
from prober.metrics.results import result_of, results_of
from prober.metrics.target_record import checks_of
from prober.outcome import Outcome, Reason, Symptom, Verdict
from prober.report.formatting import rfc3339
from prober.scheduled_run import Remembered, ScheduledRun

Streak = tuple[int, Symptom | None]
"""How many runs in a row failed, and with which symptom."""
NO_STREAK: Final[Streak] = (0, None)


class ProbeRecord:
    """The exported values of one probe. None means: not known yet."""

    __slots__ = (
        "budgets",
        "close",
        "exemplars",
        "failing",
        "in_maintenance",
        "interval",
        "kind",
        "labels",
        "last_run",
        "last_success",
        "latency",
        "learnt",
        "probe",
        "results",
        "slow",
        "start",
        "streak",
        "success",
        "target",
        "written",
    )

    def __init__(self, probe: Probe, labels: str) -> None:
        self.labels = labels
        """The labels, already formatted for the /metrics page."""
        self.probe = probe.name
        self.target = probe.target
        self.kind = probe.kind
        self.interval: float | None = None
        self.budgets: tuple[tuple[str, float], ...] = ()
        self.in_maintenance: Callable[[str], bool] | None = None
        """Called when the page is written; None if no window is configured."""
        self.streak: Callable[[str], Streak] = lambda _probe: NO_STREAK
        """Asked when the page is made: the status store counts failures in a row."""
        self.slow: int | None = None
        """Runs in a row whose latency was over the level `warn` of the budget; None where there is no such level."""
        self.results: dict[str, int] = {}
        """Runs by result: `pass` or a symptom."""
        self.exemplars: dict[str, Exemplar] = {}
        """The latest run of each result but `pass`. Its id is when it began, as the API writes it."""
        self.success: bool | None = None
        """Whether the last run passed."""
        self.failing: tuple[str, str] | None = None
        """Reason and symptom of the last run; None if it passed."""
        self.last_run: float | None = None
        self.last_success: float | None = None
        self.latency: float | None = None
        self.start: float | None = None
        self.close: float | None = None
        self.learnt: dict[str, dict[Key, float]] | None = None
        """By name of the kind's own families; None if the kind has none."""
        self.written: dict[str, str] = {}
        """By family, the lines of the last page that only a run changes: a cache."""

    def follow(self, probe: Probe, target: Target) -> None:
        """Apply a configuration, the first or a new one; counters keep their values."""
        self.interval = None if probe.cron is not None else probe.interval
        self.budgets = _latency_budgets(probe)
        self.slow = (self.slow or 0) if "warn" in dict(self.budgets) else None
        self.written.clear()
        for result in results_of(probe, target):
            self.results.setdefault(result, 0)
        if metrics := kind_of(probe.kind).metrics:
            learnt = self.learnt or {}
            self.learnt = {each.name: _from_zero(each, probe) | learnt.get(each.name, {}) for each in metrics}

    def add(self, run: ScheduledRun) -> None:
        """A run has ended."""
        self.written.clear()
        result = result_of(run.outcome)
        self.results[result] = self.results.get(result, 0) + 1
        self._stand(run)
        if not self.success:
            self.exemplars[result] = (rfc3339(run.outcome.started_at), round(run.ended.timestamp(), 3))
        if self.slow is not None:
            self.slow = self._slow_after(run, self.slow)
        if self.learnt is not None:
            self._learn(self.learnt, run.outcome, "counter")

    def _slow_after(self, run: ScheduledRun, before: int) -> int:
        """A run without a latency, or of which the prober cannot tell, neither counts nor ends them."""
        latency = run.outcome.facts.get("latency_seconds")
        if run.maintenance:
            return 0
        if latency is None or run.outcome.verdict is Verdict.UNKNOWN:
            return before
        return before + 1 if latency > dict(self.budgets)["warn"] else 0

    def restore(self, memory: Remembered) -> None:
        """Show the last run of the previous process; counters belong to one process and stay at zero."""
        self.written.clear()
        if memory.last is not None and self.last_run is None and not any(self.results.values()):
            self._stand(memory.last)
        if memory.last_success is not None and self.last_success is None:
            self.last_success = round(memory.last_success.timestamp(), 3)

    def _stand(self, run: ScheduledRun) -> None:
        """Update the values about the last run. A run that was not made changes nothing but why nothing is known."""
        outcome = run.outcome
        self.success = outcome.verdict is Verdict.PASS
        self.failing = None if self.success else ((outcome.reason or Reason.UNDECIDED).value, result_of(outcome))
        if outcome.reason is Reason.NOT_RUN:
            return
        self.last_run = round(run.ended.timestamp(), 3)
        if self.success:
            self.last_success = self.last_run
        facts = outcome.facts
        self.latency = facts.get("latency_seconds")
        self.start, self.close = facts.get("start_seconds"), facts.get("close_seconds")
        if self.learnt is not None:
            self._learn(self.learnt, outcome, "gauge")

    def _learn(self, learnt: dict[str, dict[Key, float]], outcome: Outcome, family_type: str) -> None:
        """Update the kind's families of one type."""
        for each in kind_of(self.kind).metrics:
            if each.type == family_type:
                values = learnt[each.name]
                for value, fact in each.facts.items():
                    if fact in outcome.facts:
                        key = key_of(value)
                        before = values.get(key, 0) if family_type == "counter" else 0
                        values[key] = before + outcome.facts[fact]


def in_order(memories: Iterable[Remembered]) -> list[ScheduledRun]:
    """The latest runs, the oldest first: so the newest run has the last word about its target."""
    results = [memory.last for memory in memories if memory.last is not None]
    return sorted(results, key=lambda result: result.ended)


def _from_zero(metric: FactMetric, probe: Probe) -> dict[Key, float]:
    if metric.type == "gauge":
        return {}
    values = metric.facts if metric.from_zero is None else metric.from_zero(probe.settings)
    return {key_of(value): 0 for value in values}


def _latency_budgets(probe: Probe) -> tuple[tuple[str, float], ...]:
    checks = checks_of(probe)
    if checks is None:
        return ()
    latency = checks.latency
    levels = (("warn", latency.warn), ("fail", latency.fail))
    return tuple((level, seconds) for level, seconds in levels if seconds is not None)
