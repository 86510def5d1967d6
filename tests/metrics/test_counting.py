"""What a run changes, and what is there before any."""

from __future__ import annotations

import pytest

from prober.metrics.sink import ALL_REASONS_UP_TO
from prober.outcome import Phase, Reason, Verdict
from prober.scheduled_run import Sink
from prober.status import StatusStore
from tests.metrics.reading import metrics_of, page, parsed, series, value, values
from tests.metrics.world import MODERN, PHASES, STARTED, configured, crowd, eventful, ran

SEARCH = {"target": "web", "probe": "search"}
RACE = {"target": "local", "probe": "steps-survive-races"}


async def test_counters_and_histograms_are_at_zero_from_the_start() -> None:
    config = configured()
    metrics = metrics_of(config)
    for name, probe in config.probes.items():
        labels = {"target": probe.target, "probe": name}
        assert await values(metrics, "mcp_probe_runs_total", **labels) == {("pass",): 0, ("fail",): 0, ("unknown",): 0}
        assert set((await values(metrics, "mcp_probe_duration_seconds_bucket", **labels)).values()) == {0}
        assert await value(metrics, "mcp_probe_duration_seconds_count", **labels) == 0
        assert await value(metrics, "mcp_probe_duration_seconds_sum", **labels) == 0
        assert await value(metrics, "mcp_probe_skipped_total", **labels) == 0
        assert set((await values(metrics, "mcp_probe_failures_total", **labels)).values()) == {0}
    assert await value(metrics, "mcp_race_operations_total", **RACE) == 0
    assert (await values(metrics, "mcp_race_violations_total", **RACE))["lost_update",] == 0


async def test_failures_in_a_row_are_those_that_the_status_store_has_counted() -> None:
    config = configured()
    metrics, statuses = metrics_of(config), StatusStore()
    statuses.apply_config(config)
    assert await values(metrics, "mcp_probe_consecutive_failures", **SEARCH) == {(): 0}
    metrics.ask(
        budget_remaining=lambda _target: None,
        in_maintenance=lambda _probe: False,
        consecutive_failures=lambda probe: statuses.probe(probe).streak,
    )
    for reason, streak in ((Reason.TIMEOUT, 1), (Reason.CONNECT_REFUSED, 2), (Reason.UNDECIDED, 2), (None, 0)):
        sinks: tuple[Sink, ...] = (statuses, metrics)
        for sink in sinks:
            sink.record(ran(config.probes["search"], reason=reason))
        assert await values(metrics, "mcp_probe_consecutive_failures", **SEARCH) == {(): streak}


async def test_no_counter_begins_with_a_run() -> None:
    config = configured()
    metrics = metrics_of(config)
    before = set(series(parsed(await page(metrics))))
    for result in eventful(config):
        metrics.record(result)
    new = set(series(parsed(await page(metrics)))) - before
    assert {name for name, _ in new if name.endswith(("_total", "_bucket", "_count", "_sum"))} == set()


async def test_a_probe_that_has_not_run_is_one_of_which_we_cannot_tell() -> None:
    metrics = metrics_of(configured())
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 0
    assert await values(metrics, "mcp_probe_failing", **SEARCH) == {("not_run",): 1}
    for name in (
        "mcp_probe_last_run_timestamp_seconds",
        "mcp_probe_last_success_timestamp_seconds",
        "mcp_probe_latency_seconds",
        "mcp_probe_phase_duration_seconds",
        "mcp_contract_changes",
        "mcp_race_overlap",
        "mcp_target_info",
        "mcp_target_tools",
        "mcp_target_certificate_expiry_timestamp_seconds",
    ):
        assert await values(metrics, name) == {}, name


async def test_a_run_that_passed() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], took=0.25, facts={"latency_seconds": 0.125}, phases=PHASES))
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 1
    assert await values(metrics, "mcp_probe_failing", **SEARCH) == {}
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == {("pass",): 1, ("fail",): 0, ("unknown",): 0}
    assert set((await values(metrics, "mcp_probe_failures_total", **SEARCH)).values()) == {0}
    assert await value(metrics, "mcp_probe_last_run_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_last_success_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_latency_seconds", **SEARCH) == 0.125
    assert await values(metrics, "mcp_probe_phase_duration_seconds", **SEARCH) == {
        (phase.value,): seconds for phase, seconds in PHASES.items()
    }


