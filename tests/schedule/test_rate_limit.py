"""A budget counts what was really sent within the last stretch of time."""

from __future__ import annotations

import re
import tracemalloc
from datetime import UTC, datetime

import pytest

from prober.config.model import Budget
from prober.schedule.rate_limit import RateLimit


class Time:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def allowance(time: Time, requests: int = 10, seconds: float = 60.0) -> RateLimit:
    return RateLimit(Budget(requests=requests, seconds=seconds), clock=time)


def spend(budget: RateLimit, sent: int, expected: int = 1) -> bool:
    """One run; whether it was let through."""
    if budget.reserve(expected) is not None:
        return False
    budget.settle(expected, sent)
    return True


def test_what_is_sent_counts_until_the_stretch_is_over(time: Time) -> None:
    budget = allowance(time)
    assert spend(budget, 6)
    time.now += 30
    assert spend(budget, 4)
    assert budget.remaining == 0
    assert not spend(budget, 1)
    time.now += 30.3
    assert budget.remaining == 6
    time.now += 30
    assert budget.remaining == 10


def test_in_no_stretch_is_more_sent_than_the_budget(time: Time) -> None:
    budget = allowance(time)
    sent: list[float] = []
    for _ in range(1200):
        time.now += 0.37
        if spend(budget, 2, expected=2):
            sent += [time.now, time.now]
    assert max(sum(start <= moment < start + 60 for moment in sent) for start in sent) == 10
    assert len(sent) > 10 * 1200 * 0.37 / 60 * 0.9


def test_runs_side_by_side_do_not_overdraw_it_together(time: Time) -> None:
    budget = allowance(time, requests=5)
    assert budget.reserve(2) is None
    assert budget.reserve(2) is None
    assert budget.reserve(2) is not None
    budget.settle(2, 1)
    assert budget.reserve(2) is None


def test_a_run_that_needs_more_than_the_whole_budget_runs_when_nothing_of_it_is_used(time: Time) -> None:
    budget = allowance(time)
    assert spend(budget, 25, expected=25)
    assert not spend(budget, 25, expected=25)
    time.now += 60.3
    assert spend(budget, 25, expected=25)


def test_a_run_that_sent_nothing_costs_nothing(time: Time) -> None:
    budget = allowance(time)
    assert spend(budget, 0, expected=5)
    assert budget.remaining == 10


def test_the_refusal_says_the_budget_and_when_it_goes_on(time: Time) -> None:
    budget = allowance(time, requests=120, seconds=3600.0)
    assert spend(budget, 100)
    time.now += 600
    assert spend(budget, 20)
    said = budget.reserve(1)
    found = re.fullmatch(
        r"the target's budget of 120/h requests is used up; it goes on at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC",
        said or "",
    )
    assert found is not None, said
    wait = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) - datetime.now(UTC)
    assert 2990 < wait.total_seconds() <= 3001
    time.now += 3000.1
    said = budget.reserve(101)
    assert (said or "").startswith("the target's budget of 120/h requests has 100 requests left where about 101 are")


def test_where_all_is_under_way_nobody_can_say_when_it_goes_on(time: Time) -> None:
    budget = allowance(time, requests=1)
    assert budget.reserve(1) is None
    assert budget.reserve(1) == (
        "the target's budget of 1/m requests is used up; it goes on when the runs that are under way have ended"
    )


@pytest.mark.parametrize(
    ("first", "second", "open_runs", "expected", "waits_for"),
    [
        (5, 5, 0, 5, "first"),  # what is left then fits exactly
        (2, 8, 0, 5, "second"),
        (2, 4, 3, 4, "second"),  # what runs under way may send is counted, too
        (10, 0, 0, 25, "first"),  # more than the whole budget waits until nothing of it is used
        (9, 1, 0, 25, "second"),
    ],
)
def test_it_goes_on_when_what_is_left_is_enough(
    time: Time, first: int, second: int, open_runs: int, expected: int, waits_for: str
) -> None:
    budget = allowance(time, seconds=3600.0)
    for sent in (first, second):
        budget.settle(0, sent)
        time.now += 600
    for _ in range(open_runs):
        assert budget.reserve(1) is None
    said = re.search(r"it goes on at (.+) UTC$", budget.reserve(expected) or "")
    assert said is not None
    wait = datetime.strptime(said[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) - datetime.now(UTC)
    assert wait.total_seconds() == pytest.approx({"first": 2400, "second": 3000}[waits_for], abs=60)


def test_a_run_is_let_through_beyond_what_is_left_only_where_nothing_is_used(time: Time) -> None:
    budget = allowance(time)
    assert spend(budget, 4)
    assert budget.reserve(4) is None
    assert budget.reserve(3) is not None


def test_a_request_counts_for_exactly_the_stretch(time: Time) -> None:
    budget = allowance(time)
    assert spend(budget, 10)
    time.now += 59.9
    assert budget.remaining == 0
    time.now = 1060.0
    assert budget.remaining == 10


@pytest.mark.parametrize(
    ("after", "sent", "left"),
    [
        (0.998, 1, 8),  # counted as one with the first, and as late as it
        (1.0, 1, 9),
        (0.998, 0, 10),  # a run that sent nothing keeps nothing
    ],
)
def test_requests_within_a_240th_of_the_stretch_are_counted_as_one(
    time: Time, after: float, sent: int, left: int
) -> None:
    budget = allowance(time, seconds=240.0)
    assert spend(budget, 1)
    time.now = 1000.0 + after
    assert spend(budget, sent)
    time.now = 1240.5
    assert budget.remaining == left


def test_a_million_requests_need_no_million_entries(time: Time) -> None:
    budget = allowance(time, requests=10**6, seconds=3600.0)
    tracemalloc.start()
    for _ in range(20_000):
        time.now += 0.5
        spend(budget, 1)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 60_000, "bytes; 7,200 entries would take ten times as many"
    assert abs(10**6 - budget.remaining - 7200) <= 60


def test_a_budget_that_changes_does_not_give_back_what_was_sent(time: Time) -> None:
    former, budget = allowance(time), allowance(time, requests=20)
    spend(former, 8)
    time.now += 30
    budget.inherit(former)
    assert budget.remaining == 12
    time.now += 30.3
    assert budget.remaining == 20
