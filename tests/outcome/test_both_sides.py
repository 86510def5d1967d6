"""Every reason has a peer that brings it about and one near it that does not, in each era that can have it.

The peers are those of `tests/peers`, which `test_reasons.py` runs. What takes several clients, another server or tokens
has its peers elsewhere: those tests are named here, and have to be there in both eras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from prober.consistency.verdict import SEVERITY
from prober.outcome import Reason
from tests.consistency import test_violations
from tests.kinds import test_auth, test_isolation, test_metrics
from tests.kinds.offering import ERAS
from tests.peers.cases import CASES, ELSEWHERE, NOT_BY_A_PEER, Case
from tests.races import test_reference
from tests.races.reference import FOUND

ONE_ERA: Final[dict[Reason, tuple[str, str]]] = {
    Reason.SESSION_LOST: ("handshake", "the modern era has no sessions"),
    Reason.DEAD_SESSION: ("handshake", "the modern era has no sessions"),
    Reason.BAD_ENDPOINT: ("handshake", "HTTP+SSE ended with the handshake era"),
    Reason.CACHE_LEAK: ("modern", "`cacheScope` came with the modern era"),
}
"""The era, and why the other cannot have the reason."""

WRONG_ELSEWHERE: Final[dict[Reason, Callable[..., Any]]] = {
    Reason.ANSWER_CROSSED: test_isolation.test_an_answer_that_two_clients_were_given_the_wrong_way_round_is_caught,
    Reason.METRICS_UNTRUE: test_metrics.test_a_counter_that_does_not_move_is_told_by_name,
}
RIGHT_ELSEWHERE: Final[dict[str, Callable[..., Any]]] = {
    "auth": test_auth.test_a_server_that_refuses_strangers_and_says_where_tokens_are_passes,
    "isolation": test_isolation.test_a_server_that_keeps_its_clients_apart_passes_although_their_ids_are_equal,
    "metrics": test_metrics.test_counters_that_move_by_what_was_done_pass,
}
"""By kind of probe."""
KIND_OF: Final = {Reason.ANSWER_CROSSED: "isolation", Reason.METRICS_UNTRUE: "metrics"}

BY_ONE_CLIENT: Final = [
    reason for reason in Reason if reason not in {*NOT_BY_A_PEER, *ELSEWHERE, *SEVERITY} | WRONG_ELSEWHERE.keys()
]


def eras_of(reason: Reason) -> list[str]:
    return [ONE_ERA[reason][0]] if reason in ONE_ERA else [*ERAS]


def eras_that(test: Callable[..., Any]) -> set[str]:
    """The eras in which a test is run."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize" and mark.args[0] == "era"]
    return {era for mark in marks for era in mark.args[1]}


def wrong(reason: Reason, era: str) -> list[Case]:
    """The peers that bring it about; the era is that which they speak."""
    return [case for case in CASES if case.reason is reason and case.era == era]


PAIRS: Final = [(reason, era) for reason in BY_ONE_CLIENT for era in eras_of(reason)]


@pytest.mark.parametrize(("reason", "era"), PAIRS)
def test_a_reason_has_a_peer_that_misbehaves_so_and_one_that_is_right_for_the_same_probe(
    reason: Reason, era: str
) -> None:
    cases = wrong(reason, era)
    assert cases, f"{reason} has no peer in the {era} era"
    right = {(case.era, case.probed) for case in CASES if case.reason is None}
    lacks = {case.probed for case in cases if (era, case.probed) not in right} - RIGHT_ELSEWHERE.keys()
    assert lacks == set(), f"no right peer of the {era} era for probes of these kinds"


def test_no_reason_is_said_to_be_of_one_era_that_has_a_peer_in_the_other() -> None:
    for reason, (era, _why) in ONE_ERA.items():
        assert {case.era for case in CASES if case.reason is reason} == {era}


@pytest.mark.parametrize("reason", WRONG_ELSEWHERE)
def test_what_takes_more_than_one_client_has_both_peers_in_both_eras(reason: Reason) -> None:
    assert eras_that(WRONG_ELSEWHERE[reason]) == set(ERAS)
    assert eras_that(RIGHT_ELSEWHERE[KIND_OF[reason]]) == set(ERAS)


@pytest.mark.parametrize("kind", RIGHT_ELSEWHERE)
def test_a_right_peer_that_is_elsewhere_is_there_in_both_eras(kind: str) -> None:
    assert eras_that(RIGHT_ELSEWHERE[kind]) == set(ERAS)


@pytest.mark.parametrize("reason", SEVERITY)
def test_every_anomaly_of_a_race_has_a_wrong_trace_and_a_right_one_near_it(reason: Reason) -> None:
    """A trace has no era: the judge sees calls and answers."""
    of_it = [case for case in test_violations.CASES.values() if case.reason is reason]
    assert of_it
    assert all(case.wrong != case.right for case in of_it)


def test_every_fault_of_shared_state_is_raced_in_both_eras() -> None:
    assert {fault for fault, _, _ in test_reference.CASES} == set(FOUND)  # in the modern one
    [mark] = test_reference.test_a_fault_is_found_in_the_handshake_era_too.pytestmark  # type: ignore[attr-defined]
    assert mark.args == ("fault", FOUND)