async def test_a_run_that_failed_after_one_that_passed() -> None:
    config = configured()
    metrics = metrics_of(config)
    search = config.probes["search"]
    metrics.record(ran(search, took=0.25, facts={"latency_seconds": 0.125}, phases=PHASES))
    metrics.record(ran(search, at=60, took=0.5, reason=Reason.CONNECT_REFUSED, phases={Phase.CONNECT: 0.5}))
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 0
    assert await values(metrics, "mcp_probe_failing", **SEARCH) == {("connect_refused",): 1}
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == {("pass",): 1, ("fail",): 1, ("unknown",): 0}
    failures = await values(metrics, "mcp_probe_failures_total", **SEARCH)
    assert {reason: count for reason, count in failures.items() if count} == {("connect_refused",): 1}
    assert await value(metrics, "mcp_probe_last_run_timestamp_seconds", **SEARCH) == STARTED + 60.5
    assert await value(metrics, "mcp_probe_last_success_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_latency_seconds", **SEARCH) is None
    assert await values(metrics, "mcp_probe_phase_duration_seconds", **SEARCH) == {("connect",): 0.5}


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.verdict is Verdict.UNKNOWN])
async def test_what_the_prober_could_not_tell_is_not_the_targets_failure(reason: Reason) -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], reason=reason))
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == {("pass",): 0, ("fail",): 0, ("unknown",): 1}
    assert (await values(metrics, "mcp_probe_failures_total", **SEARCH))[reason.value,] == 1
    assert await values(metrics, "mcp_probe_failing", **SEARCH) == {(reason.value,): 1}
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 0


async def test_a_latency_that_self_doubt_took_back_is_unknown() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], reason=Reason.TOO_SLOW, verdict=Verdict.UNKNOWN))
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == {("pass",): 0, ("fail",): 0, ("unknown",): 1}
    assert (await values(metrics, "mcp_probe_failures_total", **SEARCH))["too_slow",] == 1


async def test_a_run_that_was_not_made_took_no_time_and_was_at_no_time() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], facts={"latency_seconds": 0.125}))
    metrics.record(ran(config.probes["search"], at=60, took=0.0, reason=Reason.NOT_RUN))
    assert await value(metrics, "mcp_probe_duration_seconds_count", **SEARCH) == 1
    assert await value(metrics, "mcp_probe_last_run_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_latency_seconds", **SEARCH) == 0.125
    assert await values(metrics, "mcp_probe_failing", **SEARCH) == {("not_run",): 1}


async def test_success_is_zero_exactly_where_a_reason_is_shown() -> None:
    config = configured()
    metrics = metrics_of(config)
    for result in eventful(config):
        metrics.record(result)
        success = await values(metrics, "mcp_probe_success")
        failing = {(probe, target) for probe, _, target in await values(metrics, "mcp_probe_failing")}
        assert {names for names, passed in success.items() if not passed} == failing


@pytest.mark.parametrize(
    ("took", "le"),
    [(0.0, "0.005"), (0.005, "0.005"), (0.0050001, "0.01"), (1.0, "1.0"), (10.0, "10.0"), (30.1, "+Inf")],
)
async def test_a_duration_is_in_the_buckets_from_its_own_upwards(took: float, le: str) -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], took=took))
    buckets = await values(metrics, "mcp_probe_duration_seconds_bucket", **SEARCH)
    assert {bound for (bound,), count in buckets.items() if count} == {
        bound for (bound,) in buckets if float(bound) >= float(le)
    }
    assert await value(metrics, "mcp_probe_duration_seconds_sum", **SEARCH) == took


async def test_an_anomaly_is_counted_as_often_as_it_was_found() -> None:
    config = configured()
    metrics = metrics_of(config)
    race = config.probes["steps-survive-races"]
    facts = {"race_operations": 200, "race_overlap": 8, "race_violations_lost_update": 3}
    metrics.record(ran(race, reason=Reason.LOST_UPDATE, facts={**facts, "race_violations_torn_read": 1}))
    metrics.record(ran(race, reason=Reason.LOST_UPDATE, facts={**facts, "race_overlap": 5}))
    anomalies = await values(metrics, "mcp_race_violations_total", **RACE)
    assert {anomaly: count for anomaly, count in anomalies.items() if count} == {("lost_update",): 6, ("torn_read",): 1}
    assert await value(metrics, "mcp_race_operations_total", **RACE) == 400
    assert await value(metrics, "mcp_race_overlap", **RACE) == 5


