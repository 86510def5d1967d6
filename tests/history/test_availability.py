"""A report's figures are those that a count over the raw results gives."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from prober.history import Retention
from prober.history.availability import Availability, availability
from prober.history.schema import BOUNDS_MS, connect_to_read
from prober.outcome import Reason, Verdict
from prober.scheduled_run import ScheduledRun
from tests.history.making import NOON, result
from tests.history.ninety_days import BEGIN, END, Counted, expected, made_up, write

ALL_KEPT = Retention(results=timedelta(days=400), failures=timedelta(days=400))


def asked(path: Path, since: datetime = BEGIN, until: datetime = END) -> Availability:
    with closing(connect_to_read(path)) as connection:
        return availability(connection, since=since, until=until)


def _same_counts(past: Availability, counted: dict[str, Counted]) -> None:
    assert set(past.targets) == set(counted)
    for name, target in past.targets.items():
        verdicts, counts = counted[name].verdicts, target.counts
        assert (counts.passed, counts.failed, counts.unknown) == tuple(verdicts[each] for each in Verdict)
        assert counts.in_maintenance == counted[name].in_maintenance
        told = verdicts[Verdict.PASS] + verdicts[Verdict.FAIL]
        assert counts.availability == pytest.approx(verdicts[Verdict.PASS] / told)
        assert len(target.run_times) == len(counted[name].seconds)


@pytest.mark.parametrize(
    ("targets", "interval"),
    [(5, timedelta(minutes=30)), pytest.param(40, timedelta(minutes=15), marks=pytest.mark.slow)],
    ids=["43,000 runs", "690,000 runs"],
)
def test_ninety_days_are_counted_as_by_hand(targets: int, interval: timedelta, tmp_path: Path) -> None:
    results = made_up(Random(7), targets=targets, probes=2, interval=interval)
    write(tmp_path / "history.db", results, ALL_KEPT)
    odd = BEGIN + timedelta(days=10, hours=3, minutes=17), END - timedelta(days=20, minutes=41)
    for since, until in ((BEGIN, END), odd):
        past, counted = asked(tmp_path / "history.db", since, until), expected(results, since=since, until=until)
        assert past.exact_since == since
        _same_counts(past, counted)
        for name, target in past.targets.items():
            for percent in (50, 95, 99):
                assert target.run_times.percentile(percent) == pytest.approx(
                    counted[name].percentile(percent), abs=1e-6
                )
            assert [(each.since, each.until) for each in target.incidents] == counted[name].failing
            assert sum((Counter(each.reasons) for each in target.incidents), Counter()) == counted[name].reasons
            assert all(each.exact for each in target.incidents)


def test_a_time_whose_runs_are_gone_is_counted_as_well_with_incidents_by_the_hour(tmp_path: Path) -> None:
    results = made_up(Random(8), targets=4, probes=2, interval=timedelta(minutes=20))
    write(tmp_path / "history.db", results, Retention(results=timedelta(days=30)))
    past, counted = asked(tmp_path / "history.db"), expected(results, since=BEGIN, until=END)
    assert END - timedelta(days=30, hours=1) <= past.exact_since <= END - timedelta(days=29)
    _same_counts(past, counted)
    for name, target in past.targets.items():
        for percent in (50, 95, 99):
            wanted, seconds = counted[name].percentile(percent), target.run_times.percentile(percent)
            assert seconds is not None
            assert _bucket(seconds) == _bucket(wanted)
        failed = [run.outcome.started_at for run in results if _counts_as_failed(run) and run.outcome.target == name]
        for at in failed:
            assert any(each.since <= at and (each.until is None or at < each.until) for each in target.incidents)
        rough = [each for each in target.incidents if not each.exact]
        assert rough
        assert all(each.since.minute == 0 for each in rough)
        assert sum((Counter(each.reasons) for each in target.incidents), Counter()) == counted[name].reasons


def _counts_as_failed(run: ScheduledRun) -> bool:
    return run.outcome.verdict is Verdict.FAIL and not run.maintenance


def _bucket(seconds: float) -> int:
    return next((number for number, bound in enumerate(BOUNDS_MS) if seconds * 1000 <= bound), len(BOUNDS_MS))


def test_without_a_run_that_could_tell_there_is_no_availability(tmp_path: Path) -> None:
    write(tmp_path / "history.db", [result(NOON, reason=Reason.NOT_RUN)], ALL_KEPT)
    [target] = asked(tmp_path / "history.db").targets.values()
    assert (target.counts.unknown, target.counts.availability, target.run_times.percentile(50)) == (1, None, None)
    assert asked(tmp_path / "history.db", BEGIN, BEGIN + timedelta(hours=1)).targets == {}


def test_an_incident_of_two_probes_is_one_and_doubt_or_maintenance_do_not_end_it(tmp_path: Path) -> None:
    def run(minute: int, probe: str, reason: Reason | None = None, *, maintenance: bool = False) -> ScheduledRun:
        return result(NOON + timedelta(minutes=minute), probe=probe, reason=reason, maintenance=maintenance)

    runs = [
        run(0, "a", Reason.TIMEOUT),
        run(1, "b"),
        run(2, "a", Reason.NOT_RUN),
        run(3, "a", maintenance=True),
        run(4, "b", Reason.UNAVAILABLE),
        run(5, "a"),
        run(6, "b"),
        run(7, "a", Reason.TIMEOUT),
    ]
    write(tmp_path / "history.db", runs, ALL_KEPT)
    [target] = asked(tmp_path / "history.db").targets.values()
    first, second = target.incidents
    assert (first.since, first.until) == (NOON, NOON + timedelta(minutes=6))
    assert (first.probes, first.reasons) == (("a", "b"), {"timeout": 1, "unavailable": 1})
    assert (second.since, second.until) == (NOON + timedelta(minutes=7), None)
    assert second.seconds(NOON + timedelta(minutes=10)) == 180


def test_a_contract_that_changes_is_told_once_for_each_change(tmp_path: Path) -> None:
    words = ["a is gone", "a is gone", "b is gone", "a is gone"]
    runs = [result(NOON + timedelta(minutes=n), reason=Reason.CONTRACT_BROKEN) for n, _ in enumerate(words)]
    for each, message in zip(runs, words, strict=True):
        object.__setattr__(each.outcome, "message", message)
    write(tmp_path / "history.db", runs, ALL_KEPT)
    [target] = asked(tmp_path / "history.db").targets.values()
    assert [(change.at.minute, change.message) for change in target.contract_changes] == [
        (0, "a is gone"),
        (2, "b is gone"),
        (3, "a is gone"),
    ]
