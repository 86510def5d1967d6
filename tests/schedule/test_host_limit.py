"""All targets of a source share what a host may be sent, and take turns where it is not enough for all."""

from __future__ import annotations

import gc
from collections import Counter

from prober.config.model import Budget, Target
from prober.schedule.host_limit import HostLimit, HostLimits

MINUTE = Budget(requests=6, seconds=60.0)


class Time:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(limit: HostLimit, probe: str, sent: int = 1) -> bool:
    """One run; whether it was let through."""
    if limit.reserve(probe, sent) is not None:
        return False
    limit.settle(sent, sent)
    return True


def test_of_a_hundred_probes_with_the_same_interval_each_has_its_turn_and_the_host_never_more_than_its_share() -> None:
    time = Time()
    limit = HostLimit(MINUTE, clock=time)
    ran: Counter[str] = Counter()
    at: list[float] = []
    for _ in range(40):  # minutes
        for number in range(100):
            time.now += 0.6
            if run(limit, f"p{number}"):
                ran[f"p{number}"] += 1
                at.append(time.now)
    assert len(ran) == 100
    assert max(ran.values()) - min(ran.values()) <= 1
    assert sum(ran.values()) >= 0.9 * 40 * 6
    assert all(sum(start <= each < start + 60 for each in at) <= 6 for start in at)


def test_a_probe_that_is_gone_does_not_keep_the_others_waiting() -> None:
    time = Time()
    limit = HostLimit(Budget(requests=1, seconds=60.0), clock=time)
    assert run(limit, "first")
    assert not run(limit, "gone")
    time.now += 50
    assert "other probes have waited longer" in str(limit.reserve("stays", 1))
    time.now += 11
    assert run(limit, "stays")


def test_a_run_that_needs_more_than_the_share_of_its_host_comes_to_its_turn_as_well() -> None:
    time = Time()
    limit = HostLimit(MINUTE, clock=time)
    assert run(limit, "large", sent=9)
    assert not run(limit, "large", sent=9)
    time.now += 61
    assert run(limit, "large", sent=9)


def target(name: str, url: str, *, budget: Budget | None = MINUTE, source: str = "it") -> Target:
    return Target(name=name, url=url, source=source, host_budget=budget)


def test_targets_share_by_host_and_source_and_a_changed_allowance_gives_nothing_back() -> None:
    limits = HostLimits()
    one = limits.of(target("a", "https://a.example.com/one"))
    assert one is not None
    assert limits.of(target("b", "https://a.example.com:8443/two")) is one
    assert limits.of(target("c", "https://c.example.com/one")) is not one
    assert limits.of(target("d", "https://a.example.com/one", source="other")) is not one
    assert limits.of(target("e", "https://a.example.com/one", budget=None)) is None
    assert all(run(one, "p") for _ in range(6))
    changed = limits.of(target("a", "https://a.example.com/one", budget=Budget(requests=7, seconds=60.0)))
    assert changed is not None
    assert run(changed, "p")
    assert not run(changed, "p")


def test_the_share_of_a_host_that_nobody_probes_any_more_is_forgotten() -> None:
    limits = HostLimits()
    one = limits.of(target("a", "https://a.example.com/one"))
    assert one is not None
    assert run(one, "p")
    del one
    gc.collect()
    again = limits.of(target("a", "https://a.example.com/one"))
    assert again is not None
    assert all(run(again, "p") for _ in range(6))
