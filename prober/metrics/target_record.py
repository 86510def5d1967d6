"""The values of one target: of its runs by kind, and what the latest run learnt that had it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

from prober.client.http.token_expiry import RENEWALS
from prober.client.stdio.kept_processes import Cause
from prober.config.model import Checks, Probe, Target
from prober.json_values import cap
from prober.kinds import kind_of
from prober.metrics.family import Key, key_of
from prober.metrics.steadiness import Steadiness
from prober.outcome import Outcome, Phase, Reason, ServerInfo
from prober.report.untrusted import line

DURATION_BUCKETS: Final = (0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds of how long runs and requests take, the last one but infinity.

Eight, because each bucket costs a series per target and kind. They include the bounds of usual objectives (100 ms,
250 ms, 500 ms, 1 s …). 10 s is the default timeout: its bucket holds every run that kept it.
"""

RESTARTS: Final[tuple[Cause, ...]] = tuple(cause for cause in Cause if cause is not Cause.STOPPED)
"""Causes after which a process is replaced."""

_SHOWN: Final = 100
"""Characters of a server's name or version that go into a label."""


class Histogram:
    """Seconds, counted by the buckets that they fall into."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = array("L", bytes(array("L").itemsize * (len(DURATION_BUCKETS) + 1)))
        """Each value in one bucket only; the last bucket is beyond the bounds."""
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """Count one value."""
        self.counts[bisect_left(DURATION_BUCKETS, seconds)] += 1
        self.sum += seconds


class TargetRecord:
    """The exported values of one target: of its runs by kind, and what the latest run learnt that had it."""

    __slots__ = (
        "address",
        "budget",
        "certificate_expiry",
        "durations",
        "given",
        "labels",
        "latencies",
        "learnt",
        "name",
        "objective",
        "of_kinds",
        "phases",
        "restarts",
        "server",
        "steadiness",
        "token_expiry",
        "tools",
        "tools_bytes",
        "written",
    )

    def __init__(self, target: Target, labels: str) -> None:
        self.labels = labels
        """The labels, already formatted for the /metrics page."""
        self.name = target.name
        self.address = address_of(target)
        self.budget: Callable[[str], float | None] | None = None
        """Called when the page is written; None if no budget is configured."""
        self.objective = target.objective
        self.given: tuple[tuple[str, str], ...] = ()
        """The labels that the operator or a source gives it."""
        self.durations: dict[str, Histogram] = {}
        """By kind of the probe."""
        self.latencies: dict[str, Histogram] = {}
        self.phases: dict[tuple[str, Phase], float] = {}
        """Seconds of all runs, by kind of the probe and phase."""
        self.restarts: dict[Cause, int] | None = None
        """Ends of kept processes by their cause; None if none are kept."""
        self.steadiness = Steadiness()
        self.learnt = ServerInfo()
        self.server: tuple[str, ...] | None = None
        """Era, protocol version, name, version: escaped, but the server's own claim."""
        self.tools: float | None = None
        self.tools_bytes: float | None = None
        self.certificate_expiry: float | None = None
        self.token_expiry: dict[Key, float] = {}
        self.of_kinds: dict[str, dict[Key, float]] = {}
        """By name of the families that kinds declare for targets."""
        self.written: dict[str, str] = {}
        """As in ProbeRecord."""

    def follow(self, target: Target, probes: Iterable[Probe]) -> None:
        """Apply a configuration, the first or a new one: the kinds of its probes have histograms from zero on.

        Only kinds that judge an answer have latencies. Counters keep their values; a kind without a probe goes.
        """
        self.written.clear()
        self.objective = target.objective
        self.given = tuple(sorted(target.labels.items()))
        judging = {probe.kind: checks_of(probe) is not None for probe in probes}
        self.durations = {kind: self.durations.get(kind) or Histogram() for kind in judging}
        self.latencies = {
            kind: self.latencies.get(kind) or Histogram()
            for kind, judges in judging.items()
            if judges or kind in self.latencies
        }
        self.phases = {of: seconds for of, seconds in self.phases.items() if of[0] in judging}
        if target.reuse is None:
            self.restarts = None
        elif self.restarts is None:
            self.restarts = dict.fromkeys(RESTARTS, 0)

    def add(self, outcome: Outcome) -> None:
        """A run has ended."""
        self.learn(outcome)
        if outcome.reason is Reason.NOT_RUN:
            return
        self.written.clear()
        self.durations[outcome.kind].add(outcome.duration_seconds)
        if (latency := outcome.facts.get("latency_seconds")) is not None:
            self.latencies.setdefault(outcome.kind, Histogram()).add(latency)
        for phase, seconds in outcome.phases.items():
            self.phases[outcome.kind, phase] = self.phases.get((outcome.kind, phase), 0.0) + seconds

    def learn(self, outcome: Outcome) -> None:
        """Take over what a run learnt of the server, whenever it was made."""
        facts = outcome.facts
        if outcome.server.era is not None:
            shown = self.steadiness.shown(outcome.server, at=outcome.started_at.timestamp())
            if shown != self.learnt:
                self.written.clear()
                self.learnt = shown
                self.server = _labels_of(shown)
        self.tools = facts.get("tools", self.tools)
        self.tools_bytes = facts.get("tools_bytes", self.tools_bytes)
        for metric in kind_of(outcome.kind).target_metrics:
            found = {key_of(value): facts[fact] for value, fact in metric.facts.items() if fact in facts}
            if found:
                self.of_kinds[metric.name] = found
        self.token_expiry |= {key_of(value): facts[fact] for value, fact in RENEWALS.items() if fact in facts}
        self.certificate_expiry = facts.get("certificate_expiry_timestamp_seconds", self.certificate_expiry)


def address_of(target: Target) -> tuple[object, ...]:
    """The identity of the server: if it changes, everything that was learnt of the target is dropped."""
    return (target.transport, target.url, target.command)


def checks_of(probe: Probe) -> Checks | None:
    """How the answer of a probe is judged; None where its kind judges none."""
    checks = getattr(probe.settings, "checks", None)
    return checks if isinstance(checks, Checks) else None


def _labels_of(server: ServerInfo) -> tuple[str, ...]:
    texts = (server.era, server.protocol_version, server.name, server.version)
    return tuple(cap(line(text or ""), _SHOWN) for text in texts)
