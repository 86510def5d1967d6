"""A busy machine slows a drill down, and does not spoil it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from prober.drill import Plan, Report, drill, run
from prober.drill.machine import SLOWEST, fitting_speed, slowdown

SPEEDS: Final = ((1.0, 60.0), (4.0, 60.0), (8.0, 30.0), (12.0, 20.0), (100.0, SLOWEST))


@pytest.mark.parametrize(("slower", "speed"), SPEEDS)
def test_time_is_divided_by_less_where_programs_take_longer(slower: float, speed: float) -> None:
    assert fitting_speed(slower) == speed


@pytest.mark.clock
def test_the_machine_is_measured_in_a_moment() -> None:
    assert 1.0 <= slowdown() < 1000.0


def plan(speed: float | None) -> Plan:
    """Without Prometheus: what is tested here runs no part of it."""
    return Plan(faults=["http-503"], speed=speed, probes=Path(), alerting="--no-alerts")


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Of drills that find the machine too busy above a speed of 20; the speed that is measured is 50."""
    seen: list[float] = []

    async def _drill(_plan: Plan, speed: float, _say: object, *, gives_up: bool) -> Report:
        seen.append(speed)
        if gives_up and speed > 20:
            raise run._TooBusyError("McpProberAbsent")
        own = ("McpProberAbsent",) if speed > 20 else ()
        about: dict[str, Any] = {"started_at": datetime.now(UTC), "seconds": 1.0, "chain": None}
        return Report(speed=speed, findings=(), own=own, **about)

    monkeypatch.setattr(run, "_drill", _drill)
    monkeypatch.setattr(run, "slowdown", lambda: 4.8)
    return seen


async def test_a_drill_that_finds_the_machine_too_busy_begins_again_at_half_the_speed(speeds: list[float]) -> None:
    said: list[str] = []
    report = await drill(plan(None), said.append)
    assert speeds == [50, 25, 12.5]
    assert (report.speed, report.own, report.as_expected) == (12.5, (), True)
    assert "programs take 4.8 times longer" in said[0]
    assert "McpProberAbsent: this machine is too busy for that speed" in said[1]


async def test_a_speed_that_was_asked_for_stays_and_the_report_says_what_came_of_it(speeds: list[float]) -> None:
    report = await drill(plan(60), lambda _line: None)
    assert speeds == [60]
    assert (report.own, report.as_expected) == (("McpProberAbsent",), False)
