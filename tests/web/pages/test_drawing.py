"""Strips, sparks and bars: what is drawn for what was measured."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from prober.history import Day
from prober.outcome import Phase
from prober.web.pages.chart_geometry import DAYS, SPARK_HEIGHT, STRIP_HEIGHT, phases_of, spark_of, strip_of

TODAY = date(2026, 11, 22)


def day(ago: int, **counts: int) -> Day:
    return Day(day=TODAY - timedelta(days=ago), **counts)


@pytest.mark.parametrize(
    ("counts", "title", "looks"),
    [
        ({}, "no runs", ["none"]),
        ({"passed": 1440}, "all of 1,440 runs passed", ["pass"]),
        ({"passed": 1}, "all of 1 run passed", ["pass"]),
        ({"passed": 1439, "failed": 1}, "99.93 % passed, 1 failed of 1,440 runs", ["pass", "fail"]),
        ({"failed": 20}, "0 % passed, 20 failed of 20 runs", ["fail"]),
        ({"unknown": 20}, "20 unknown of 20 runs", ["unknown"]),
        (
            {"passed": 8, "failed": 1, "unknown": 1},
            "88 % passed, 1 failed, 1 unknown of 10 runs",
            ["pass", "unknown", "fail"],
        ),
    ],
)
def test_a_day_shows_and_tells_how_its_runs_ended(counts: dict[str, int], title: str, looks: list[str]) -> None:
    bar = strip_of([day(0, **counts)], TODAY).bars[-1]
    assert bar.title == f"Sun 22 Nov 2026: {title}"
    assert [stroke.look for stroke in bar.strokes] == looks


def test_one_failure_of_a_thousand_is_seen() -> None:
    bar = strip_of([day(0, passed=999, failed=1)], TODAY).bars[-1]
    heights = {stroke.look: float(stroke.path.rpartition("v-")[2]) for stroke in bar.strokes}
    assert heights["fail"] >= 5
    assert sum(heights.values()) == pytest.approx(STRIP_HEIGHT, abs=0.2)


def test_a_strip_has_every_day_whether_there_were_runs_or_not() -> None:
    strip = strip_of([day(3, passed=5), day(1, passed=2, failed=2), day(200, failed=9)], TODAY)
    assert len(strip.bars) == DAYS
    assert strip.bars[0].title.endswith("no runs")
    assert strip.label == "Last 90 days, 2 with runs: failures on 1 day, the worst 21 Nov (50 % passed)"


def test_a_strip_without_failures_says_so() -> None:
    assert strip_of([day(n, passed=9) for n in range(DAYS)], TODAY).label == "Last 90 days: no failures"
    assert strip_of([], TODAY).label == "Last 90 days: no runs"


def test_a_spark_keeps_to_its_box_and_leaves_gaps() -> None:
    spark = spark_of([0.01, 0.03, None, 0.02], by="hour")
    assert spark is not None
    assert spark.label == "Response time by the hour: 10 ms to 30 ms, last 20 ms"
    assert spark.line.count("M") == 2, "what was not measured is not drawn"
    heights = [float(height) for height in re.findall(r"[ML][\d.]+ ([\d.]+)", spark.line)]
    assert len(heights) == 3
    assert all(0 <= height <= SPARK_HEIGHT for height in heights)


@pytest.mark.parametrize("seconds", [[], [0.1], [None, 0.1, None]])
def test_fewer_than_two_points_are_no_line(seconds: list[float | None]) -> None:
    assert spark_of(seconds, by="hour") is None


def test_times_of_nought_are_drawn_too() -> None:
    assert spark_of([0.0, 0.0], by="hour") is not None


def test_phases_come_in_the_order_of_an_exchange_and_fill_the_bar() -> None:
    phases = phases_of({Phase.WAIT: 0.03, Phase.CONNECT: 0.01, Phase.DNS: 0.0})
    assert phases is not None
    assert phases.label == "connect 10 ms, wait 30 ms"
    first, second = phases.pieces
    assert (first.x, second.x, first.width + second.width) == (0, first.width, phases.width)


def test_no_measured_phase_is_no_bar() -> None:
    assert phases_of({}) is None
    assert phases_of({Phase.SEND: 0.0}) is None
