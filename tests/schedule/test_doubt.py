"""When the prober is the one to be doubted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from prober.config.model import (
    CallSettings,
    Checks,
    Config,
    HandshakeSettings,
    Latency,
    Probe,
    ScenarioSettings,
    Step,
    Target,
)
from prober.outcome import Outcome, Phase, Reason, Verdict
from prober.result import Result
from prober.schedule.doubt import STANDSTILL, LoopLag, Suspicion, reconsidered

BUDGET = 0.5
PROBE = Probe(
    name="p",
    target="t",
    kind="call",
    settings=CallSettings(tool="echo", checks=Checks(latency=Latency(warn=0.2, fail=BUDGET))),
    timeout=1.0,
)


def outcome(reason: Reason | None, *, target: str = "t", probe: str = "p", **more: Any) -> Outcome:
    return Outcome(
        target=target,
        probe=probe,
        kind="call",
        verdict=reason.verdict if reason else Verdict.PASS,
        reason=reason,
        message="what was seen",
        started_at=datetime.now(UTC),
        duration_seconds=0.1,
        **more,
    )


def stand_still(seconds: float) -> None:
    """What a long calculation does to the loop."""
    time.sleep(seconds)


@pytest.mark.clock
async def test_the_meter_sees_how_long_the_loop_stood_still() -> None:
    told: list[float] = []
    async with LoopLag(told.append) as lag:
        await asyncio.sleep(0.1)
        before = lag.mark()
        stand_still(0.3)
        assert lag.worst_since(before.time) >= 0.25  # while it goes on
        assert lag.lost_since(before) >= 0.25
        await asyncio.sleep(0.1)
        assert lag.worst_since(before.time) >= 0.25
        assert 0.25 <= lag.lost_since(before) < 1
        after = lag.mark()
        assert lag.worst_since(after.time) < 0.25
        assert lag.lost_since(after) < 0.25
    assert max(told) >= 0.25
    assert len(told) >= 4


@pytest.mark.clock
async def test_two_standstills_are_lost_together_and_the_worst_is_the_worst() -> None:
    async with LoopLag() as lag:
        before = lag.mark()
        for seconds in (0.2, 0.12):
            stand_still(seconds)
            await asyncio.sleep(0.06)
        assert lag.lost_since(before) >= 0.25
        assert 0.17 <= lag.worst_since(before.time) < lag.lost_since(before)


async def stalled(reason: Reason, seconds: float, *, probe: Probe = PROBE, latency: float | None = None) -> Outcome:
    """What becomes of an outcome when the loop stood still for so long in the middle of the run."""
    facts = {} if latency is None else {"latency_seconds": latency, "other": 1.0}
    async with LoopLag() as lag:
        await asyncio.sleep(0.03)
        since = lag.mark()
        stand_still(seconds)
        await asyncio.sleep(0.04)
        return reconsidered(outcome(reason, facts=facts), probe, lag=lag, since=since)


async def test_an_answer_over_its_budget_by_less_than_the_prober_was_late_is_undecided() -> None:
    seen = await stalled(Reason.TOO_SLOW, 0.3, latency=BUDGET + 0.1)
    assert (seen.verdict, seen.reason) == (Verdict.UNKNOWN, Reason.UNDECIDED)
    assert seen.message.startswith("the prober was late itself, by ")
    assert seen.message.endswith("it saw: what was seen")
    assert seen.facts == {"other": 1.0}


async def test_an_answer_that_was_late_by_far_more_is_too_slow_all_the_same() -> None:
    seen = await stalled(Reason.TOO_SLOW, 0.2, latency=BUDGET + 30)
    assert seen.reason is Reason.TOO_SLOW
    assert seen.facts["latency_seconds"] == BUDGET + 30


async def test_without_a_standstill_nothing_is_doubted() -> None:
    class Punctual(LoopLag):
        """One that was never late, for a machine that may be."""

        def _overdue(self) -> float:
            return 0.0

    async with Punctual() as lag:
        for reason in (Reason.TOO_SLOW, Reason.TIMEOUT, Reason.CONNECT_TIMEOUT):
            seen = outcome(reason, facts={"latency_seconds": BUDGET + 0.001})
            assert reconsidered(seen, PROBE, lag=lag, since=lag.mark()) is seen


async def test_of_a_scenario_the_budget_that_was_missed_counts() -> None:
    steps = tuple(
        Step(name=f"s{fail}", tool="echo", checks=Checks(latency=Latency(fail=fail))) for fail in (0.1, 0.5, 9.0)
    )
    probe = replace(PROBE, kind="scenario", settings=ScenarioSettings(steps=steps))
    assert (await stalled(Reason.TOO_SLOW, 0.2, probe=probe, latency=0.6)).reason is Reason.UNDECIDED
    assert (await stalled(Reason.TOO_SLOW, 0.2, probe=probe, latency=5.0)).reason is Reason.TOO_SLOW


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.CONNECT_TIMEOUT])
@pytest.mark.parametrize(
    ("timeout", "undecided"),
    [
        (0.25, True),  # it stood still when the deadline came
        (0.5, True),  # for more than half of the time
        (30.0, False),
    ],
)
async def test_a_timeout_is_doubted_when_the_prober_ate_its_time(
    reason: Reason, timeout: float, *, undecided: bool
) -> None:
    seen = await stalled(reason, 0.4, probe=replace(PROBE, timeout=timeout))
    assert seen.reason is (Reason.UNDECIDED if undecided else reason)


@pytest.mark.parametrize("reason", [Reason.CONNECT_REFUSED, Reason.SERVER_ERROR, Reason.TOOL_ERROR])
async def test_what_the_server_did_say_is_not_doubted(reason: Reason) -> None:
    assert (await stalled(reason, STANDSTILL * 3)).reason is reason


@dataclass
class World:
    """Targets on hosts of their own, seen by a Suspicion whose clock is the test's."""

    hosts: int
    now: float = 0.0

    def __post_init__(self) -> None:
        self.suspicion = Suspicion(clock=lambda: self.now)
        self.adopt(*(f"http://host{number}.test/mcp" for number in range(self.hosts)))

    def adopt(self, *urls: str) -> None:
        targets = {f"t{number}": Target(name=f"t{number}", url=url) for number, url in enumerate(urls)}
        self.suspicion.adopt(Config(targets=targets))

    def see(self, numbers: range | list[int], reason: Reason | None = None, **more: Any) -> bool:
        """One run of each; whether there is a suspicion now."""
        for number in numbers:
            result = outcome(reason, target=f"t{number}", **more)
            self.suspicion.note(Result(outcome=result, due=result.started_at))
        return self.suspicion.suspects


