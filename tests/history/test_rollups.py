"""What is rolled up says what the results say, whenever and in whatever order they came."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from prober.history import Day, HistoryStore, PastResult, Point, Retention
from prober.history.schema import BOUNDS_MS
from prober.history.write_connection import Entry, Skip, WriteConnection
from prober.outcome import Verdict
from prober.scheduled_run import ScheduledRun
from tests.history.making import NOON, random_results, result, statuses_of

NOW = NOON + timedelta(minutes=1)
EVER = NOON - timedelta(days=9)


async def _kept(path: Path, results: Sequence[ScheduledRun], random: Random) -> HistoryStore:
    """Written in batches of any size, compacted at any time, by processes that come and go."""
    statuses = statuses_of(results)
    left = []
    for given in results:
        statuses.record(given)
        status = statuses.probe(given.outcome.probe)
        streak = status.streak, status.symptom
        left.append(Entry(given, status.since, *streak, status.last_success, status.streak_since))
    writing = WriteConnection(path, Retention(), now=NOW)
    while left:
        size = random.randrange(1, 200)
        assert writing.write(left[:size]) == 0
        left = left[size:]
        if random.random() < 0.3:
            writing.compact(NOW)
        if random.random() < 0.3:
            writing.close()
            writing = WriteConnection(path, Retention(), now=NOW)
    writing.close()
    history = HistoryStore.open(path, clock=lambda: NOW)
    await asyncio.sleep(0)
    return history


def _near(past: Sequence[PastResult], results: Sequence[ScheduledRun]) -> None:
    """The same runs in the same order: by their start, to the microsecond."""
    assert len(past) == len(results)
    for kept, given in zip(past, results, strict=True):
        outcome = given.outcome
        assert (kept.target, kept.probe, kept.verdict) == (outcome.target, outcome.probe, outcome.verdict)
        assert (kept.reason, kept.maintenance) == (outcome.reason, given.maintenance)
        assert kept.started_at == outcome.started_at
        assert kept.duration_seconds == pytest.approx(outcome.duration_seconds, abs=0.0000006)
        assert kept.latency_seconds == pytest.approx(outcome.facts.get("latency_seconds"), abs=0.0000006)
        assert kept.start_lag_seconds == pytest.approx(given.start_lag_seconds, abs=0.0000006)


def _counts(results: Sequence[ScheduledRun]) -> tuple[int, int, int]:
    seen = Counter(given.outcome.verdict for given in results if not given.maintenance)
    return seen[Verdict.PASS], seen[Verdict.FAIL], seen[Verdict.UNKNOWN]


def _timed(results: Sequence[ScheduledRun]) -> list[float]:
    told = [given for given in results if not given.maintenance and given.outcome.verdict is not Verdict.UNKNOWN]
    return sorted(given.outcome.duration_seconds for given in told)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
async def test_history_says_what_the_results_say(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    results = random_results(random, 3_000)
    history = await _kept(tmp_path / "history.db", results, random)
    newest = sorted(results, key=lambda given: given.outcome.started_at, reverse=True)
    of_probe = [given for given in newest if given.outcome.probe == "probe-1"]
    of_target = [given for given in newest if given.outcome.target == "target-1"]

    _near(await history.results(limit=10_000), newest)
    _near(await history.results(probe="probe-1", limit=100), of_probe[:100])
    _near(await history.results(target="target-1", limit=300), of_target[:300])
    since, until = NOON - timedelta(hours=31.3), NOON - timedelta(hours=7.7)
    within = [given for given in of_target if since <= given.outcome.started_at < until]
    _near(await history.results(target="target-1", since=since, until=until, limit=10_000), within)

    by_day = defaultdict(list)
    for given in of_target:
        by_day[given.outcome.started_at.date()].append(given)
    last = [NOON.date() - timedelta(days=back) for back in reversed(range(5))]
    assert await history.days("target-1", days=5) == [Day(day, *_counts(by_day[day])) for day in last]
    began = since.replace(minute=0, second=0, microsecond=0)
    passed, failed, _ = _counts([given for given in of_target if given.outcome.started_at >= began])
    assert await history.uptime("target-1", since=since) == passed / (passed + failed)
    assert await history.uptime("nobody", since=since) is None

    overview = await history.overview(days=5, hours=70)
    assert list(overview) == ["target-0", "target-1", "target-2"]
    assert list(overview["target-1"].days) == [Day(day, *_counts(by_day[day])) for day in last if by_day[day]]
    passed, failed, _ = _counts(of_target)
    assert overview["target-1"].uptime == passed / (passed + failed)
    assert sum(point.runs for point in overview["target-1"].durations) == len(_timed(of_target))
    _same_times(overview["target-1"].durations, of_target)
    await history.close()


@pytest.mark.parametrize("seed", range(3))
async def test_durations_are_those_of_the_runs(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    results = random_results(random, 2_000)
    history = await _kept(tmp_path / "history.db", results, random)
    of_probe = [given for given in results if given.outcome.probe == "probe-2"]

    long = await history.durations("probe-2", since=NOON - timedelta(hours=70))
    assert 20 < len(long) <= 60
    _same_times(long, of_probe)
    since = NOON - timedelta(hours=10)
    short = await history.durations("probe-2", since=since, points=20)
    assert 10 < len(short) <= 20
    _same_times(short, [given for given in of_probe if given.outcome.started_at >= since])
    (whole,) = await history.durations("probe-2", since=since, points=1)
    times = _timed([given for given in of_probe if given.outcome.started_at >= since])
    assert whole.p50_seconds == pytest.approx(times[(len(times) + 1) // 2 - 1], abs=0.000001)
    (estimate,) = await history.durations("probe-2", since=NOON - timedelta(hours=70), points=1)
    for share, guess in ((0.50, estimate.p50_seconds), (0.95, estimate.p95_seconds)):
        assert guess is not None
        true = _timed(of_probe)[int(share * len(_timed(of_probe)))]
        bounds = [0.0, *(bound / 1_000 for bound in BOUNDS_MS), max(_timed(of_probe))]
        at = next(number for number, bound in enumerate(bounds) if bound >= true)
        assert bounds[max(0, at - 2)] <= guess <= bounds[min(len(bounds) - 1, at + 1)]
    await history.close()


def _same_times(points: Sequence[Point], results: Sequence[ScheduledRun]) -> None:
    times = _timed(results)
    assert sum(point.runs for point in points) == len(times)
    assert sum(point.runs * point.mean_seconds for point in points) == pytest.approx(
        sum(times), abs=0.000001 * len(times)
    )
    assert min(point.min_seconds for point in points) == pytest.approx(times[0], abs=0.000001)
    assert max(point.max_seconds for point in points) == pytest.approx(times[-1], abs=0.000001)
    assert [point.at for point in points] == sorted({point.at for point in points})


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_remembered_is_what_a_board_would_know_that_had_never_stopped(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    results = random_results(random, 600)
    history = await _kept(tmp_path / "history.db", results, random)
    lived, restored = statuses_of(results), statuses_of(results)
    for given in results:
        lived.record(given)
    restored.restore(history.remembered())
    assert list(restored.probes()) == list(lived.probes())
    await history.close()


async def test_a_clock_that_jumps_back_breaks_nothing_and_the_last_to_come_is_the_latest(tmp_path: Path) -> None:
    times = [NOON, NOON + timedelta(minutes=1), NOON - timedelta(days=2), NOON - timedelta(days=2, minutes=-1)]
    history = await _kept(tmp_path / "history.db", [result(at) for at in times], Random(1))
    assert len(await history.results()) == 4
    (memory,) = history.remembered()
    assert memory.last is not None
    assert memory.last.outcome.started_at == times[-1]
    assert memory.since == NOON
    assert [day.passed for day in await history.days("reference", days=3)] == [2, 0, 2]
    await history.close()


async def test_runs_that_were_left_out_are_counted_in_their_hour_and_are_no_runs(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    writing = WriteConnection(path, Retention(), now=NOW)
    writing.write([Entry(result()), *(Skip(target="reference", probe="state", at=NOON) for _ in range(3))])
    writing.compact(NOW)
    writing.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT passed, skipped FROM hours").fetchall() == [(1, 3)]
    connection.close()
    history = HistoryStore.open(path, clock=lambda: NOW)
    assert len(await history.results()) == 1
    assert [memory.last is not None for memory in history.remembered()] == [True]
    await history.close()
