"""What is measured: names that Prometheus turns into those of /metrics, zero from the start, gone with the probe."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric

from prober.metrics.families import OF_PROBES, OF_TARGETS
from prober.otel.exporting import Exporters
from prober.otel.measures import otel_name
from prober.outcome import Exchange, ExchangeSpan, Reason, SpanContext
from tests.metrics.world import configured, ran, without
from tests.otel.recording import InMemory

SUFFIX: Final = {"s": "_seconds", "By": "_bytes"}


def read(memory: InMemory) -> dict[str, Metric]:
    """The metrics by name, as an exporter would get them now."""
    data = memory.reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: metric
        for of_resource in data.resource_metrics
        for scope in of_resource.scope_metrics
        for metric in scope.metrics
    }


def counts(memory: InMemory, **labels: str) -> dict[str, int]:
    """Runs by result, of the data points that have these attributes among others."""
    points: list[Any] = list(read(memory)["mcp.probe.runs"].data.data_points)
    chosen = [point for point in points if labels.items() <= point.attributes.items()]
    return {point.attributes["result"]: point.value for point in chosen}


@pytest.fixture
def memory() -> InMemory:
    memory = InMemory(location="berlin")
    config = configured()
    memory.telemetry.apply_config(config, config.probes)
    return memory


def in_prometheus(name: str, unit: str, kind: str) -> str:
    """The name that Prometheus gives a metric: its documentation of OTLP, translation with suffixes."""
    plain = re.sub(r"[^a-zA-Z0-9]+", "_", name) + SUFFIX.get(unit, "")
    return plain + "_total" if kind == "counter" else plain


def test_in_prometheus_the_metrics_have_the_names_that_the_page_has(memory: InMemory) -> None:
    memory.telemetry.record(ran(configured().probes["search"], facts={"latency_seconds": 0.25}))
    exported = {
        in_prometheus(metric.name, metric.unit or "", "counter" if name.endswith("runs") else "histogram")
        for name, metric in read(memory).items()
    }
    assert exported - {"mcp_client_operation_duration_seconds"} == {
        "mcp_probe_runs_total",
        "mcp_target_run_duration_seconds",
        "mcp_target_latency_seconds",
    }
    families = {family.name: family for family in (*OF_PROBES, *OF_TARGETS)}
    assert otel_name(families["mcp_target_run_duration_seconds"]) == "mcp.target.run_duration"
    assert read(memory)["mcp.probe.runs"].description == families["mcp_probe_runs_total"].help


def test_results_are_counted_from_zero_with_the_labels_of_the_page(memory: InMemory) -> None:
    zero = {"pass": 0, "no_answer": 0, "rejected": 0, "wrong_answer": 0, "too_slow": 0, "unknown": 0}
    assert counts(memory, target="web", probe="search", location="berlin") == zero
    probe = configured().probes["search"]
    for reason in (None, None, Reason.TIMEOUT, Reason.NOT_RUN):
        memory.telemetry.record(ran(probe, reason=reason))
    assert counts(memory, probe="search") == zero | {"pass": 2, "no_answer": 1, "unknown": 1}


def test_a_probe_that_is_removed_takes_its_counters_along_and_others_keep_theirs(memory: InMemory) -> None:
    config = configured()
    for name in ("search", "hello"):
        memory.telemetry.record(ran(config.probes[name]))
    assert counts(memory, probe="hello")["pass"] == 1
    fewer = without("search")
    memory.telemetry.apply_config(fewer, fewer.probes)
    assert counts(memory, probe="search") == {}
    assert counts(memory, probe="hello")["pass"] == 1


def test_times_are_recorded_by_target_and_kind_and_lead_to_their_run(memory: InMemory) -> None:
    span = SpanContext.new()
    outcome = ran(configured().probes["search"], took=0.5, facts={"latency_seconds": 0.25}, span=span)
    memory.telemetry.record(outcome)
    memory.telemetry.record(ran(configured().probes["search"], reason=Reason.NOT_RUN))
    metrics = read(memory)
    for name, seconds in (("mcp.target.run_duration", 0.5), ("mcp.target.latency", 0.25)):
        [point] = metrics[name].data.data_points
        assert dict(point.attributes or {}) == {"target": "web", "kind": "call", "location": "berlin"}
        assert (point.count, point.sum) == (1, seconds)  # type: ignore[union-attr]
        assert [exemplar.trace_id for exemplar in point.exemplars] == [int(span.trace_id, 16)]


def test_exchanges_are_timed_by_method_as_the_conventions_say(memory: InMemory) -> None:
    def exchange(step: str, seconds: float) -> Exchange:
        own = ExchangeSpan(context=SpanContext.new(), started_at=0.0)
        return Exchange(step=step, started_at=0.0, duration_seconds=seconds, phases={}, span=own)

    exchanges = exchange("open", 9.0), exchange("initialize", 0.1), exchange("tools/call", 0.2)
    failed = ran(configured().probes["motd"], reason=Reason.TIMEOUT, step="tools/call", exchanges=exchanges)
    memory.telemetry.record(failed)
    points: list[Any] = list(read(memory)["mcp.client.operation.duration"].data.data_points)
    place = {"location": "berlin", "target": "old"}
    assert [(dict(point.attributes), point.sum) for point in points] == [
        ({**place, "mcp.method.name": "initialize"}, 0.1),
        ({**place, "mcp.method.name": "tools/call", "error.type": "timeout"}, 0.2),
    ]


@pytest.mark.parametrize(
    ("asked", "aggregation"),
    [
        (None, "ExponentialBucketHistogramAggregation"),
        ("base2_exponential_bucket_histogram", "ExponentialBucketHistogramAggregation"),
        ("explicit_bucket_histogram", "ExplicitBucketHistogramAggregation"),
    ],
)
def test_histograms_are_exponential_unless_the_environment_wants_buckets(
    asked: str | None, aggregation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if asked is not None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", asked)
    exporters = Exporters(lambda _trouble: None)
    try:
        preferred = exporters.of_metrics()._preferred_aggregation
    finally:
        exporters.give_up(late=False)
        exporters.release()
    assert [type(each).__name__ for each in (preferred or {}).values()] == [aggregation]


def test_buckets_are_those_of_the_page(memory: InMemory) -> None:
    """The reader in memory has the default of the SDK: explicit buckets."""
    assert isinstance(memory.reader, InMemoryMetricReader)
    memory.telemetry.record(ran(configured().probes["search"]))
    [point] = read(memory)["mcp.target.run_duration"].data.data_points
    assert tuple(point.explicit_bounds) == (0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # type: ignore[union-attr]
