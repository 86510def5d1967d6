"""What the prober says of itself."""

from __future__ import annotations

import platform
import time
from dataclasses import replace

import pytest

from prober import __version__
from prober.metrics import Metrics
from prober.metrics.self_metrics import WorstOfLastMinute
from tests.metrics.reading import OPENMETRICS, metrics_of, page, value, values
from tests.metrics.world import SOURCES, STARTED, WORKERS, configured, ran


async def test_a_loaded_configuration_is_told_with_its_time() -> None:
    before = time.time()
    metrics = metrics_of(configured())
    assert await value(metrics, "mcp_prober_config_last_reload_successful") == 1
    loaded = await value(metrics, "mcp_prober_config_last_reload_success_timestamp_seconds")
    assert loaded is not None
    assert before <= loaded <= time.time()
    metrics.reloaded(False)
    assert await value(metrics, "mcp_prober_config_last_reload_successful") == 0
    assert await value(metrics, "mcp_prober_config_last_reload_success_timestamp_seconds") == loaded
    metrics.reloaded(True)
    assert await value(metrics, "mcp_prober_config_last_reload_successful") == 1


async def test_lags_are_observed() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["hello"], lag=0.02))
    metrics.loop_lag(0.003)
    metrics.loop_lag(0.3)
    metrics.loop_lag(0.002)
    assert await value(metrics, "mcp_prober_start_lag_seconds_bucket", le="0.025") == 1
    assert await value(metrics, "mcp_prober_start_lag_seconds_bucket", le="0.01") == 0
    assert await value(metrics, "mcp_prober_loop_lag_seconds_count") == 3
    assert await value(metrics, "mcp_prober_loop_lag_seconds_bucket", le="0.005") == 2
    assert await value(metrics, "mcp_prober_loop_lag_max_seconds") == 0.3


def test_the_worst_is_forgotten_after_a_minute() -> None:
    now = 0.0
    worst = WorstOfLastMinute(lambda: now)
    assert worst() == 0
    for moment, lag, expected in ((0, 0.3, 0.3), (10, 0.1, 0.3), (20, 0.2, 0.3), (60, 0.05, 0.3), (61, 0.0, 0.2)):
        now = float(moment)
        worst.note(lag)
        assert worst() == expected
    now = 100.0
    assert worst() == 0.05
    now = 1000.0
    assert worst() == 0


@pytest.mark.parametrize("accept", [None, OPENMETRICS])
async def test_a_history_that_is_not_kept_has_no_families(accept: str | None) -> None:
    metrics = metrics_of(configured())
    assert "prober_history" not in await page(metrics, accept)
    metrics.history_size(4096, dropped=0)
    assert await value(metrics, "mcp_prober_history_up") == 1
    assert await value(metrics, "mcp_prober_history_bytes") == 4096
    assert await value(metrics, "mcp_prober_history_dropped_total") == 0


async def test_a_process_that_is_no_shard_says_nothing_of_shards() -> None:
    assert "prober_shard" not in await page(Metrics(), None)
    third = Metrics(shard=(3, 5))
    assert (await value(third, "mcp_prober_shard"), await value(third, "mcp_prober_shards")) == (3, 5)


async def test_a_history_in_trouble() -> None:
    metrics = metrics_of(configured())
    metrics.history_up(False)
    assert await value(metrics, "mcp_prober_history_up") == 0
    metrics.history_size(4096, dropped=5)
    metrics.history_size(4096, dropped=7)
    assert await value(metrics, "mcp_prober_history_up") == 0
    assert await value(metrics, "mcp_prober_history_dropped_total") == 7
    metrics.history_up(True)
    assert await value(metrics, "mcp_prober_history_up") == 1


async def test_the_rest_is_what_was_told_last() -> None:
    metrics = metrics_of(configured())
    assert await value(metrics, "mcp_prober_suspects_itself") == 0
    assert await values(metrics, "mcp_prober_notifications_total") == {("sent",): 0, ("failed",): 0}
    metrics.load(running=3, waiting=2)
    metrics.suspects(True)
    metrics.notified(True)
    metrics.notified(False)
    metrics.notified(False)
    assert await value(metrics, "mcp_prober_running_probes") == 3
    assert await value(metrics, "mcp_prober_waiting_probes") == 2
    assert await value(metrics, "mcp_prober_suspects_itself") == 1
    assert await values(metrics, "mcp_prober_notifications_total") == {("sent",): 1, ("failed",): 2}


async def test_the_build_and_the_process_are_told() -> None:
    metrics = Metrics()
    assert await values(metrics, "mcp_prober_build_info") == {(platform.python_version(), __version__): 1}
    memory = await value(metrics, "process_resident_memory_bytes")
    assert memory is not None
    assert memory > 1_000_000


async def test_a_source_says_how_it_stands_and_goes_with_its_series() -> None:
    metrics = Metrics()
    metrics.sources(SOURCES)
    assert await values(metrics, "mcp_prober_source_up") == {
        ("registry",): 1,
        ("files",): 0,
    }  # not looked at: no series
    assert await values(metrics, "mcp_prober_source_targets") == {("registry",): 2, ("files",): 0, ("new",): 0}
    assert await values(metrics, "mcp_prober_source_left_out", source="registry") == {(): 3}
    assert await values(metrics, "mcp_prober_source_last_success_timestamp_seconds") == {("registry",): STARTED}
    metrics.sources({"new": SOURCES["new"]})
    assert await values(metrics, "mcp_prober_source_up") == {}
    assert await values(metrics, "mcp_prober_source_targets") == {("new",): 0}


@pytest.mark.parametrize("accept", [None, OPENMETRICS])
async def test_without_workers_there_are_no_families_of_theirs(accept: str | None) -> None:
    metrics = metrics_of(configured())
    metrics.workers(())
    assert "prober_worker" not in await page(metrics, accept)


async def test_workers_are_told_apart_and_what_they_add_up_to_never_goes_back() -> None:
    metrics = metrics_of(configured())
    metrics.workers(WORKERS)
    name = "mcp_prober_worker_"
    told = {each: [await value(metrics, name + each, worker=worker) for worker in ("1", "2")] for each in WORKER_SAYS}
    assert told == {
        "up": [1, 0],
        "ends_total": [0, 2],
        "probes": [3, 4],
        "cpu_seconds_total": [1.5, 2.25],
        "resident_memory_bytes": [4e7, None],
    }
    first, second = WORKERS
    metrics.workers((first, replace(second, up=True, ended=3, cpu_seconds=2.0, memory=5)))
    told = {each: [await value(metrics, name + each, worker="2")] for each in WORKER_SAYS}
    assert told == {
        "up": [1],
        "ends_total": [3],
        "probes": [4],
        "cpu_seconds_total": [2.25],
        "resident_memory_bytes": [5],
    }


WORKER_SAYS = ("up", "ends_total", "probes", "cpu_seconds_total", "resident_memory_bytes")