async def test_only_races_have_race_families() -> None:
    config = configured()
    metrics = metrics_of(config)
    for result in eventful(config):
        metrics.record(result)
    races = {labels for name, labels in series(parsed(await page(metrics))) if name.startswith("mcp_race_")}
    assert {dict(labels)["probe"] for labels in races} == {"steps-survive-races"}


async def test_contract_changes_stay_until_the_next_comparison() -> None:
    config = configured()
    metrics = metrics_of(config)
    offer = config.probes["offer"]
    found = {"contract_changes_breaking": 1, "contract_changes_additive": 2, "contract_changes_cosmetic": 0}
    metrics.record(ran(offer, reason=Reason.CONTRACT_BROKEN, facts={"tools": 7, **found}))
    metrics.record(ran(offer, reason=Reason.CONNECT_REFUSED))
    changes = await values(metrics, "mcp_contract_changes", target="web", probe="offer")
    assert changes == {("breaking",): 1, ("additive",): 2, ("cosmetic",): 0}
    assert await value(metrics, "mcp_target_tools", target="web") == 7


async def test_what_was_learnt_of_a_target_outlives_a_failure() -> None:
    config = configured()
    metrics = metrics_of(config)
    hello = config.probes["hello"]
    metrics.record(ran(hello, server=MODERN, facts={"certificate_expiry_timestamp_seconds": 1798761600.0}))
    metrics.record(ran(hello, reason=Reason.CONNECT_REFUSED))
    assert await values(metrics, "mcp_target_info", target="web") == {("modern", "2026-07-28", "reference", "1.4.0"): 1}
    expiry = await value(metrics, "mcp_target_certificate_expiry_timestamp_seconds", target="web")
    assert expiry == 1798761600.0


async def test_the_configuration_is_told_as_numbers() -> None:
    metrics = metrics_of(configured())
    budgets = await values(metrics, "mcp_probe_latency_budget_seconds")
    assert budgets == {("fail", "search", "web"): 2, ("warn", "search", "web"): 0.5}
    assert await value(metrics, "mcp_probe_interval_seconds", target="web", probe="offer") == 600
    assert await value(metrics, "mcp_probe_interval_seconds", target="old", probe="greet") is None


async def test_maintenance_and_budget_are_those_of_the_moment_and_only_where_configured() -> None:
    metrics = metrics_of(configured())
    assert await values(metrics, "mcp_target_budget_remaining") == {}
    budgets, asked, windows = {"web": 7.5, "old": 1.0}, [], {"hello"}

    def in_maintenance(probe: str) -> bool:
        asked.append(probe)
        if probe == "offer":
            raise KeyError(probe)
        return probe in windows

    metrics.ask(budget_remaining=budgets.__getitem__, in_maintenance=in_maintenance)
    assert await values(metrics, "mcp_target_budget_remaining") == {("web",): 7.5}
    open_windows = {names for names, now in (await values(metrics, "mcp_probe_maintenance")).items() if now}
    assert open_windows == {("hello", "web")}
    assert asked[:3] == ["hello", "offer", "search"]
    assert set(asked) == {"hello", "offer", "search"}
    windows.clear()
    assert set((await values(metrics, "mcp_probe_maintenance")).values()) == {0}
    budgets.clear()
    assert await values(metrics, "mcp_target_budget_remaining") == {}


async def test_a_skipped_run_is_counted_for_its_probe_and_for_all() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.skipped(config.probes["search"])
    metrics.skipped(config.probes["search"])
    assert await value(metrics, "mcp_probe_skipped_total", **SEARCH) == 2
    assert await value(metrics, "mcp_probe_skipped_total", target="web", probe="hello") == 0
    assert await value(metrics, "mcp_prober_skipped_runs_total") == 2


async def test_beyond_a_thousand_probes_a_reason_begins_with_its_first_case() -> None:
    config = crowd(ALL_REASONS_UP_TO + 1)
    metrics = metrics_of(config)
    assert await values(metrics, "mcp_probe_failures_total") == {}
    first = next(iter(config.probes.values()))
    metrics.record(ran(first, reason=Reason.TIMEOUT))
    assert await values(metrics, "mcp_probe_failures_total") == {(first.name, "timeout", first.target): 1}
