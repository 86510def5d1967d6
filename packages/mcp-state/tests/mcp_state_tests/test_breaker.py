"""When the circuit breaker opens, what it lets through, and when it closes; on a clock that only the test moves."""

from __future__ import annotations

import pytest

from mcp_state.breaker import Breaker, BreakerOpenError, BreakerPolicy

POLICY = BreakerPolicy(bad_calls=3, of_last=5, slow_after=1.0, reset_timeout=2.0, max_reset_timeout=5.0)


class Bench:
    """A breaker, its clock, and the changes it told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.changes: list[bool] = []
        self.breaker = Breaker(POLICY, changed=self.changes.append, clock=lambda: self.now)

    def see(self, calls: str) -> None:
        """Make calls: `g`ood, `b`ad, `s`low, given up `e`arly, given up `l`ate, `?` without a verdict."""
        for call in calls:
            with self.breaker.admit() as admitted:
                match call:
                    case "g":
                        admitted.answered(seconds=0.5)
                    case "s":
                        admitted.answered(seconds=1.5)
                    case "e":
                        admitted.given_up(seconds=0.5)
                    case "l":
                        admitted.given_up(seconds=1.5)
                    case "b":
                        admitted.failed()

    def open(self) -> None:
        self.see("bbb")
        assert self.breaker.is_open


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("calls", "opens"),
    [
        ("gggggggggg", False),
        ("bb", False),
        ("bbb", True),
        ("sss", True),
        ("bsb", True),
        ("gbgbgb", True),  # the first good one has left the last five
        ("bggbggbggb", False),
        ("bb????bgg", True),
        ("??????????", False),
        ("eeeeeeeeee", False),
        ("lll", True),
    ],
)
def test_it_opens_when_enough_of_the_last_calls_were_bad_or_slow(bench: Bench, calls: str, opens: bool) -> None:
    for call in calls:
        if not bench.breaker.is_open:
            bench.see(call)
    assert bench.breaker.is_open is opens
    assert bench.changes == ([True] if opens else [])


def test_while_it_rests_every_call_is_refused_at_once_and_told_when_to_come_back(bench: Bench) -> None:
    bench.open()
    bench.now += 0.5
    with pytest.raises(BreakerOpenError, match=r"next try is in 1\.5 s") as caught:
        bench.breaker.admit()
    assert caught.value.retry_in == 1.5


def test_after_the_rest_one_trial_goes_through_and_no_more(bench: Bench) -> None:
    bench.open()
    bench.now += 2.0
    with bench.breaker.admit():
        with pytest.raises(BreakerOpenError):
            bench.breaker.admit()
        with pytest.raises(BreakerOpenError):
            bench.breaker.check()


def test_a_good_trial_closes_it_with_a_clean_slate(bench: Bench) -> None:
    bench.open()
    bench.now += 2.0
    bench.see("g")
    assert bench.changes == [True, False]
    bench.see("bbgg")
    assert not bench.breaker.is_open


@pytest.mark.parametrize("trial", ["b", "s", "l"])
def test_a_bad_or_slow_trial_makes_it_rest_twice_as_long_up_to_a_limit(bench: Bench, trial: str) -> None:
    bench.open()
    for rest in (2.0, 4.0, 5.0, 5.0):
        bench.now += rest - 0.1
        with pytest.raises(BreakerOpenError):
            bench.breaker.check()
        bench.now += 0.1
        bench.see(trial)
    assert bench.changes == [True]


def test_the_rest_is_short_again_after_it_was_closed(bench: Bench) -> None:
    bench.open()
    bench.now += 2.0
    bench.see("b")
    bench.now += 4.0
    bench.see("g")
    bench.open()
    bench.now += 2.0
    bench.breaker.check()


@pytest.mark.parametrize("trial", ["?", "e"])
def test_a_trial_that_ends_without_a_verdict_leaves_room_for_the_next(bench: Bench, trial: str) -> None:
    bench.open()
    bench.now += 2.0
    bench.see(trial)
    assert bench.breaker.is_open
    bench.see("g")
    assert not bench.breaker.is_open


def test_calls_from_before_it_opened_have_no_say_afterwards(bench: Bench) -> None:
    late = [bench.breaker.admit() for _ in range(6)]
    bench.open()
    late[0].failed()
    late[1].answered(seconds=0.1)
    assert bench.changes == [True]
    bench.now += 2.0
    with bench.breaker.admit() as trial:
        late[2].answered(seconds=0.1)
        assert bench.breaker.is_open
        trial.answered(seconds=0.1)
    for call in late[3:]:
        call.failed()
    assert bench.changes == [True, False]
