"""What a target's metrics say of the clients that can use it, and of the rules they go by."""

from __future__ import annotations

from typing import Final

from prober.lint.rules import rules
from prober.outcome import Reason
from tests.metrics.reading import metrics_of, value, values
from tests.metrics.world import CLIENTS, configured, ran

USABLE: Final = "mcp_target_client_usable"


async def test_a_run_that_looked_at_clients_says_who_can_use_the_target_and_what_its_tools_weigh() -> None:
    config = configured()
    metrics = metrics_of(config)
    assert await values(metrics, USABLE) == {}
    metrics.record(ran(config.probes["users"], facts=CLIENTS, reason=Reason.CLIENT_UNUSABLE))
    assert await values(metrics, USABLE) == {("cursor", "web"): 1, ("openai", "web"): 0}
    assert await values(metrics, "mcp_target_client_findings") == {("error", "web"): 2, ("warning", "web"): 0}
    assert await values(metrics, "mcp_target_tools_bytes") == {("web",): 4001}


async def test_a_client_that_a_run_no_longer_looks_at_goes_and_a_run_that_got_nowhere_changes_nothing() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["users"], facts=CLIENTS))
    metrics.record(ran(config.probes["users"], at=60, reason=Reason.CONNECT_REFUSED))
    assert len(await values(metrics, USABLE)) == 2
    metrics.record(ran(config.probes["users"], at=120, facts={"tools": 7.0, "client_usable_cursor": 1.0}))
    assert await values(metrics, USABLE) == {("cursor", "web"): 1}


async def test_the_version_of_the_rules_is_a_metric_of_the_prober() -> None:
    metrics = metrics_of(configured())
    assert await values(metrics, "mcp_prober_client_rules_info") == {(rules().version,): 1}
    assert await value(metrics, "mcp_prober_client_rules_info", version=rules().version) == 1
