"""Series come with their probe and go with it; a reload and a restart lose nothing that is still true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from prober.metrics import Metrics
from prober.outcome import Reason, ServerInfo
from prober.scheduled_run import Remembered
from tests.metrics.reading import metrics_of, page, parsed, series, value, values
from tests.metrics.world import DOCUMENT, MODERN, STARTED, STARTED_AT, configured, eventful, ran, without

SEARCH = {"target": "web", "probe": "search"}


def eventful_metrics() -> Metrics:
    config = configured()
    metrics = metrics_of(config)
    for result in eventful(config):
        metrics.record(result)
    return metrics


async def named(metrics: Metrics, label: str) -> set[str]:
    """Every value that a label has on the page."""
    found = [dict(labels).get(label) for _, labels in series(parsed(await page(metrics)))]
    return {text for text in found if text is not None}


async def test_a_reload_of_the_same_changes_nothing() -> None:
    metrics = eventful_metrics()
    before = series(parsed(await page(metrics)))
    again = configured()
    metrics.apply_config(again, again.probes)
    after = series(parsed(await page(metrics)))
    moving = ("process_", "mcp_prober_config_last_reload_success_timestamp")
    assert {k: v for k, v in after.items() if not k[0].startswith(moving)} == {
        k: v for k, v in before.items() if not k[0].startswith(moving)
    }


async def test_a_probe_goes_with_all_its_series_and_leaves_the_others_alone() -> None:
    metrics = eventful_metrics()
    before = series(parsed(await page(metrics)))
    config = without("search")
    metrics.apply_config(config, config.probes)
    after = series(parsed(await page(metrics)))
    gone = set(before) - set(after)
    assert {dict(labels).get("probe") for _, labels in gone} == {"search", None}
    of_target = {(dict(labels)["target"], dict(labels)["kind"]) for _, labels in gone if "probe" not in dict(labels)}
    assert of_target == {("web", "call")}, "the kind of which it was the last"
    assert set(after) <= set(before)
    assert await value(metrics, "mcp_prober_probes") == len(config.probes)


async def test_a_target_goes_with_its_last_probe() -> None:
    metrics = eventful_metrics()
    assert "web" in await named(metrics, "target")
    config = without("hello", "offer", "users", "visit", "search", "strangers", "apart")
    metrics.apply_config(config, config.probes)
    assert await named(metrics, "target") == {"old", "local"}
    assert await value(metrics, "mcp_prober_targets") == 2


async def test_a_process_shows_the_probes_of_its_shard_only() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.apply_config(config, {name: config.probes[name] for name in ("motd", "greet")})
    assert await named(metrics, "probe") == {"motd", "greet"}
    assert await named(metrics, "target") == {"old"}


async def test_a_probe_that_moved_to_another_target_or_kind_begins_anew() -> None:
    for change in (
        {"target": "idle", "kind": "call", "tool": "search"},
        {"target": "web", "kind": "read", "uri": "file:///x"},
    ):
        metrics = eventful_metrics()
        config = configured({**DOCUMENT, "probes": {**DOCUMENT["probes"], "search": change}})
        metrics.apply_config(config, config.probes)
        labels = {"target": change["target"], "probe": "search"}
        assert await values(metrics, "mcp_probe_runs_total", **labels) != {}
        assert set((await values(metrics, "mcp_probe_runs_total", **labels)).values()) == {0}
        assert "search" in await named(metrics, "probe")
        assert len(await values(metrics, "mcp_probe_info", probe="search")) == 1
        assert await values(metrics, "mcp_probe_success", probe="search") == {}


async def test_a_probe_with_other_settings_keeps_what_was_counted() -> None:
    metrics = eventful_metrics()
    search = {**DOCUMENT["probes"]["search"], "interval": "2m", "latency": {"fail": "1s"}}
    config = configured({**DOCUMENT, "probes": {**DOCUMENT["probes"], "search": search}})
    metrics.apply_config(config, config.probes)
    assert await value(metrics, "mcp_probe_interval_seconds", **SEARCH) == 120
    assert await values(metrics, "mcp_probe_latency_budget_seconds", **SEARCH) == {("fail",): 1}
    assert (await values(metrics, "mcp_probe_runs_total", **SEARCH))["too_slow",] == 1


async def test_another_address_is_another_server() -> None:
    metrics = eventful_metrics()
    assert await values(metrics, "mcp_target_info", target="web")
    config = without(web={**DOCUMENT["targets"]["web"], "url": "https://other.example/mcp"})
    metrics.apply_config(config, config.probes)
    assert await values(metrics, "mcp_target_info", target="web") == {}
    assert await value(metrics, "mcp_target_tools", target="web") is None


async def test_results_of_probes_that_are_gone_or_elsewhere_are_dropped() -> None:
    before, config = configured(), without("search")
    metrics = metrics_of(config)
    page_before = series(parsed(await page(metrics)))
    metrics.record(ran(before.probes["search"], server=MODERN))
    metrics.record(ran(config.probes["hello"], target="idle", server=MODERN))
    metrics.skipped(before.probes["search"])
    assert {k for k in series(parsed(await page(metrics))) if k not in page_before} == set()
    assert await value(metrics, "mcp_probe_runs_total", target="web", probe="hello", result="pass") == 0


async def test_a_restart_goes_on_where_the_history_ends() -> None:
    config = configured()
    metrics = metrics_of(config)
    search, hello = config.probes["search"], config.probes["hello"]
    newest = ServerInfo(era="handshake", protocol_version="2025-11-25", name="newest", version="2")
    failed = ran(search, at=120, reason=Reason.TOO_SLOW, server=newest)
    metrics.restore(
        [
            Remembered(target="web", probe="search", last=failed, last_success=STARTED_AT, since=STARTED_AT, streak=4),
            Remembered(target="web", probe="hello", last=ran(hello, server=MODERN), last_success=STARTED_AT),
            Remembered(target="web", probe="no-such-probe", last=failed),
            Remembered(target="elsewhere", probe="motd", last=ran(config.probes["motd"])),
            Remembered(target="old", probe="greet"),
        ]
    )
    assert await values(metrics, "mcp_probe_failure_info", **SEARCH) == {("too_slow", "too_slow"): 1}
    assert await value(metrics, "mcp_probe_last_run_timestamp_seconds", **SEARCH) == STARTED + 120.25
    assert await value(metrics, "mcp_probe_last_success_timestamp_seconds", **SEARCH) == STARTED
    assert await value(metrics, "mcp_probe_success", target="web", probe="hello") == 1
    assert await values(metrics, "mcp_probe_success", probe="motd") == {}
    assert await values(metrics, "mcp_probe_success", probe="greet") == {}
    assert list(await values(metrics, "mcp_target_info", target="web")) == [("handshake", "2025-11-25", "newest", "2")]


async def test_counters_of_a_restarted_process_begin_at_zero() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.restore(
        [Remembered(target="web", probe="search", last=ran(config.probes["search"], reason=Reason.TIMEOUT))]
    )
    assert set((await values(metrics, "mcp_probe_runs_total", **SEARCH)).values()) == {0}
    assert await value(metrics, "mcp_target_run_duration_seconds_count", target="web", kind="call") == 0


async def test_a_run_is_newer_than_any_memory() -> None:
    config = configured()
    metrics = metrics_of(config)
    search = config.probes["search"]
    metrics.record(ran(search, at=600))
    old = STARTED_AT - timedelta(days=1)
    metrics.restore(
        [Remembered(target="web", probe="search", last=ran(search, reason=Reason.TIMEOUT), last_success=old)]
    )
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 1
    assert await value(metrics, "mcp_probe_last_success_timestamp_seconds", **SEARCH) == STARTED + 600.25


async def test_the_labels_of_a_target_are_series_of_their_own_that_change_with_the_configuration() -> None:
    metrics = eventful_metrics()
    assert await values(metrics, "mcp_target_label_info", target="web") == {("team", "search"): 1}
    changed = configured()
    web = changed.targets["web"]
    labels = {"team": 'o"ps', "env": "prod"}
    changed = replace(changed, targets={**changed.targets, "web": replace(web, labels=labels)})
    metrics.apply_config(changed, changed.probes)
    assert await values(metrics, "mcp_target_label_info", target="web") == {("team", 'o"ps'): 1, ("env", "prod"): 1}
