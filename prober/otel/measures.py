"""The metrics that runs are counted and timed by: the names of docs/metrics.md, as OpenTelemetry writes names.

`mcp_probe_runs_total` is the counter `mcp.probe.runs`: Prometheus, which takes OTLP in, calls it `mcp_probe_runs_total`
again. Attributes have the names of the labels. `mcp.client.operation.duration` is of the semantic conventions for MCP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider, Observation
from opentelemetry.trace import NonRecordingSpan, TraceFlags, set_span_in_context
from opentelemetry.trace import SpanContext as OtelSpanContext

from prober import __version__
from prober.config.model import Config, Probe
from prober.metrics.families import OF_PROBES, OF_TARGETS
from prober.metrics.family import Family
from prober.metrics.results import result_of, results_of
from prober.metrics.target_record import DURATION_BUCKETS
from prober.otel.spans import SCOPE, error_type, failed_exchange, is_method
from prober.outcome import Outcome, Reason

_FAMILIES: Final[Mapping[str, Family]] = {family.name: family for family in (*OF_PROBES, *OF_TARGETS)}
_OPERATION_BUCKETS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""The bounds of the conventions, for who asks for buckets instead of an exponential histogram."""


class Measures:
    """Counts and times runs. Counters begin at zero and go with their probe; a histogram stays until the process ends.

    `record` is called in the event loop, the counters are read in the thread that exports them.
    """

    def __init__(self, provider: MeterProvider, *, location: str | None = None) -> None:
        self._place = {"location": location} if location is not None else {}
        self._runs: dict[tuple[str, str, str], int] = {}
        meter = provider.get_meter(SCOPE, __version__)
        runs = _FAMILIES["mcp_probe_runs_total"]
        meter.create_observable_counter(otel_name(runs), [self._observe], unit="{run}", description=runs.help)
        self._duration = _histogram(meter, _FAMILIES["mcp_target_run_duration_seconds"])
        self._latency = _histogram(meter, _FAMILIES["mcp_target_latency_seconds"])
        self._operation = meter.create_histogram(
            "mcp.client.operation.duration",
            unit="s",
            description="Seconds that an exchange with an MCP server took, as the prober saw it.",
            explicit_bucket_boundaries_advisory=_OPERATION_BUCKETS,
        )

    def apply_config(self, config: Config, probes: Mapping[str, Probe]) -> None:
        """Count these probes from zero on, and no others."""
        known = {
            (probe.target, name, result): 0
            for name, probe in probes.items()
            for result in results_of(probe, config.targets[probe.target])
        }
        of_probes = {(probe.target, name) for name, probe in probes.items()}
        self._runs = known | {key: count for key, count in self._runs.items() if key[:2] in of_probes}

    def record(self, outcome: Outcome) -> None:
        """A run has ended."""
        key = (outcome.target, outcome.probe, result_of(outcome))
        self._runs[key] = self._runs.get(key, 0) + 1
        if outcome.reason is Reason.NOT_RUN:
            return
        context = _context_of(outcome)
        of_kind = {**self._place, "target": outcome.target, "kind": outcome.kind}
        self._duration.record(outcome.duration_seconds, of_kind, context)
        if (latency := outcome.facts.get("latency_seconds")) is not None:
            self._latency.record(latency, of_kind, context)
        failed = failed_exchange(outcome)
        for exchange in outcome.exchanges:
            if is_method(exchange):
                attributes = {**self._place, "target": outcome.target, "mcp.method.name": exchange.step}
                if exchange is failed:
                    attributes["error.type"] = error_type(outcome)
                self._operation.record(exchange.duration_seconds, attributes, context)

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(count, {**self._place, "target": target, "probe": probe, "result": result})
            for (target, probe, result), count in list(self._runs.items())
        ]


def otel_name(family: Family) -> str:
    """`mcp.target.run_duration` of `mcp_target_run_duration_seconds`: the unit stands beside the name."""
    namespace, room, rest = family.stem.removesuffix(f"_{family.unit}").split("_", 2)
    return f"{namespace}.{room}.{rest}"


def _histogram(meter: Meter, family: Family) -> Histogram:
    return meter.create_histogram(
        otel_name(family), unit="s", description=family.help, explicit_bucket_boundaries_advisory=DURATION_BUCKETS
    )


def _context_of(outcome: Outcome) -> Context:
    """The context by which the SDK keeps the run as an exemplar: a click on a slow value finds its spans."""
    span = outcome.span
    if span is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if span.sampled else TraceFlags.DEFAULT)
    identity = OtelSpanContext(int(span.trace_id, 16), int(span.span_id, 16), is_remote=False, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(identity), Context())
