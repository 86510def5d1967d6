"""The values of one probe and of one target: plain slots, updated by each run in a few microseconds.

A process may hold ten thousand probes, so a record holds numbers instead of a metrics library's objects. It shares
names with the configuration, and phases with the outcome that the status store holds anyway.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prober.client.stdio.kept_processes import Cause
from prober.config.kind import FactMetric
from prober.config.model import Checks, Probe, Target
from prober.json_values import cap
from prober.kinds import kind_of
from prober.metrics.family import PLAIN, Key
from prober.metrics.reasons import reasons_of
from prober.metrics.steadiness import Steadiness
from prober.outcome import Outcome, Phase, Reason, ServerInfo, Verdict
from prober.report.untrusted import line
from prober.scheduled_run import Remembered, ScheduledRun

DURATION_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds of how long runs take, the last one but infinity.

Twelve, because each bucket costs one series per probe. The steps of 1, 2.5 and 5 keep a quantile within a factor of
2.5, and include the bounds of usual objectives (100 ms, 250 ms, 500 ms, 1 s …). Runs on the same machine take 3 to
10 ms. 10 s is the default timeout: its bucket holds every run that kept it. Scenarios, races and probes with a longer
timeout take up to 30 s.
"""

RESTARTS: Final[tuple[Cause, ...]] = tuple(cause for cause in Cause if cause is not Cause.STOPPED)
"""Causes after which a process is replaced."""

_SHOWN: Final = 100
"""Characters of a server's name or version that go into a label."""