@pytest.mark.parametrize(
    ("hosts", "lost", "suspected"),
    [(3, 3, True), (6, 3, True), (7, 3, False), (100, 49, False), (100, 50, True), (2, 2, False), (1, 1, False)],
)
def test_at_least_three_places_and_half_of_all_must_be_lost(hosts: int, lost: int, *, suspected: bool) -> None:
    world = World(hosts)
    assert not world.see(range(hosts))
    world.now = 30.0
    assert world.see(range(lost), Reason.CONNECT_REFUSED) is suspected


@pytest.mark.parametrize(
    ("reason", "phases", "suspected"),
    [
        (Reason.DNS_FAILED, {}, True),
        (Reason.TLS_EXPIRED, {}, True),
        (Reason.CONNECT_TIMEOUT, {}, True),
        (Reason.PROCESS_EXITED, {}, True),
        (Reason.TIMEOUT, {Phase.DNS: 5.0}, True),
        (Reason.TIMEOUT, {Phase.CONNECT: 0.1, Phase.SEND: 0.1, Phase.WAIT: 5.0}, False),
        (Reason.SERVER_ERROR, {}, False),
        (Reason.SCHEMA_MISMATCH, {}, False),
        (Reason.UNDECIDED, {}, False),
        (Reason.NOT_RUN, {}, False),
    ],
)
def test_only_targets_that_could_not_be_reached_count(
    reason: Reason, phases: dict[Phase, float], *, suspected: bool
) -> None:
    world = World(5)
    world.see(range(5))
    assert world.see(range(5), reason, phases=phases) is suspected


def test_targets_that_were_never_reached_or_are_down_for_long_raise_no_suspicion() -> None:
    world = World(8)
    assert not world.see(range(4), Reason.CONNECT_REFUSED)
    world.see(range(4, 8))
    world.now = 600.0
    assert not world.see(range(4), Reason.CONNECT_REFUSED)


def test_a_burst_is_one_within_a_minute() -> None:
    world = World(4)
    for number in range(4):
        world.see(range(4 if number == 0 else 0))
        world.now += 31
        assert not world.see([number], Reason.CONNECT_REFUSED)


def test_the_targets_of_one_host_and_port_after_port_are_one_place() -> None:
    world = World(0)
    world.adopt(*(f"http://127.0.0.1:{port}/mcp" for port in range(8000, 8020)))
    world.see(range(20))
    assert not world.see(range(20), Reason.CONNECT_REFUSED)


def test_commands_are_places_of_their_own() -> None:
    suspicion = Suspicion(clock=lambda: 0.0)
    targets = {f"t{n}": Target(name=f"t{n}", transport="stdio", command=("npx", "server")) for n in range(3)}
    suspicion.adopt(Config(targets=targets))
    for reason in (None, Reason.SPAWN_FAILED):
        for name in targets:
            suspicion.note(Result(outcome=outcome(reason, target=name), due=datetime.now(UTC)))
    assert suspicion.suspects


def test_a_suspicion_ends_when_half_of_what_was_lost_is_reached_again() -> None:
    world = World(6)
    world.see(range(6))
    world.now = 10.0
    assert world.see(range(6), Reason.CONNECT_TIMEOUT)
    world.now = 70.0
    assert world.see([0, 1])
    assert not world.see([2])


def test_a_suspicion_ends_by_itself_so_that_no_outage_is_hidden_for_ever() -> None:
    world = World(6)
    world.see(range(6))
    world.now = 10.0
    assert world.see(range(6), Reason.CONNECT_REFUSED)
    for world.now in (70.0, 130.0, 190.0, 250.0, 309.0):
        assert world.see(range(6), Reason.CONNECT_REFUSED)
    for world.now in (310.1, 370.0, 4000.0):
        assert not world.see(range(6), Reason.CONNECT_REFUSED)
    world.see(range(6))
    assert world.see(range(6), Reason.CONNECT_REFUSED)  # it is another burst


def test_a_target_that_is_gone_or_has_moved_is_forgotten() -> None:
    world = World(3)
    world.see(range(3))
    assert not world.see(range(2), Reason.CONNECT_REFUSED)
    world.adopt("http://elsewhere.test/mcp", "http://host1.test/mcp", "http://host2.test/mcp")
    assert not world.see([2], Reason.CONNECT_REFUSED)
    assert not world.see([0], Reason.CONNECT_REFUSED)  # there it was never reached
    world.adopt()
    assert not world.see([0, 1, 2], Reason.CONNECT_REFUSED)


def test_skipped_runs_say_nothing() -> None:
    world = World(3)
    world.suspicion.skipped(replace(PROBE, settings=HandshakeSettings()))
    assert not world.suspicion.suspects
