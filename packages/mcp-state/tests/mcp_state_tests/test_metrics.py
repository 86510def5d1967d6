"""The families: which series are there from the start, and which come with their first report."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from mcp_state import StateMetrics, ToolTraits

from .conftest import Sample

SERIES = {
    "writes": {"mcp_state_writes_total"},
    "conflicts": {"mcp_state_write_conflicts_total"},
    "retries": {"mcp_state_write_retries_count"},
    "locks": {"mcp_state_lock_wait_seconds_count"},
    "appends": {"mcp_state_events_total"},
    "replays": {"mcp_state_replayed_events_count"},
    "caches": {"mcp_state_cache_requests_total"},
}
"""By trait, the series that a tool has because of it."""


def of_tool(registry: CollectorRegistry) -> set[str]:
    """The names of all samples of state that are labelled with the tool `t`."""
    return {
        sample.name
        for family in registry.collect()
        for sample in family.samples
        if sample.labels.get("tool") == "t" and not sample.name.endswith(("_created", "_bucket", "_sum"))
    }


@pytest.mark.parametrize("trait", SERIES)
def test_what_a_tool_is_said_to_do_gives_it_series_at_zero_and_no_others(
    registry: CollectorRegistry, trait: str
) -> None:
    StateMetrics(registry, store="sqlite", tools={"t": ToolTraits(**{trait: True})})
    assert of_tool(registry) == SERIES[trait]


def test_without_a_word_on_its_tools_a_server_has_their_series_from_the_first_report_on(
    registry: CollectorRegistry, metrics: StateMetrics
) -> None:
    assert of_tool(registry) == set()
    metrics.conflict_met(tool="t")
    assert of_tool(registry) == SERIES["conflicts"]


def test_sessions_that_nobody_counts_are_not_none(metrics: StateMetrics, sample: Sample) -> None:
    assert math.isnan(sample("mcp_active_sessions") or 0)


def test_a_store_that_loses_updates_says_so(registry: CollectorRegistry, sample: Sample) -> None:
    StateMetrics(registry, store="dict", safe=False)
    assert sample("mcp_state_store_safe", store="dict") == 0


def test_the_page_is_read_by_prometheus_and_has_no_times_of_creation(metrics: StateMetrics) -> None:
    metrics.lock_waited(tool="t", seconds=0.02)
    page, content_type = metrics.page("")
    families = {family.name: family for family in text_string_to_metric_families(page.decode())}
    assert "mcp_state_lock_wait_seconds" in families
    assert "_created" not in page.decode()
    assert content_type.startswith("text/plain")