class ProbeRecord:
    """The exported values of one probe. None means: not known yet."""

    __slots__ = (
        "buckets",
        "budgets",
        "close",
        "duration_sum",
        "failing",
        "failures",
        "in_maintenance",
        "interval",
        "kind",
        "labels",
        "last_run",
        "last_success",
        "latency",
        "learnt",
        "phases",
        "probe",
        "runs",
        "skipped",
        "start",
        "streak",
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
        self.streak: Callable[[str], int] = lambda _probe: 0
        """Asked when the page is made: the status store counts failures in a row."""
        self.runs = [0, 0, 0]
        """Counts in the order of Verdict."""
        self.failures: dict[Reason, int] = {}
        self.failing: Reason | None = Reason.NOT_RUN
        """Why the last run did not pass; None if it passed."""
        self.buckets = array("L", bytes(array("L").itemsize * (len(DURATION_BUCKETS) + 1)))
        """Runs by duration, each in one bucket only; the last bucket is beyond the bounds."""
        self.duration_sum = 0.0
        self.skipped = 0
        self.last_run: float | None = None
        self.last_success: float | None = None
        self.latency: float | None = None
        self.start: float | None = None
        self.close: float | None = None
        self.phases: Mapping[Phase, float] = {}
        self.learnt: dict[str, dict[Key, float]] | None = None
        """By name of the kind's own families; None if the kind has none."""
        self.written: dict[str, str] = {}
        """By family, the lines of the last page that only a run changes: a cache."""

    def follow(self, probe: Probe, target: Target, *, all_reasons: bool) -> None:
        """Apply a configuration, the first or a new one; counters keep their values.

        `all_reasons` starts a counter for every reason that the probe can end with. Without it, a counter starts with
        the first occurrence of its reason.
        """
        self.interval = None if probe.cron is not None else probe.interval
        self.budgets = _latency_budgets(probe)
        self.written.clear()
        if all_reasons:
            for reason in reasons_of(probe, target):
                self.failures.setdefault(reason, 0)
        if metrics := kind_of(probe.kind).metrics:
            learnt = self.learnt or {}
            self.learnt = {each.name: _from_zero(each, probe) | learnt.get(each.name, {}) for each in metrics}

    def add(self, result: ScheduledRun) -> None:
        """A run has ended."""
        outcome = result.outcome
        self.written.clear()
        self.runs[_INDEX[outcome.verdict]] += 1
        if outcome.reason is not None:
            self.failures[outcome.reason] = self.failures.get(outcome.reason, 0) + 1
        if outcome.reason is not Reason.NOT_RUN:
            self.buckets[bisect_left(DURATION_BUCKETS, outcome.duration_seconds)] += 1
            self.duration_sum += outcome.duration_seconds
        self._stand(result)
        if self.learnt is not None:
            self._learn(self.learnt, outcome, "counter")

    def restore(self, memory: Remembered) -> None:
        """Show the last run of the previous process; counters belong to one process and stay at zero."""
        self.written.clear()
        if memory.last is not None and self.last_run is None and not any(self.runs):
            self._stand(memory.last)
        if memory.last_success is not None and self.last_success is None:
            self.last_success = round(memory.last_success.timestamp(), 3)

    def _stand(self, result: ScheduledRun) -> None:
        """Update the values about the last run. The reason `not_run` changes nothing but `failing`."""
        outcome = result.outcome
        self.failing = None if outcome.verdict is Verdict.PASS else outcome.reason or Reason.UNDECIDED
        if outcome.reason is Reason.NOT_RUN:
            return
        self.last_run = round(result.ended.timestamp(), 3)
        if outcome.verdict is Verdict.PASS:
            self.last_success = self.last_run
        facts = outcome.facts
        self.phases = outcome.phases
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
                        key = _key(value)
                        before = values.get(key, 0) if family_type == "counter" else 0
                        values[key] = before + outcome.facts[fact]


class TargetRecord:
    """The exported values of one target, each from the latest run that had it."""

    __slots__ = (
        "address",
        "budget",
        "certificate_expiry",
        "labels",
        "learnt",
        "name",
        "restarts",
        "server",
        "steadiness",
        "tools",
        "written",
    )

    def __init__(self, target: Target, labels: str) -> None:
        self.labels = labels
        """The labels, already formatted for the /metrics page."""
        self.name = target.name
        self.address = address_of(target)
        self.budget: Callable[[str], float | None] | None = None
        """Called when the page is written; None if no budget is configured."""
        self.restarts: dict[Cause, int] | None = None
        """Ends of kept processes by their cause; None if none are kept."""
        self.steadiness = Steadiness()
        self.learnt = ServerInfo()
        self.server: tuple[str, ...] | None = None
        """Era, protocol version, name, version: escaped, but the server's own claim."""
        self.tools: float | None = None
        self.certificate_expiry: float | None = None
        self.written: dict[str, str] = {}
        """As in ProbeRecord."""

    def follow(self, target: Target) -> None:
        """Apply a configuration, the first or a new one; counters keep their values."""
        if target.reuse is None:
            self.restarts = None
        elif self.restarts is None:
            self.restarts = dict.fromkeys(RESTARTS, 0)

    def learn(self, outcome: Outcome) -> None:
        """A run has ended."""
        facts = outcome.facts
        if outcome.server.era is not None:
            shown = self.steadiness.shown(outcome.server, at=outcome.started_at.timestamp())
            if shown != self.learnt:
                self.written.clear()
                self.learnt = shown
                self.server = _labels_of(shown)
        self.tools = facts.get("tools", self.tools)
        self.certificate_expiry = facts.get("certificate_expiry_timestamp_seconds", self.certificate_expiry)


def address_of(target: Target) -> tuple[object, ...]:
    """The identity of the server: if it changes, everything that was learnt of the target is dropped."""
    return (target.transport, target.url, target.command)


def in_order(memories: Iterable[Remembered]) -> list[ScheduledRun]:
    """The latest runs, the oldest first: so the newest run has the last word about its target."""
    results = [memory.last for memory in memories if memory.last is not None]
    return sorted(results, key=lambda result: result.ended)


def _key(value: str) -> Key:
    return ("", value) if value else PLAIN


def _from_zero(metric: FactMetric, probe: Probe) -> dict[Key, float]:
    if metric.type == "gauge":
        return {}
    values = metric.facts if metric.from_zero is None else metric.from_zero(probe.settings)
    return {_key(value): 0 for value in values}


_INDEX: Final = {verdict: index for index, verdict in enumerate(Verdict)}


def _latency_budgets(probe: Probe) -> tuple[tuple[str, float], ...]:
    checks = getattr(probe.settings, "checks", None)
    if not isinstance(checks, Checks):
        return ()
    latency = checks.latency
    levels = (("warn", latency.warn), ("fail", latency.fail))
    return tuple((level, seconds) for level, seconds in levels if seconds is not None)


def _labels_of(server: ServerInfo) -> tuple[str, ...]:
    texts = (server.era, server.protocol_version, server.name, server.version)
    return tuple(cap(line(text or ""), _SHOWN) for text in texts)
