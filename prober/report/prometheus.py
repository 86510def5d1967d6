"""The report for the textfile collector of node_exporter: one pass as gauges; the next pass overwrites them.

A single pass has no counters and no histograms; what it exports has the names and meanings of the daemon's page.

- `mcp_probe_success` is 0 for `fail` and for `unknown`. `mcp_probe_failure_info` tells them apart by its closed set of
  reasons. It exists only for probes that did not pass.
- The phases of a run are here, and not on the daemon's page, where they are added up by target.
- There is no `mcp_probe_last_success_timestamp_seconds`: a failed pass does not know the time of the last success.
- A metric of a target has the value that the latest run found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TextIO

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from prober.client.http.token_expiry import RENEWALS
from prober.kinds import all_kinds, fact_metrics
from prober.outcome import Outcome, Phase, Symptom, Verdict
from prober.report.json_report import rounded
from prober.report.summary import by_name
from prober.report.tty import writable
from prober.report.untrusted import line

_PROBE: Final = ("target", "probe")


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:  # noqa: ARG001
    """Writes the exposition. It holds neither the start of the pass nor the exchanges."""
    registry = CollectorRegistry()
    ordered = by_name(outcomes)
    _add_runs(registry, ordered)
    _add_kind_metrics(registry, ordered)
    _add_targets(registry, sorted(outcomes, key=lambda outcome: (outcome.target, outcome.started_at, outcome.probe)))
    # "?" and no escape: parsers of the format refuse all but three escapes.
    stream.write(writable(generate_latest(registry).decode(), stream, errors="replace"))


def _add_runs(registry: CollectorRegistry, outcomes: Sequence[Outcome]) -> None:
    gauge = partial(Gauge, registry=registry)
    success = gauge("mcp_probe_success", "Whether the last run of the probe passed: 1 if so, else 0.", _PROBE)
    failure = gauge(
        "mcp_probe_failure_info",
        "Why the last run of the probe did not pass, always 1; no series while it passes.",
        (*_PROBE, "reason", "symptom"),
    )
    took = gauge("mcp_probe_last_duration_seconds", "Seconds that the last run of the probe took.", _PROBE)
    phases = gauge(
        "mcp_probe_phase_duration_seconds",
        "Seconds that the last run of the probe spent in a phase, summed over its exchanges.",
        (*_PROBE, "phase"),
    )
    latency = gauge(
        "mcp_probe_latency_seconds",
        "Seconds that the judged request of the last run took, connecting not counted; no series where there was none.",
        _PROBE,
    )
    ended = gauge("mcp_probe_last_run_timestamp_seconds", "Unix time at which the last run of the probe ended.", _PROBE)
    for outcome in outcomes:
        names = (line(outcome.target), line(outcome.probe))
        success.labels(*names).set(outcome.verdict is Verdict.PASS)
        if outcome.reason is not None:
            failure.labels(*names, outcome.reason.value, _symptom(outcome)).set(1)
        took.labels(*names).set(rounded(outcome.duration_seconds))
        for phase in Phase:
            if phase in outcome.phases:
                phases.labels(*names, phase.value).set(rounded(outcome.phases[phase]))
        if "latency_seconds" in outcome.facts:
            latency.labels(*names).set(rounded(outcome.facts["latency_seconds"]))
        ended.labels(*names).set(round(outcome.ended.timestamp(), 3))


def _symptom(outcome: Outcome) -> str:
    known = outcome.reason is not None and outcome.verdict is Verdict.FAIL
    return (outcome.reason.symptom if outcome.reason is not None and known else Symptom.UNKNOWN).value


def _add_kind_metrics(registry: CollectorRegistry, outcomes: Sequence[Outcome]) -> None:
    """Only facts that were found: a zero for an unknown fact would look like a measurement."""
    for metric in fact_metrics():
        name, help_text = metric.in_a_pass or (metric.name, metric.help)
        labels = (*_PROBE, metric.label) if metric.label else _PROBE
        gauge = Gauge(name, help_text, labels, registry=registry)
        for outcome in outcomes:
            for value, fact in metric.facts.items():
                if fact in outcome.facts:
                    extra = (value,) if metric.label else ()
                    gauge.labels(line(outcome.target), line(outcome.probe), *extra).set(outcome.facts[fact])


def _add_targets(registry: CollectorRegistry, outcomes: Sequence[Outcome]) -> None:
    """`outcomes` are in order of target and time: a later run replaces the values of an earlier one."""
    info = Gauge(
        "mcp_target_info",
        "What was negotiated with the target and what its server says of itself, always 1.",
        ("target", "era", "protocol_version", "server_name", "server_version"),
        registry=registry,
    )
    for target, labels in {o.target: _server_labels(o) for o in outcomes if o.server.era}.items():
        info.labels(line(target), *labels).set(1)
    tools = Gauge("mcp_target_tools", "Tools that the target lists.", ("target",), registry=registry)
    for target, count in _latest(outcomes, "tools"):
        tools.labels(target).set(count)
    tools_bytes = Gauge(
        "mcp_target_tools_bytes",
        "Bytes that the tools that the target lists take as JSON without blanks.",
        ("target",),
        registry=registry,
    )
    for target, size in _latest(outcomes, "tools_bytes"):
        tools_bytes.labels(target).set(size)
    for metric in (metric for kind in all_kinds().values() for metric in kind.target_metrics):
        gauge = Gauge(metric.name, metric.help, ("target", metric.label), registry=registry)
        for value, fact in metric.facts.items():
            for target, number in _latest(outcomes, fact):
                gauge.labels(target, value).set(number)
    expiry = Gauge(
        "mcp_target_certificate_expiry_timestamp_seconds",
        "Unix time at which the target's TLS certificate expires.",
        ("target",),
        registry=registry,
    )
    for target, timestamp in _latest(outcomes, "certificate_expiry_timestamp_seconds"):
        expiry.labels(target).set(timestamp)
    token_expiry = Gauge(
        "mcp_target_token_expiry_timestamp_seconds",
        "Unix time at which the token that the target's probes send expires, as far as it says so.",
        ("target", "renewal"),
        registry=registry,
    )
    for renewal, fact in RENEWALS.items():
        for target, timestamp in _latest(outcomes, fact):
            token_expiry.labels(target, renewal).set(timestamp)


def _latest(outcomes: Sequence[Outcome], fact: str) -> Iterator[tuple[str, float]]:
    latest = {outcome.target: outcome.facts[fact] for outcome in outcomes if fact in outcome.facts}
    yield from ((line(target), value) for target, value in latest.items())


def _server_labels(outcome: Outcome) -> tuple[str, ...]:
    server = outcome.server
    return tuple(line(text or "") for text in (server.era, server.protocol_version, server.name, server.version))
