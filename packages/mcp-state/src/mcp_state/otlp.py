"""Metrics of a server without a page of them, sent by OTLP over HTTP: `pip install mcp-shared-state[otlp]`.

The names, labels and buckets are those of the page, so that Prometheus, which takes OTLP in, has the same series. The
variables of OpenTelemetry hold, such as OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family

from mcp_state import __version__
from mcp_state.logs import log
from mcp_state.sending import sending

_PATIENCE: Final = 5.0
"""Seconds that one export may take."""
_CUMULATIVE: Final = AggregationTemporality.CUMULATIVE

_Labels: TypeAlias = tuple[tuple[str, str], ...]


@asynccontextmanager
async def exporting(
    registry: CollectorRegistry, *, resource: Mapping[str, str], endpoint: str | None = None, every: float = 15.0
) -> AsyncIterator[None]:
    """Export the registry every `every` seconds beside the body, and once at its end.

    `resource` says whose the metrics are, such as `service.name` and `service.instance.id`. `endpoint` is a URL that
    ends with `/v1/metrics`; without it the environment says it. An export that fails is logged; the server goes on.
    """
    exporter = OTLPMetricExporter(endpoint=endpoint, timeout=_PATIENCE)
    whose, began = Resource.create(dict(resource)), time.time_ns()

    async def export() -> None:
        data = exported(registry, resource=whose, began=began)
        result = await asyncio.to_thread(exporter.export, data, _PATIENCE * 1000)
        if result is not MetricExportResult.SUCCESS:
            log(logging.WARNING, "export_failed")

    try:
        async with sending(export, every=every):
            yield
    finally:
        exporter.shutdown()


def exported(registry: CollectorRegistry, *, resource: Resource, began: int) -> MetricsData:
    """The families of a registry as metrics of OpenTelemetry. `began` is when counting began, in nanoseconds."""
    now = time.time_ns()
    metrics = [metric for family in registry.collect() for metric in _metric(family, began, now)]
    scope = ScopeMetrics(scope=InstrumentationScope("mcp_state", __version__), metrics=metrics, schema_url="")
    return MetricsData(resource_metrics=[ResourceMetrics(resource=resource, scope_metrics=[scope], schema_url="")])


def _metric(family: Family, began: int, now: int) -> Iterator[Metric]:
    """The family as a metric; none for a type that has no like in OTLP, or without series."""
    if family.type == "counter":
        name = f"{family.name}_total"
        data: Sum | Gauge | Histogram = Sum(
            data_points=_numbers(family, name, began, now), aggregation_temporality=_CUMULATIVE, is_monotonic=True
        )
    elif family.type in ("gauge", "unknown"):
        name = family.name
        data = Gauge(data_points=_numbers(family, name, began, now))
    elif family.type == "histogram":
        name = family.name
        data = Histogram(data_points=[*_histograms(family, began, now)], aggregation_temporality=_CUMULATIVE)
    else:
        return
    if data.data_points:
        yield Metric(name=name, description=family.documentation, unit="", data=data)


def _numbers(family: Family, name: str, began: int, now: int) -> list[NumberDataPoint]:
    return [
        NumberDataPoint(
            attributes=dict(sample.labels), start_time_unix_nano=began, time_unix_nano=now, value=sample.value
        )
        for sample in family.samples
        if sample.name == name
    ]


def _histograms(family: Family, began: int, now: int) -> Iterator[HistogramDataPoint]:
    """The points of a histogram: OTLP counts each bucket by itself, Prometheus with all below it."""
    upto: dict[_Labels, list[tuple[float, int]]] = {}
    sums: dict[_Labels, float] = {}
    for sample in family.samples:
        labels = tuple((name, value) for name, value in sample.labels.items() if name != "le")
        if sample.name.endswith("_bucket"):
            upto.setdefault(labels, []).append((float(sample.labels["le"]), int(sample.value)))
        elif sample.name.endswith("_sum"):
            sums[labels] = sample.value
    for labels, buckets in upto.items():
        counts = [count for _, count in sorted(buckets)]
        yield HistogramDataPoint(
            attributes=dict(labels),
            start_time_unix_nano=began,
            time_unix_nano=now,
            count=counts[-1],
            sum=sums.get(labels, 0.0),
            bucket_counts=[count - below for count, below in zip(counts, [0, *counts], strict=False)],
            explicit_bounds=[bound for bound, _ in sorted(buckets)][:-1],
            min=None,  # type: ignore[arg-type]  # nobody knows them; the exporter leaves them out
            max=None,  # type: ignore[arg-type]  # likewise
        )
