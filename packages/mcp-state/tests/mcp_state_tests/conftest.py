"""A registry, and what reports to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from mcp_state import StateMetrics, StateRecorder

Sample = Callable[..., float | None]


@pytest.fixture
def registry() -> CollectorRegistry:
    """Of one server."""
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> StateMetrics:
    """Of a server that does not say what its tools do."""
    return StateMetrics(registry, store="sqlite")


@pytest.fixture
def recorder(metrics: StateMetrics) -> StateRecorder:
    """With no exceptions of its own."""
    return StateRecorder(metrics)


@pytest.fixture
def sample(registry: CollectorRegistry) -> Sample:
    """A sample by name and labels; None where there is no such series."""
    return lambda name, **labels: registry.get_sample_value(name, labels)
