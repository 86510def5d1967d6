"""What a run changes, and what is there before any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prober.client.stdio.kept_processes import Cause, Ended
from prober.metrics.records import Streak
from prober.outcome import Phase, Reason, Verdict
from prober.scheduled_run import Sink
from prober.status import StatusStore
from tests.metrics.reading import metrics_of, page, parsed, series, value, values
from tests.metrics.world import MODERN, PHASES, STARTED, configured, eventful, ran, without

SEARCH = {"target": "web", "probe": "search"}
RACE = {"target": "local", "probe": "steps-survive-races"}


def results(**counts: int) -> dict[tuple[str, ...], float]:
    """The counter of each result that the probe `search` can end with."""
    zero = dict.fromkeys(("pass", "no_answer", "rejected", "wrong_answer", "too_slow", "unknown"), 0)
    return {(result,): count for result, count in (zero | {name.rstrip("_"): n for name, n in counts.items()}).items()}


async def test_counters_and_histograms_are_at_zero_from_the_start() -> None:
    config = configured()
    metrics = metrics_of(config)
    for name, probe in config.probes.items():
        counted = await values(metrics, "mcp_probe_runs_total", target=probe.target, probe=name)
        assert set(counted.values()) == {0}
        assert {("pass",), ("no_answer",), ("wrong_answer",), ("unknown",)} <= counted.keys()
        judges = probe.kind in ("call", "read", "prompt")
        assert bool(await values(metrics, "mcp_target_latency_seconds_count", kind=probe.kind)) is judges
        for family in ("mcp_target_run_duration_seconds", *["mcp_target_latency_seconds"] * judges):
            labels = {"target": probe.target, "kind": probe.kind}
            assert set((await values(metrics, f"{family}_bucket", **labels)).values()) == {0}
            assert await value(metrics, f"{family}_count", **labels) == 0
            assert await value(metrics, f"{family}_sum", **labels) == 0
    assert await value(metrics, "mcp_race_operations_total", **RACE) == 0
    assert (await values(metrics, "mcp_race_violations_total", **RACE))["lost_update",] == 0


async def test_failures_in_a_row_are_those_that_the_status_store_has_counted() -> None:
    config = configured()
    metrics, statuses = metrics_of(config), StatusStore()
    statuses.apply_config(config)

    def streak(probe: str) -> Streak:
        status = statuses.probe(probe)
        return status.streak, status.symptom

    assert await values(metrics, "mcp_probe_consecutive_failures", **SEARCH) == {}
    metrics.ask(budget_remaining=lambda _target: None, in_maintenance=lambda _probe: False, streak=streak)
    for reason, shown in (
        (Reason.TIMEOUT, {("no_answer",): 1}),
        (Reason.CONNECT_REFUSED, {("no_answer",): 2}),
        (Reason.UNDECIDED, {("no_answer",): 2}),
        (Reason.TOO_SLOW, {("too_slow",): 1}),
        (None, {}),
    ):
        sinks: tuple[Sink, ...] = (statuses, metrics)
        for sink in sinks:
            sink.record(ran(config.probes["search"], reason=reason))
        assert await values(metrics, "mcp_probe_consecutive_failures", **SEARCH) == shown


async def test_slow_runs_in_a_row_are_those_over_the_level_that_warns() -> None:
    config = configured()
    metrics = metrics_of(config)
    name, search = "mcp_probe_consecutive_slow_runs", config.probes["search"]
    assert await values(metrics, name) == {}
    for seconds, reason, count in (
        (0.6, None, 1),
        (2.5, Reason.TOO_SLOW, 2),
        (None, Reason.TIMEOUT, 2),
        (0.1, Reason.UNDECIDED, 2),
        (0.51, None, 3),
        (0.5, None, None),
    ):
        facts = {} if seconds is None else {"latency_seconds": seconds}
        metrics.record(ran(search, facts=facts, reason=reason))
        assert await value(metrics, name, **SEARCH) == count, seconds
    metrics.record(ran(search, facts={"latency_seconds": 0.6}))
    metrics.record(replace(ran(search, facts={"latency_seconds": 0.6}), maintenance=True))
    assert await value(metrics, name, **SEARCH) is None


async def test_no_counter_begins_with_a_run() -> None:
    config = configured()
    metrics = metrics_of(config)
    before = set(series(parsed(await page(metrics))))
    for result in eventful(config):
        metrics.record(result)
    new = set(series(parsed(await page(metrics)))) - before
    begun = {name for name, _ in new if name.endswith(("_total", "_bucket", "_count", "_sum"))}
    assert begun == {"mcp_target_phase_seconds_total"}, "which phases there are, only a run knows"


async def test_of_a_probe_that_has_not_run_only_its_existence_is_known() -> None:
    metrics = metrics_of(configured())
    assert await values(metrics, "mcp_probe_info", **SEARCH) == {("call",): 1}
    for name in (
        "mcp_probe_success",
        "mcp_probe_failure_info",
        "mcp_probe_consecutive_failures",
        "mcp_probe_last_run_timestamp_seconds",
        "mcp_probe_last_success_timestamp_seconds",
        "mcp_probe_latency_seconds",
        "mcp_target_phase_seconds_total",
        "mcp_contract_changes",
        "mcp_race_overlap",
        "mcp_target_info",
        "mcp_target_tools",
        "mcp_target_certificate_expiry_timestamp_seconds",
        "mcp_target_token_expiry_timestamp_seconds",
    ):
        assert await values(metrics, name) == {}, name


async def test_a_run_that_passed() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], took=0.25, facts={"latency_seconds": 0.125}, phases=PHASES))
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 1
    assert await values(metrics, "mcp_probe_failure_info", **SEARCH) == {}
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == results(pass_=1)
    assert await value(metrics, "mcp_probe_last_run_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_last_success_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_latency_seconds", **SEARCH) == 0.125
    assert await values(metrics, "mcp_target_phase_seconds_total", target="web", kind="call") == {
        (phase.value,): seconds for phase, seconds in PHASES.items()
    }
    assert await value(metrics, "mcp_target_latency_seconds_sum", target="web", kind="call") == 0.125
    assert await value(metrics, "mcp_target_latency_seconds_count", target="web", kind="call") == 1


async def test_a_run_that_failed_after_one_that_passed() -> None:
    config = configured()
    metrics = metrics_of(config)
    search = config.probes["search"]
    metrics.record(ran(search, took=0.25, facts={"latency_seconds": 0.125}, phases=PHASES))
    metrics.record(ran(search, at=60, took=0.5, reason=Reason.CONNECT_REFUSED, phases={Phase.CONNECT: 0.5}))
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 0
    assert await values(metrics, "mcp_probe_failure_info", **SEARCH) == {("connect_refused", "no_answer"): 1}
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == results(pass_=1, no_answer=1)
    assert await value(metrics, "mcp_probe_last_run_timestamp_seconds", **SEARCH) == STARTED + 60.5
    assert await value(metrics, "mcp_probe_last_success_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_latency_seconds", **SEARCH) is None
    phases = await values(metrics, "mcp_target_phase_seconds_total", target="web", kind="call")
    assert phases["connect",] == PHASES[Phase.CONNECT] + 0.5
    assert phases["wait",] == PHASES[Phase.WAIT]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.verdict is Verdict.UNKNOWN])
async def test_what_the_prober_could_not_tell_is_not_the_targets_failure(reason: Reason) -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], reason=reason))
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == results(unknown=1)
    assert await values(metrics, "mcp_probe_failure_info", **SEARCH) == {(reason.value, "unknown"): 1}
    assert await value(metrics, "mcp_probe_success", **SEARCH) == 0


async def test_a_latency_that_self_doubt_took_back_is_unknown() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], reason=Reason.TOO_SLOW, verdict=Verdict.UNKNOWN))
    assert await values(metrics, "mcp_probe_runs_total", **SEARCH) == results(unknown=1)
    assert await values(metrics, "mcp_probe_failure_info", **SEARCH) == {("too_slow", "unknown"): 1}


async def test_a_run_that_was_not_made_took_no_time_and_was_at_no_time() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], facts={"latency_seconds": 0.125}))
    metrics.record(ran(config.probes["search"], at=60, took=0.0, reason=Reason.NOT_RUN))
    assert await value(metrics, "mcp_target_run_duration_seconds_count", target="web", kind="call") == 1
    assert await value(metrics, "mcp_probe_last_run_timestamp_seconds", **SEARCH) == STARTED + 0.25
    assert await value(metrics, "mcp_probe_latency_seconds", **SEARCH) == 0.125
    assert await values(metrics, "mcp_probe_failure_info", **SEARCH) == {("not_run", "unknown"): 1}


async def test_success_is_zero_exactly_where_a_reason_is_shown() -> None:
    config = configured()
    metrics = metrics_of(config)
    for result in eventful(config):
        metrics.record(result)
        success = await values(metrics, "mcp_probe_success")
        failing = {(probe, target) for probe, _, _, target in await values(metrics, "mcp_probe_failure_info")}
        assert {names for names, passed in success.items() if not passed} == failing


@pytest.mark.parametrize(
    ("took", "le"),
    [(0.0, "0.025"), (0.025, "0.025"), (0.0250001, "0.1"), (1.0, "1.0"), (10.0, "10.0"), (30.1, "+Inf")],
)
async def test_a_duration_is_in_the_buckets_from_its_own_upwards(took: float, le: str) -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.record(ran(config.probes["search"], took=took))
    buckets = await values(metrics, "mcp_target_run_duration_seconds_bucket", target="web", kind="call")
    assert {bound for (bound,), count in buckets.items() if count} == {
        bound for (bound,) in buckets if float(bound) >= float(le)
    }
    assert await value(metrics, "mcp_target_run_duration_seconds_sum", target="web", kind="call") == took


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


async def test_when_a_token_expires_is_known_by_who_renews_it() -> None:
    config = configured()
    metrics, expiry = metrics_of(config), "mcp_target_token_expiry_timestamp_seconds"
    metrics.record(ran(config.probes["hello"], facts={"token_expiry_timestamp_seconds": 1796083200.0}))
    assert await values(metrics, expiry) == {("none", "web"): 1796083200.0}
    metrics.record(ran(config.probes["hello"], at=60, facts={"fetched_token_expiry_timestamp_seconds": 1796000000.0}))
    assert (await values(metrics, expiry))[("automatic", "web")] == 1796000000.0


async def test_the_configuration_is_told_as_numbers() -> None:
    metrics = metrics_of(configured())
    budgets = await values(metrics, "mcp_probe_latency_budget_seconds")
    assert budgets == {("fail", "search", "web"): 2, ("warn", "search", "web"): 0.5}
    assert await values(metrics, "mcp_target_objective_ratio") == {("web",): 0.995, ("old",): 0.999, ("local",): 0.995}
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
    assert asked[:5] == ["hello", "offer", "users", "visit", "search"]
    assert set(asked) == {"hello", "offer", "users", "visit", "search", "strangers", "apart"}
    windows.clear()
    assert set((await values(metrics, "mcp_probe_maintenance")).values()) == {0}
    budgets.clear()
    assert await values(metrics, "mcp_target_budget_remaining") == {}


async def test_a_skipped_run_is_counted() -> None:
    config = configured()
    metrics = metrics_of(config)
    metrics.skipped(config.probes["search"])
    metrics.skipped(config.probes["search"])
    assert await value(metrics, "mcp_prober_skipped_runs_total") == 2


async def test_runs_for_which_the_prober_lacked_something_are_counted_from_zero() -> None:
    config = configured()
    metrics = metrics_of(config)
    assert await value(metrics, "mcp_prober_shortages_total") == 0
    for reason in (Reason.PROBER_SHORTAGE, Reason.PROBER_SHORTAGE, Reason.UNDECIDED, None):
        metrics.record(ran(config.probes["search"], reason=reason))
    assert await value(metrics, "mcp_prober_shortages_total") == 2


async def test_ends_of_kept_processes_are_counted_by_cause_from_zero_where_one_is_kept() -> None:
    config = configured()
    metrics = metrics_of(config)
    name = "mcp_target_process_restarts_total"
    zero = {(cause, "local"): 0 for cause in ("died", "broken", "failed", "aged", "reloaded")}
    assert await values(metrics, name) == zero
    for cause in (Cause.DIED, Cause.DIED, Cause.AGED, Cause.STOPPED):
        metrics.process_ended(Ended(target="local", cause=cause, age=60.0))
    metrics.process_ended(Ended(target="web", cause=Cause.RELOADED, age=60.0))
    metrics.process_ended(Ended(target="gone", cause=Cause.RELOADED, age=60.0))
    counted = {**zero, ("died", "local"): 2, ("aged", "local"): 1}
    assert await values(metrics, name) == counted
    metrics.apply_config(config, config.probes)
    assert await values(metrics, name) == counted
    changed = without(local={"command": ["server"], "allow_writes": True})
    metrics.apply_config(changed, changed.probes)
    assert await values(metrics, name) == {}
