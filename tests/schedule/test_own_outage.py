"""When many unrelated targets are lost at once, the prober suspects itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from prober.config.model import Config, Target
from prober.kinds.handshake import HandshakeSettings
from prober.outcome import Phase, Reason
from prober.schedule.own_outage import OutageDetector
from prober.scheduled_run import ScheduledRun
from tests.schedule.outcomes import PROBE, outcome


@dataclass
class World:
    """Targets on hosts of their own, seen by a OutageDetector whose clock is the test's."""

    hosts: int
    now: float = 0.0

    def __post_init__(self) -> None:
        self.detector = OutageDetector(clock=lambda: self.now)
        self.apply_config(*(f"http://host{number}.test/mcp" for number in range(self.hosts)))

    def apply_config(self, *urls: str) -> None:
        targets = {f"t{number}": Target(name=f"t{number}", url=url) for number, url in enumerate(urls)}
        self.detector.apply_config(Config(targets=targets))

    def see(self, numbers: range | list[int], reason: Reason | None = None, **more: Any) -> bool:
        """One run of each; whether there is a suspicion now."""
        for number in numbers:
            result = outcome(reason, target=f"t{number}", **more)
            self.detector.record(ScheduledRun(outcome=result, due=result.started_at))
        return self.detector.suspects


@pytest.mark.parametrize(
    ("hosts", "lost", "suspected"),
    [(3, 3, True), (6, 3, True), (7, 3, False), (100, 49, False), (100, 50, True), (2, 2, False), (1, 1, False)],
)
def test_at_least_three_places_and_half_of_all_must_be_lost(hosts: int, lost: int, *, suspected: bool) -> None:
    world = World(hosts)
    assert not world.see(range(hosts))
    world.now = 30.0
    assert world.see(range(lost), Reason.CONNECT_REFUSED) is suspected


@pytest.mark.parametrize(
    ("reason", "phases", "suspected"),
    [
        (Reason.DNS_FAILED, {}, True),
        (Reason.TLS_EXPIRED, {}, True),
        (Reason.CONNECT_TIMEOUT, {}, True),
        (Reason.PROCESS_EXITED, {}, True),
        (Reason.TIMEOUT, {Phase.DNS: 5.0}, True),
        (Reason.TIMEOUT, {Phase.CONNECT: 0.1, Phase.SEND: 0.1, Phase.WAIT: 5.0}, False),
        (Reason.SERVER_ERROR, {}, False),
        (Reason.SCHEMA_MISMATCH, {}, False),
        (Reason.UNDECIDED, {}, False),
        (Reason.NOT_RUN, {}, False),
    ],
)
def test_only_targets_that_could_not_be_reached_count(
    reason: Reason, phases: dict[Phase, float], *, suspected: bool
) -> None:
    world = World(5)
    world.see(range(5))
    assert world.see(range(5), reason, phases=phases) is suspected


def test_targets_that_were_never_reached_or_are_down_for_long_raise_no_suspicion() -> None:
    world = World(8)
    assert not world.see(range(4), Reason.CONNECT_REFUSED)
    world.see(range(4, 8))
    world.now = 600.0
    assert not world.see(range(4), Reason.CONNECT_REFUSED)


def test_a_burst_is_one_within_a_minute() -> None:
    world = World(4)
    for number in range(4):
        world.see(range(4 if number == 0 else 0))
        world.now += 31
        assert not world.see([number], Reason.CONNECT_REFUSED)


def test_the_targets_of_one_host_and_port_after_port_are_one_place() -> None:
    world = World(0)
    world.apply_config(*(f"http://127.0.0.1:{port}/mcp" for port in range(8000, 8020)))
    world.see(range(20))
    assert not world.see(range(20), Reason.CONNECT_REFUSED)


def test_commands_are_places_of_their_own() -> None:
    detector = OutageDetector(clock=lambda: 0.0)
    targets = {f"t{n}": Target(name=f"t{n}", transport="stdio", command=("npx", "server")) for n in range(3)}
    detector.apply_config(Config(targets=targets))
    for reason in (None, Reason.SPAWN_FAILED):
        for name in targets:
            detector.record(ScheduledRun(outcome=outcome(reason, target=name), due=datetime.now(UTC)))
    assert detector.suspects


def test_a_suspicion_ends_when_half_of_what_was_lost_is_reached_again() -> None:
    world = World(6)
    world.see(range(6))
    world.now = 10.0
    assert world.see(range(6), Reason.CONNECT_TIMEOUT)
    world.now = 70.0
    assert world.see([0, 1])
    assert not world.see([2])


def test_a_suspicion_ends_by_itself_so_that_no_outage_is_hidden_for_ever() -> None:
    world = World(6)
    world.see(range(6))
    world.now = 10.0
    assert world.see(range(6), Reason.CONNECT_REFUSED)
    for world.now in (70.0, 130.0, 190.0, 250.0, 309.0):
        assert world.see(range(6), Reason.CONNECT_REFUSED)
    for world.now in (310.1, 370.0, 4000.0):
        assert not world.see(range(6), Reason.CONNECT_REFUSED)
    world.see(range(6))
    assert world.see(range(6), Reason.CONNECT_REFUSED)  # it is another burst


def test_a_target_that_is_gone_or_has_moved_is_forgotten() -> None:
    world = World(3)
    world.see(range(3))
    assert not world.see(range(2), Reason.CONNECT_REFUSED)
    world.apply_config("http://elsewhere.test/mcp", "http://host1.test/mcp", "http://host2.test/mcp")
    assert not world.see([2], Reason.CONNECT_REFUSED)
    assert not world.see([0], Reason.CONNECT_REFUSED)  # there it was never reached
    world.apply_config()
    assert not world.see([0, 1, 2], Reason.CONNECT_REFUSED)


def test_skipped_runs_say_nothing() -> None:
    world = World(3)
    world.detector.skipped(replace(PROBE, settings=HandshakeSettings()))
    assert not world.detector.suspects
