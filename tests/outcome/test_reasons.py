"""Every way in which a server can fail, at every step: the right reason, in time, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from prober.config.fields.units import parse_duration
from prober.consistency.verdict import SEVERITY
from prober.outcome import Reason, Verdict
from tests.leaks import nothing_left_behind
from tests.peers.cases import CASES, ELSEWHERE, NOT_BY_A_PEER, Case
from tests.peers.covering import covering, shows
from tests.running import run_document
from tests.withheld import withheld

LATE = 0.1
"""Seconds by which a run may outlast its deadline."""

QUICK = frozenset(covering(CASES))


def marks(case: Case) -> list[pytest.MarkDecorator]:
    """A case that the quick tier can do without is slow; one that runs to its deadline is timed."""
    timed = case.reason in (Reason.TIMEOUT, Reason.CONNECT_TIMEOUT)
    return [pytest.mark.slow] * (case not in QUICK) + [pytest.mark.clock] * timed


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case), marks=marks(case)) for case in CASES])
async def test_a_peer_is_judged_for_what_it_does(case: Case, tmp_path: Path) -> None:
    async with case.ground(tmp_path) as ground, nothing_left_behind(), withheld() as late:
        [outcome] = await run_document(ground.document, tmp_path)
    told = f"{outcome.reason} at {outcome.step}: {outcome.message}"
    assert outcome.reason == case.reason, told
    assert outcome.verdict is (case.reason.verdict if case.reason else Verdict.PASS)
    if case.reason is not None:
        assert outcome.message
        assert outcome.step
    assert outcome.duration_seconds <= (parse_duration(case.timeout) or 0) + LATE + late.seconds, told


def test_every_reason_has_a_case() -> None:
    shown_by_races = set(SEVERITY)  # each has a history in tests/consistency and a server in tests/kinds
    shown = {case.reason for case in CASES} | NOT_BY_A_PEER | ELSEWHERE | shown_by_races
    assert set(Reason) - shown == set()


def test_the_quick_tier_meets_every_fault_place_and_outcome_on_each_transport() -> None:
    assert {shown for case in QUICK for shown in shows(case)} == {shown for case in CASES for shown in shows(case)}
    outcomes = {(case.transport, case.reason) for case in QUICK}
    assert outcomes == {(case.transport, case.reason) for case in CASES}


def test_the_quick_tier_has_no_case_that_it_could_do_without() -> None:
    for left_out in QUICK:
        others = {shown for case in QUICK if case is not left_out for shown in shows(case)}
        assert not shows(left_out) <= others, left_out
