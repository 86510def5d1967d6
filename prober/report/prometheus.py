"""The report for the textfile collector of node_exporter: one pass as gauges, to be written over by the next.

A pass is one moment, so nothing here counts and nothing is a histogram: `mcp_probe_runs_total`,
`mcp_probe_failures_total` and `mcp_probe_duration_seconds` are the daemon's, and the words that differ in kind differ
in name, because a metric name has one type.

- `mcp_probe_success` is 0 both for a failed probe and for one of which we could not tell; which of the two it was, and
  why, says `mcp_probe_last_failure_info` with its closed set of reasons. That series is there only for probes that did
  not pass and is gone with the file of the next pass: fifty zeros per probe would say nothing more.
- `mcp_probe_last_success_timestamp_seconds` is left out: a pass that failed does not know when the last one succeeded.
- What is learnt of a target is told by the latest run that learnt it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, TextIO

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from prober.kinds import all_kinds
from prober.outcome import Outcome, Phase, Verdict
from prober.report.summary import by_name
from prober.report.tty import writable
from prober.report.untrusted import line

_PROBE: Final = ("target", "probe")


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:  # noqa: ARG001
    """Writes the exposition. When the pass began and what was exchanged are not part of it."""
    registry = CollectorRegistry()
    ordered = by_name(outcomes)
    _runs(registry, ordered)
    _of_kinds(registry, ordered)
    _targets(registry, sorted(outcomes, key=lambda outcome: (outcome.target, outcome.started_at, outcome.probe)))
    # "?" and not an escape: the format knows three of them and its readers refuse any other.
    stream.write(writable(generate_latest(registry).decode(), stream, errors="replace"))


def _runs(registry: CollectorRegistry, outcomes: Sequence[Outcome]) -> None:
    success = Gauge(
        "mcp_probe_success", "Whether the last run of the probe passed: 1 if so, else 0.", _PROBE, registry=registry
    )
    failure = Gauge(
        "mcp_probe_last_failure_info",
        "The reason why the last run of the probe did not pass, always 1.",
        (*_PROBE, "reason"),
        registry=registry,
    )
    took = Gauge(
        "mcp_probe_last_duration_seconds", "Seconds that the last run of the probe took.", _PROBE, registry=registry
    )
    phases = Gauge(
        "mcp_probe_phase_duration_seconds",
        "Seconds that the last run of the probe spent in a phase, summed over its exchanges.",
        (*_PROBE, "phase"),
        registry=registry,
    )
    ended = Gauge(
        "mcp_probe_last_run_timestamp_seconds",
        "Unix time at which the last run of the probe ended.",
        _PROBE,
        registry=registry,
    )
    for outcome in outcomes:
        names = (line(outcome.target), line(outcome.probe))
        success.labels(*names).set(outcome.verdict is Verdict.PASS)
        if outcome.reason is not None:
            failure.labels(*names, outcome.reason.value).set(1)
        took.labels(*names).set(_rounded(outcome.duration_seconds))
        for phase in Phase:
            if phase in outcome.phases:
                phases.labels(*names, phase.value).set(_rounded(outcome.phases[phase]))
        ended.labels(*names).set(round(outcome.ended.timestamp(), 3))


def _of_kinds(registry: CollectorRegistry, outcomes: Sequence[Outcome]) -> None:
    """Only where it was learnt: zeros for what a probe cannot find would look as if it had been looked for."""
    for metric in (metric for kind in all_kinds().values() for metric in kind.metrics):
        name, help_text = metric.in_a_pass or (metric.name, metric.help)
        labels = (*_PROBE, metric.label) if metric.label else _PROBE
        gauge = Gauge(name, help_text, labels, registry=registry)
        for outcome in outcomes:
            for value, fact in metric.facts.items():
                if fact in outcome.facts:
                    own = (value,) if metric.label else ()
                    gauge.labels(line(outcome.target), line(outcome.probe), *own).set(outcome.facts[fact])


def _targets(registry: CollectorRegistry, outcomes: Sequence[Outcome]) -> None:
    """`outcomes` by target and time: a later run's word replaces an earlier one's."""
    info = Gauge(
        "mcp_target_info",
        "What was negotiated with the target and what its server says of itself, always 1.",
        ("target", "era", "protocol_version", "server_name", "server_version"),
        registry=registry,
    )
    for target, labels in {o.target: _server_labels(o) for o in outcomes if o.server.era}.items():
        info.labels(line(target), *labels).set(1)
    tools = Gauge("mcp_target_tools", "Tools that the target lists.", ("target",), registry=registry)
    for target, count in _learnt(outcomes, "tools"):
        tools.labels(target).set(count)
    expiry = Gauge(
        "mcp_target_certificate_expiry_timestamp_seconds",
        "Unix time at which the target's TLS certificate expires.",
        ("target",),
        registry=registry,
    )
    for target, moment in _learnt(outcomes, "certificate_expiry_timestamp_seconds"):
        expiry.labels(target).set(moment)


def _learnt(outcomes: Sequence[Outcome], fact: str) -> Iterator[tuple[str, float]]:
    known = {outcome.target: outcome.facts[fact] for outcome in outcomes if fact in outcome.facts}
    yield from ((line(target), value) for target, value in known.items())


def _server_labels(outcome: Outcome) -> tuple[str, ...]:
    server = outcome.server
    return tuple(line(text or "") for text in (server.era, server.protocol_version, server.name, server.version))


def _rounded(seconds: float) -> float:
    return round(seconds, 6)
