"""Faults as words: how they are written, how often they strike, what they are documented with."""

from __future__ import annotations

import pytest

from prober.outcome import Reason
from prober.reference.faults.catalog import FAULTS
from prober.reference.faults.switches import Fault, FaultSwitches, parse, parse_all

# How they are written

WRITTEN = [
    ("null-field", Fault(name="null-field")),
    ("null-field:0.5", Fault(name="null-field", rate=0.5)),
    ("null-field:1", Fault(name="null-field")),
    ("slow", Fault(name="slow", delay=1)),
    ("slow:250ms", Fault(name="slow", delay=0.25)),
    ("slow:1.5s", Fault(name="slow", delay=1.5)),
    ("slow:250ms:0.1", Fault(name="slow", delay=0.25, rate=0.1)),
    ("slow:0.1", Fault(name="slow", delay=1, rate=0.1)),
]


@pytest.mark.parametrize(("text", "fault"), WRITTEN)
def test_a_fault_is_read_as_written(text: str, fault: Fault) -> None:
    assert parse(text) == fault
    assert parse(str(fault)) == fault


MISSPELT = [
    ("nul-field", "unknown fault 'nul-field'; did you mean 'null-field'?"),
    ("", "unknown fault ''"),
    ("qqq", "unknown fault 'qqq'"),
    ("null-field:0", "fault 'null-field:0': after the name may come a rate above 0 and up to 1"),
    ("null-field:1.1", "fault 'null-field:1.1': after the name may come a rate above 0 and up to 1"),
    ("null-field:nan", "fault 'null-field:nan': after the name may come a rate above 0 and up to 1"),
    ("null-field:", "fault 'null-field:': after the name may come a rate above 0 and up to 1"),
    ("null-field:250ms", "fault 'null-field:250ms': after the name may come a rate above 0 and up to 1"),
    ("slow:250", "fault 'slow:250': after the name may come a duration such as 250ms and a rate above 0 and up to 1"),
    ("slow:0ms", "fault 'slow:0ms': the duration must be above 0 and at most 600s"),
    ("slow:601s", "fault 'slow:601s': the duration must be above 0 and at most 600s"),
    (
        "slow:1s:0.5:9",
        "fault 'slow:1s:0.5:9': after the name may come a duration such as 250ms and a rate above 0 and up to 1",
    ),
]


@pytest.mark.parametrize(("text", "says"), MISSPELT)
def test_a_misspelt_fault_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        parse(text)
    assert str(caught.value) == says


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ValueError, match="unknown fault 'a'\nfault 'hang' is given twice\nunknown fault 'b'"):
        parse_all(["a", "hang", "hang:0.5", "b"])


# How often they strike


def test_a_rate_is_the_share_of_occasions() -> None:
    board = FaultSwitches(parse_all(["hang:0.25"]), seed=1)
    struck = sum(board.strike("hang") is not None for _ in range(4_000))
    assert 900 < struck < 1_100
    assert board.strikes["hang"] == struck


def test_a_seed_repeats_the_strikes() -> None:
    boards = [FaultSwitches(parse_all(["hang:0.5"]), seed=5) for _ in range(2)]
    first, second = ([board.strike("hang") is None for _ in range(100)] for board in boards)
    assert first == second


def test_a_fault_that_is_off_never_strikes() -> None:
    board = FaultSwitches(parse_all(["hang"]))
    assert board.strike("slow") is None
    board.replace([])
    assert board.strike("hang") is None


# What they are documented with


def test_every_documented_reason_is_one_a_prober_gives() -> None:
    race = {"lost_update", "torn_read", "stale_read", "exclusion_broken", "lock_stuck", "duplicate_effect"}
    known = {reason.value for reason in Reason} | race
    assert {kind.reason for kind in FAULTS.values()} <= known
    assert {name: kind.reason for name, kind in FAULTS.items()} == {
        "lost-update": "lost_update",
        "torn-read": "torn_read",
        "stale-cache": "stale_read",
        "session-loss": "tool_error",
        "lock-not-released": "lock_stuck",
        "double-lock": "exclusion_broken",
        "duplicate-event": "duplicate_effect",
        "missing-field": "output_schema_mismatch",
        "null-field": "output_schema_mismatch",
        "wrong-type": "output_schema_mismatch",
        "tool-error": "tool_error",
        "drop-tool": "tool_missing",
        "schema-drift": "contract_broken",
        "unusable-schema": "client_unusable",
        "crossed-answers": "answer_crossed",
        "any-origin": "origin_unchecked",
        "unchecked-headers": "headers_unchecked",
        "http-500": "server_error",
        "http-503": "unavailable",
        "html-200": "bad_content_type",
        "malformed-json": "malformed_json",
        "truncated-body": "connection_closed",
        "wrong-id": "wrong_id",
        "hang": "timeout",
        "slow": "too_slow",
    }
