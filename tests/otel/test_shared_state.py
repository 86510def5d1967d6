"""`mcp_state.otlp`: what a receiver of OTLP gets is what the page of the same server says."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math

import pytest
from prometheus_client import CollectorRegistry

from mcp_state import StateMetrics, ToolTraits
from mcp_state.otlp import exporting
from tests.otel.collector import collector, points
from tests.waiting import until

TOOLS = {"add": ToolTraits(writes=True, conflicts=True, retries=True, locks=True)}
WHOSE = {"service.name": "lists", "service.instance.id": "desk"}


def busy(registry: CollectorRegistry) -> StateMetrics:
    """Metrics of a server that was called."""
    metrics = StateMetrics(registry, store="sqlite", tools=TOOLS)
    metrics.call_ended(tool_name="add", status="ok", seconds=0.003)
    for seconds in (0.002, 0.03, 99.0):
        metrics.lock_waited(tool="add", seconds=seconds)
    metrics.conflict_met(tool="add")
    metrics.breaker_changed(is_open=True)
    return metrics


async def test_a_receiver_gets_every_series_of_the_page_with_its_labels_and_values() -> None:
    registry = CollectorRegistry()
    busy(registry)
    with collector() as received:
        async with exporting(registry, resource=WHOSE, endpoint=f"{received.url}/v1/metrics", every=60):
            await until(lambda: received.metrics)
    assert WHOSE.items() <= received.resource.items()
    families = {family.name + ("_total" if family.type == "counter" else ""): family for family in registry.collect()}
    assert received.metrics.keys() == {name for name, family in families.items() if family.samples}
    for name, metric in received.metrics.items():
        got = points(metric)
        for sample in families[name].samples:
            key = tuple(sorted((label, value) for label, value in sample.labels.items() if label != "le"))
            if families[name].type != "histogram" and sample.name == name:
                value = got[key].as_double
                assert value == sample.value or (math.isnan(value) and math.isnan(sample.value))
            elif sample.name.endswith("_bucket"):
                bounds = [*got[key].explicit_bounds, math.inf]
                upto = dict(zip(bounds, itertools.accumulate(got[key].bucket_counts), strict=True))
                assert upto[float(sample.labels["le"])] == sample.value
            elif sample.name.endswith(("_count", "_sum")):
                assert getattr(got[key], sample.name.rpartition("_")[2]) == sample.value
    conflicts = received.metrics["mcp_state_write_conflicts_total"].sum
    assert (conflicts.is_monotonic, conflicts.aggregation_temporality) == (True, 2)  # cumulative, as Prometheus counts


async def test_it_is_sent_again_and_once_more_at_the_end() -> None:
    registry = CollectorRegistry()
    metrics = busy(registry)
    labels = (("store", "sqlite"), ("tool", "add"))
    with collector() as received:
        async with exporting(registry, resource=WHOSE, endpoint=f"{received.url}/v1/metrics", every=0.05):
            await until(lambda: received.requests > 2)
            metrics.conflict_met(tool="add")
        last = points(received.metrics["mcp_state_write_conflicts_total"])[labels].as_double
    assert last == 2


async def test_where_the_environment_says_the_address_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    busy(registry)
    with collector() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        async with exporting(registry, resource=WHOSE):
            await until(lambda: received.requests)
    assert "mcp_tool_calls_total" in received.metrics


async def test_a_receiver_that_refuses_is_logged_and_the_server_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    busy(registry)
    with collector(status=400) as received, caplog.at_level(logging.WARNING, logger="mcp_state"):
        async with exporting(registry, resource=WHOSE, endpoint=f"{received.url}/v1/metrics", every=60):
            await until(lambda: received.requests)
            await asyncio.sleep(0)
    assert "export_failed" in {record.getMessage() for record in caplog.records if record.name == "mcp_state"}
