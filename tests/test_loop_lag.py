"""How late the prober was itself, and which outcomes that makes undecided."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from prober.config.model import Checks, Latency, Probe
from prober.kinds.scenario import ScenarioSettings
from prober.kinds.step import Step
from prober.loop_lag import STANDSTILL, LoopLag, discount_own_lag
from prober.outcome import Outcome, Reason, Verdict
from tests.schedule.outcomes import BUDGET, PROBE, outcome, stand_still


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
        return discount_own_lag(outcome(reason, facts=facts), probe, lag=lag, since=since)


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
            assert discount_own_lag(seen, PROBE, lag=lag, since=lag.mark()) is seen


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


@pytest.mark.parametrize(
    "reason", [Reason.CONNECTION_RESET, Reason.CONNECTION_CLOSED, Reason.STREAM_ENDED, Reason.SESSION_LOST]
)
async def test_a_server_that_gave_up_a_prober_that_stood_still_is_not_blamed(reason: Reason) -> None:
    short = replace(PROBE, timeout=0.25)
    assert (await stalled(reason, 0.4, probe=short)).reason is Reason.UNDECIDED
    assert (await stalled(reason, 0.1, probe=short)).reason is reason


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.CONNECTION_RESET, Reason.STREAM_ENDED])
async def test_what_fails_after_the_machine_slept_is_undecided(reason: Reason) -> None:
    slept = 100.0  # since it was started
    async with LoopLag(slept=lambda: slept) as lag:
        since = lag.mark()
        assert discount_own_lag(outcome(reason), PROBE, lag=lag, since=since).reason is reason
        slept += 600  # the loop's clock stood still meanwhile
        seen = discount_own_lag(outcome(reason), PROBE, lag=lag, since=since)
        assert seen.reason is Reason.UNDECIDED
        assert seen.message.startswith("the prober was late itself, by 600")
        assert discount_own_lag(outcome(reason), PROBE, lag=lag, since=lag.mark()).reason is reason


async def test_a_machine_that_did_not_sleep_has_lost_nothing() -> None:
    async with LoopLag() as lag:
        assert lag.lost_since(replace(lag.mark(), lost=lag._lost_until_now())) < 1.0
