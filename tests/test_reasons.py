"""Every way in which a server can fail, at every step: the right reason, in time, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from prober.config.units import parse_duration
from prober.judge.race.verdict import SEVERITY
from prober.outcome import Reason, Verdict
from tests.leaks import nothing_left_behind
from tests.peers.cases import CASES, NOT_BY_A_PEER, Case
from tests.peers.covering import covering, shows
from tests.running import run_document

LATE = 0.1
"""Seconds by which a run may outlast its deadline."""


ATTEMPTS = 3
"""A run that is late by its own fault is late each time; one that a busy machine held up is not."""

QUICK = frozenset(covering(CASES))


@pytest.mark.parametrize(
    "case", [case if case in QUICK else pytest.param(case, marks=pytest.mark.slow) for case in CASES], ids=str
)
async def test_a_peer_is_judged_for_what_it_does(case: Case, tmp_path: Path) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        async with case.ground(folder) as ground, nothing_left_behind():
            [outcome] = await run_document(ground.document, folder)
        told = f"{outcome.reason} at {outcome.step}: {outcome.message}"
        assert outcome.reason == case.reason, told
        assert outcome.verdict is (case.reason.verdict if case.reason else Verdict.PASS)
        if case.reason is not None:
            assert outcome.message
            assert outcome.step
        if outcome.duration_seconds <= (parse_duration(case.timeout) or 0) + LATE:
            return
    pytest.fail(f"{outcome.duration_seconds:.3f} s with a deadline of {case.timeout}: {told}")


def test_every_reason_has_a_case() -> None:
    shown_by_races = set(SEVERITY)  # each has a history in tests/judge/race and a server in tests/kinds
    shown = {case.reason for case in CASES} | NOT_BY_A_PEER | shown_by_races
    assert set(Reason) - shown == set()


def test_the_quick_tier_meets_every_fault_place_and_outcome_on_each_transport() -> None:
    assert {shown for case in QUICK for shown in shows(case)} == {shown for case in CASES for shown in shows(case)}
    outcomes = {(case.transport, case.reason) for case in QUICK}
    assert outcomes == {(case.transport, case.reason) for case in CASES}


def test_the_quick_tier_has_no_case_that_it_could_do_without() -> None:
    for left_out in QUICK:
        others = {shown for case in QUICK if case is not left_out for shown in shows(case)}
        assert not shows(left_out) <= others, left_out
