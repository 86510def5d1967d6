"""Due times and shards are arithmetic on names."""

from __future__ import annotations

import statistics
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from prober.schedule.interval_trigger import IntervalTrigger
from prober.schedule.shard import Shard, stable_hash

NOON = datetime(2026, 5, 4, 12, 0, 0, 300_000, tzinfo=UTC)


def test_a_hash_is_the_same_in_every_process() -> None:
    code = "from prober.schedule.shard import stable_hash; print(stable_hash('notes', 'search'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) == stable_hash("notes", "search") == 14290103793153473228


def test_target_and_name_do_not_run_together() -> None:
    assert stable_hash("ab", "c") != stable_hash("a", "bc")


@pytest.mark.parametrize("seconds", [0.05, 1.0, 7.5, 60.0, 3600.0, 86400.0])
def test_a_probe_is_due_at_the_same_times_whenever_the_prober_was_started(seconds: float) -> None:
    grid, interval = IntervalTrigger.of("notes", "search", seconds), timedelta(seconds=seconds)
    first = grid.get_next_fire_time(None, NOON)
    assert NOON <= first < NOON + interval
    for later in (0.1, 0.5, 0.9):
        assert grid.get_next_fire_time(None, first - interval * later) == first
    assert grid.get_next_fire_time(None, first) == first
    assert grid.get_next_fire_time(first, first + interval / 10) == first + interval
    restarted = grid.get_next_fire_time(None, NOON + 1000 * interval)
    assert (restarted - first) % interval == timedelta(0)


def test_due_times_are_counted_from_the_epoch() -> None:
    # Seven seconds divide no day, no month and no year: counted from any other date, the times would be others.
    first = IntervalTrigger.of("notes", "search", 7.0).get_next_fire_time(None, NOON)
    since = (first - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert since % 7_000_000 == stable_hash("notes", "search") % 7_000_000


def test_after_a_time_beside_the_grid_the_next_point_is_on_it() -> None:
    grid, minute = IntervalTrigger.of("notes", "search", 60.0), timedelta(minutes=1)
    first = grid.get_next_fire_time(None, NOON)
    assert grid.get_next_fire_time(first + minute / 3, first + minute / 2) == first + minute


def test_no_interval_is_shorter_than_a_microsecond() -> None:
    assert IntervalTrigger.of("notes", "search", 1e-9) == IntervalTrigger(interval=1, phase=0)


def test_of_many_missed_times_only_the_latest_is_made_up_for() -> None:
    grid, minute = IntervalTrigger.of("notes", "search", 60.0), timedelta(minutes=1)
    first = grid.get_next_fire_time(None, NOON)
    after_a_night = first + 480 * minute + timedelta(seconds=20)
    made_up = grid.get_next_fire_time(first, after_a_night)
    assert made_up == first + 480 * minute
    assert grid.get_next_fire_time(made_up, after_a_night) == first + 481 * minute


def test_probes_are_spread_evenly_over_their_interval() -> None:
    phases = [
        IntervalTrigger.of(f"target-{number % 50}", f"probe-{number}", 60.0).phase / 1e6 for number in range(3000)
    ]
    per_second = [sum(second <= phase < second + 1 for phase in phases) for second in range(60)]
    assert sum(per_second) == 3000
    assert max(per_second) < 50 + 5 * 50**0.5
    assert 27 < statistics.mean(phases) < 33


def test_shards_hold_every_probe_exactly_once_and_alike_many() -> None:
    shards = [Shard.parse(f"{index}/5") for index in range(1, 6)]
    names = [f"probe-{number}" for number in range(2000)]
    held = [[name for name in names if shard.holds(name)] for shard in shards]
    assert sorted(name for part in held for name in part) == sorted(names)
    assert all(300 < len(part) < 500 for part in held)


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "2/0", "-1/5", "1/5 ", "1.5/5", "a/b", "1/99999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a shard such as 2/5, the second of five$"):
        Shard.parse(text)
