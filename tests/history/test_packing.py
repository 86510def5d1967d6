from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from prober.history import packing
from prober.history.packing import Run, pack, unpack

HOUR = 490_000


def _run(**given: object) -> Run:
    return Run(**({"started_ms": HOUR * packing.HOUR_MS + 1, "verdict": 0, "duration": 125} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "size"),
    [
        (_run(), 5),
        (_run(duration=0), 5),
        (_run(duration=16_383), 6),
        (_run(latency=90), 6),
        (_run(latency=0), 6),
        (_run(duration=300, latency=250, lag_ms=3), 9),
        (_run(verdict=1, reason=12), 6),
        (_run(verdict=2, reason=300, maintenance=True), 7),
        (_run(started_ms=HOUR * packing.HOUR_MS + 3_599_999, duration=1 << 40, latency=1 << 40, lag_ms=1 << 30), 21),
    ],
)
def test_a_packed_run_comes_back_as_it_was_and_is_as_long_as_it_must_be(run: Run, size: int) -> None:
    packed = pack(run)
    assert len(packed) == size
    assert list(unpack(packing.slot_of(run.started_ms, 7), packed)) == [run]


def test_runs_stand_one_after_the_other_in_a_slot() -> None:
    random = Random(4)
    runs = [
        Run(
            HOUR * packing.HOUR_MS + random.randrange(packing.HOUR_MS),
            random.randrange(3),
            random.randrange(1 << random.randrange(40)),
            random.randrange(100),
            random.choice((None, random.randrange(100_000))),
            random.randrange(5),
            random.random() < 0.5,
        )
        for _ in range(2_000)
    ]
    assert list(unpack(HOUR << packing.PROBE_BITS | 3, b"".join(map(pack, runs)))) == runs


def test_the_slots_of_an_hour_are_all_before_those_of_the_next() -> None:
    last = packing.slot_of(HOUR * packing.HOUR_MS + packing.HOUR_MS - 1, packing.PROBE_MASK)
    assert last < packing.slot_of((HOUR + 1) * packing.HOUR_MS, 0)


@pytest.mark.parametrize("year", [1, 1969, 1970, 2038, 9999])
def test_whatever_a_clock_says_becomes_a_time_that_can_be_kept(year: int) -> None:
    at = datetime(year, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    slot = packing.slot_of(packing.milliseconds(at), 1)
    assert 0 <= slot < 1 << 63
    assert (
        packing.moment(packing.milliseconds(at) * 1000) == max(at.replace(microsecond=999000), packing.EPOCH)
        or year == 9999
    )
    assert packing.moment(packing.microseconds(at)) == max(at, packing.EPOCH)


def test_a_duration_that_is_no_number_is_refused_and_one_below_zero_is_zero() -> None:
    with pytest.raises(ValueError, match="NaN"):
        packing.ticks(float("nan"))
    with pytest.raises(OverflowError):
        packing.ticks(float("inf"))
    assert packing.ticks(-0.5) == 0
    assert packing.ticks(timedelta(minutes=2).total_seconds()) == 1_200_000
