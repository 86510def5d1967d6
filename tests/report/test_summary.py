"""Counts, order, exit codes, and figures as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from prober.outcome import Outcome
from prober.report.formatting import duration, size
from prober.report.summary import Summary, by_name, worst_first
from tests.report.outcomes import EVERYTHING, FAILED, PASSED, STARTED_AT, UNKNOWN, VERDICT, outcome


@pytest.mark.parametrize(
    ("outcomes", "exit_code", "sentence"),
    [
        pytest.param(PASSED, 0, "5 passed, 0 failed, 0 unknown in 612 ms", id="all passed"),
        pytest.param((*PASSED, VERDICT), 1, "5 passed, 1 failed, 0 unknown in 612 ms", id="one failed"),
        pytest.param((VERDICT, UNKNOWN), 1, "0 passed, 1 failed, 1 unknown in 2.1 s", id="failed beats unknown"),
        pytest.param((*PASSED, UNKNOWN), 3, "5 passed, 0 failed, 1 unknown in 2.1 s", id="unknown beside passed"),
        pytest.param((UNKNOWN,), 3, "0 passed, 0 failed, 1 unknown in 2.1 s", id="only unknown"),
        pytest.param((), 2, "no probe was run", id="nothing looked at"),
    ],
)
def test_a_pass_comes_to(outcomes: Sequence[Outcome], exit_code: int, sentence: str) -> None:
    summary = Summary.of(outcomes, started_at=STARTED_AT)
    assert (summary.exit_code, str(summary)) == (exit_code, sentence)


def test_a_pass_lasts_until_the_end_of_the_run_that_ended_last() -> None:
    runs = (
        outcome("a", "long", "call", at=0.5, took=3.0),
        outcome("a", "late", "call", at=3.0, took=0.1),
    )
    assert Summary.of(runs, started_at=STARTED_AT).duration_seconds == pytest.approx(3.5)


def test_a_clock_that_was_set_back_makes_no_negative_duration() -> None:
    runs = (outcome("a", "b", "call", at=-60.0, took=1.0),)
    assert Summary.of(runs, started_at=STARTED_AT).duration_seconds == 0.0


def test_people_see_the_worst_first_and_by_name_within() -> None:
    assert [f"{o.verdict} {o.target}/{o.probe}" for o in worst_first((*PASSED[:2], UNKNOWN, *FAILED[:2], VERDICT))] == [
        "fail filesystem/list",
        "fail reference/workflow-state",
        "fail search/hello",
        "unknown reference/big-answer",
        "pass reference/catalog",
        "pass reference/hello",
    ]


def test_programs_see_the_same_order_whatever_the_probes_come_to() -> None:
    assert by_name(EVERYTHING) == by_name(tuple(reversed(EVERYTHING)))
    assert [o.probe for o in by_name((UNKNOWN, VERDICT, *PASSED[:2]))] == [
        "big-answer",
        "catalog",
        "hello",
        "workflow-state",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 ms"),
        (0.00042, "0.4 ms"),
        (0.00994, "9.9 ms"),
        (0.00996, "10 ms"),
        (0.012, "12 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (1.23, "1.2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (125.0, "2 min 5 s"),
        (3599.7, "1 h 0 min"),
        (4200.0, "1 h 10 min"),
    ],
)
def test_a_duration_reads(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1234, "1.2 KiB"),
        (40_000, "39 KiB"),
        (2 * 1024 * 1024, "2.0 MiB"),
        (50 * 1024 * 1024, "50 MiB"),
    ],
)
def test_a_size_reads(count: int, text: str) -> None:
    assert size(count) == text
