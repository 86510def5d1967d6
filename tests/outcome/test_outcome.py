"""The reasons are those of the drawn tree, and what is not said of an outcome stays empty."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from prober.outcome import Evidence, Exchange, Failure, Family, Outcome, Phase, Reason, ServerInfo, Symptom, Verdict
from prober.outcome import reason as module

NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)


def drawn() -> dict[str, list[str]]:
    """The tree of the docstring: families with their reasons."""
    tree: dict[str, list[str]] = {}
    family = ""
    for line in re.findall(r"^    (.+)$", module.__doc__ or "", re.MULTILINE):
        named = re.match(r"(\w+) +", line)
        family = named[1] if named else family
        tree.setdefault(family, []).extend((line[named.end() :] if named else line).split())
    return tree


def test_the_drawn_tree_is_the_list_of_reasons_in_its_order() -> None:
    assert [reason for family in drawn().values() for reason in family] == [str(reason) for reason in Reason]


@pytest.mark.parametrize("reason", Reason)
def test_only_the_prober_s_own_reasons_leave_the_verdict_unknown(reason: Reason) -> None:
    assert reason.verdict is (Verdict.UNKNOWN if reason in drawn()["prober"] else Verdict.FAIL)


def test_every_reason_is_of_the_family_that_the_tree_draws_it_in() -> None:
    assert {family: [str(reason) for reason in Reason if reason.family == family] for family in drawn()} == drawn()
    assert [family.value for family in Family] == [family.name.lower() for family in Family] == [*drawn()]


OF_SYMPTOMS: Final = {
    Symptom.NO_ANSWER: (
        "dns_failed|connect_.+|proxy_failed|tls_.+|connection_.+|not_http|spawn_failed|process_exited|not_found"
        "|client_error|server_error|unavailable|redirected|bad_content_type|bad_encoding|malformed_.+|wrong_id"
        "|no_response|stream_ended|version_unsupported|session_lost|bad_endpoint|timeout"
    ),
    Symptom.REJECTED: "unauthorized|forbidden|token_failed|rate_limited",
    Symptom.WRONG_ANSWER: (
        "rpc_error|bad_result|input_required|too_large|tool_missing|tool_error|not_read_only|output_schema_.+"
        "|schema_mismatch|expectation_failed|second_opinion_failed|client_unusable|dead_session|http_rule_broken"
        "|headers_unchecked|origin_unchecked|cache_leak|auth_.+|stream_cut|metrics_untrue"
    ),
    Symptom.TOO_SLOW: "too_slow",
    Symptom.CONTRACT_BROKEN: "contract_broken",
    Symptom.RACE_VIOLATION: (
        "lost_update|torn_read|stale_read|non_monotonic_read|duplicate_effect|phantom_value|order_violation"
        "|exclusion_broken|lock_stuck|answer_crossed"
    ),
    Symptom.UNKNOWN: "internal_error|prober_shortage|not_run|undecided",
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_one_symptom(reason: Reason) -> None:
    assert [symptom for symptom, reasons in OF_SYMPTOMS.items() if re.fullmatch(reasons, reason)] == [reason.symptom]


def test_what_is_no_failure_of_the_target_has_the_symptom_unknown_and_nothing_else_has() -> None:
    for reason in Reason:
        assert (reason.symptom is Symptom.UNKNOWN) == (reason.verdict is Verdict.UNKNOWN), reason


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [({}, 2.5), ({"start_seconds": 4.0}, 6.5), ({"start_seconds": 4.0, "close_seconds": 1.0}, 7.5)],
)
def test_a_run_is_over_when_its_process_has_started_run_and_left(facts: dict[str, float], seconds: float) -> None:
    outcome = Outcome(
        target="t", probe="p", kind="k", verdict=Verdict.PASS, started_at=NOON, duration_seconds=2.5, facts=facts
    )
    assert outcome.ended == NOON + timedelta(seconds=seconds)


def test_label_values_are_never_renamed() -> None:
    assert [reason.value for reason in Reason] == [reason.name.lower() for reason in Reason]
    assert [symptom.value for symptom in Symptom] == [symptom.name.lower() for symptom in Symptom]
    assert {verdict.name: verdict.value for verdict in Verdict} == {
        "PASS": "pass",
        "FAIL": "fail",
        "UNKNOWN": "unknown",
    }
    assert [phase.value for phase in Phase] == ["spawn", "dns", "connect", "tls", "send", "wait", "receive"]


def test_a_failure_keeps_what_it_was_told() -> None:
    evidence, more = Evidence(pointer="/a", seen="1"), (Evidence(detail="more"),)
    failure = Failure(Reason.TOO_SLOW, "it took 3 s", step="tools/call", evidence=evidence, further=more)
    assert (failure.reason, failure.message, failure.step) == (Reason.TOO_SLOW, "it took 3 s", "tools/call")
    assert (failure.evidence, failure.further) == (evidence, more)
    assert str(failure) == "it took 3 s"


def test_what_a_failure_was_not_told_stays_empty() -> None:
    failure = Failure(Reason.TOO_SLOW, "it took 3 s")
    assert (failure.step, failure.evidence, failure.further) == (None, Evidence(), ())
    assert set(asdict(failure.evidence).values()) == {None}


def test_of_an_exchange_without_an_answer_nothing_was_received() -> None:
    exchange = Exchange(step="initialize", started_at=1.0, duration_seconds=0.5, phases={})
    assert (exchange.http_status, exchange.content_type) == (None, None)
    assert (exchange.bytes_sent, exchange.bytes_received, exchange.sent, exchange.received) == (0, 0, "", "")


def test_an_outcome_that_passed_has_no_reason_and_shares_nothing_with_another() -> None:
    one, other = (
        Outcome(target="t", probe="p", kind="call", verdict=Verdict.PASS, started_at=NOON, duration_seconds=0.1)
        for _ in range(2)
    )
    assert (one.reason, one.step, one.message) == (None, None, "")
    assert (one.evidence, one.warnings, one.exchanges) == ((), (), ())
    assert one.server == ServerInfo(era=None, protocol_version=None, name=None, version=None)
    assert (one.phases, one.facts) == ({}, {})
    assert one.phases is not other.phases
    assert one.facts is not other.facts
