"""The numbers of one probe and of one target: plain slots, brought up to date by every run in a few microseconds.

A process may hold ten thousand probes, so a record keeps numbers and no objects of a metrics library, and shares what
is not its own: names with the configuration, phases with the outcome that the status store keeps anyway.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from prober.config.kind import FactMetric
from prober.config.model import Checks, Probe, Target
from prober.json_values import cap
from prober.kinds import kind_of
from prober.metrics.family import PLAIN, Key
from prober.metrics.reasons import reasons_of
from prober.outcome import Outcome, Phase, Reason, ServerInfo, Verdict
from prober.report.untrusted import line
from prober.result import Remembered, Result

DURATION_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds of how long runs take, the last one but infinity.

Twelve, because each costs one series per probe. The steps of 1, 2.5 and 5 keep a quantile within a factor of 2.5, and
hold the bounds that objectives are written in (100 ms, 250 ms, 500 ms, 1 s …). Runs on the same machine take 3 to
10 ms; 10 s is the timeout that probes have by default, and its bucket holds all that kept to it; what takes up to 30 s
is a scenario, a race or a probe with a timeout of its own; beyond that nobody asks how much.
"""

_SHOWN: Final = 100
"""Characters of what a server says of itself that go into a label."""


class ProbeRecord:
    """What is exported of one probe. None stands for what has not been seen yet."""

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
        "target",
        "written",
    )

    def __init__(self, probe: Probe, labels: str) -> None:
        self.labels = labels
        """As they stand on the page."""
        self.probe = probe.name
        self.target = probe.target
        self.kind = probe.kind
        self.interval: float | None = None
        self.budgets: tuple[tuple[str, float], ...] = ()
        self.in_maintenance: Callable[[str], bool] | None = None
        """Asked when the page is made; None where no window is defined."""
        self.runs = [0, 0, 0]
        """In the order of Verdict."""
        self.failures: dict[Reason, int] = {}
        self.failing: Reason | None = Reason.NOT_RUN
        """Why the last run did not pass; None where it passed."""
        self.buckets = array("L", bytes(array("L").itemsize * (len(DURATION_BUCKETS) + 1)))
        """Runs by how long they took, each in one bucket only; the last is beyond the bounds."""
        self.duration_sum = 0.0
        self.skipped = 0
        self.last_run: float | None = None
        self.last_success: float | None = None
        self.latency: float | None = None
        self.start: float | None = None
        self.close: float | None = None
        self.phases: Mapping[Phase, float] = {}
        self.learnt: dict[str, dict[Key, float]] | None = None
        """By the names of the kind's own families; None where it has none."""
        self.written: dict[str, str] = {}
        """Lines of the last page, by family: those that only a run changes."""

    def follow(self, probe: Probe, target: Target, *, all_reasons: bool) -> None:
        """Go by a configuration, the first or a new one; what was counted stays.

        `all_reasons` begins a counter for every reason that the probe can end with, else each begins when it is needed.
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

    def add(self, result: Result) -> None:
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
        """Stand where the process before this one ended; counters are a process's own and stay at zero."""
        self.written.clear()
        if memory.last is not None and self.last_run is None and not any(self.runs):
            self._stand(memory.last)
        if memory.last_success is not None and self.last_success is None:
            self.last_success = round(memory.last_success.timestamp(), 3)

    def _stand(self, result: Result) -> None:
        """What is exported of the last run alone. One that was not made has an outcome, and nothing else."""
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
        """Bring the kind's families of one type up to date."""
        for each in kind_of(self.kind).metrics:
            if each.type == family_type:
                values = learnt[each.name]
                for value, fact in each.facts.items():
                    if fact in outcome.facts:
                        key = _key(value)
                        before = values.get(key, 0) if family_type == "counter" else 0
                        values[key] = before + outcome.facts[fact]


class TargetRecord:
    """What is exported of one target: what the latest run that learnt it has learnt."""

    __slots__ = ("address", "budget", "certificate_expiry", "labels", "learnt", "name", "server", "tools", "written")

    def __init__(self, target: Target, labels: str) -> None:
        self.labels = labels
        """As they stand on the page."""
        self.name = target.name
        self.address = address_of(target)
        self.budget: Callable[[str], float | None] | None = None
        """Asked when the page is made; None where no budget is set."""
        self.learnt = ServerInfo()
        self.server: tuple[str, ...] | None = None
        """Era, protocol version, name, version; safe to show, but nothing to believe."""
        self.tools: float | None = None
        self.certificate_expiry: float | None = None
        self.written: dict[str, str] = {}
        """As with probes."""

    def learn(self, outcome: Outcome) -> None:
        """A run has ended that may have learnt something."""
        facts = outcome.facts
        if outcome.server.era is not None and outcome.server != self.learnt:
            self.written.clear()
            self.learnt = outcome.server
            self.server = _labels_of(outcome.server)
        self.tools = facts.get("tools", self.tools)
        self.certificate_expiry = facts.get("certificate_expiry_timestamp_seconds", self.certificate_expiry)


def address_of(target: Target) -> tuple[object, ...]:
    """What makes it another server, if it changes: nothing that was learnt of the one before holds then."""
    return (target.transport, target.url, target.command)


def in_order(memories: Iterable[Remembered]) -> list[Result]:
    """Their latest runs, the oldest first: what is learnt of a target is told by the newest."""
    results = [memory.last for memory in memories if memory.last is not None]
    return sorted(results, key=_ended)


def _ended(result: Result) -> datetime:
    return result.ended


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
