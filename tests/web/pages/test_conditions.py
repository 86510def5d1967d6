"""What is said of a server to those who use it: no data is never operational, and a name holds no address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prober.config.model import Target
from prober.outcome import Reason, Symptom
from prober.status import StatusStore
from prober.web.public.conditions import WORDS, Condition, condition_of, public_name
from tests.web.pages.world import World, probe, result, target

_BAD = (Reason.TIMEOUT, Reason.SCHEMA_MISMATCH, Reason.UNAUTHORIZED)


def condition(runs: Sequence[dict[str, Any] | None], *, suspects: bool = False, **of_probes: Any) -> Condition:
    """Of a target with a probe for each run; a probe has not run where there is None."""
    world = World()
    probes = [probe(f"probe-{n}", "a", interval=60.0, **of_probes) for n in range(len(runs))]
    world.apply_config([target("a")], probes)
    world.record(*(result(each, **run) for each, run in zip(probes, runs, strict=True) if run is not None))
    [status] = world.statuses.targets()
    return condition_of(status, datetime.now(UTC), in_maintenance=lambda _: False, suspects=suspects)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([{}], Condition.OPERATIONAL),
        ([{}, {}], Condition.OPERATIONAL),
        *(([{"reason": reason}], Condition.DOWN) for reason in _BAD),
        ([{"reason": Reason.TIMEOUT}, {}], Condition.DEGRADED),
        ([{"reason": Reason.TIMEOUT}, {"reason": Reason.TOO_SLOW}], Condition.DOWN),
        ([{"reason": Reason.TIMEOUT}, {"reason": Reason.UNDECIDED}], Condition.DOWN),
        ([{"reason": Reason.TIMEOUT}, None], Condition.DOWN),
        *(
            ([{"reason": reason}], Condition.DEGRADED)
            for reason in (Reason.TOO_SLOW, Reason.CONTRACT_BROKEN, Reason.LOST_UPDATE)
        ),
        # No data is never green, and a stale failure is no failure of now.
        ([None], Condition.NO_DATA),
        ([{}, None], Condition.NO_DATA),
        ([{"reason": Reason.UNDECIDED}], Condition.NO_DATA),
        ([{"reason": Reason.NOT_RUN}, {}], Condition.NO_DATA),
        ([{"ago": 3_600}], Condition.NO_DATA),
        ([{"ago": 3_600}, {}], Condition.NO_DATA),
        ([{"ago": 3_600, "reason": Reason.TIMEOUT}], Condition.NO_DATA),
        # Expected trouble is neither red nor green.
        ([{"reason": Reason.TIMEOUT, "maintenance": True}, {}], Condition.MAINTENANCE),
        ([{"reason": Reason.TIMEOUT, "maintenance": True}, {"reason": Reason.TIMEOUT}], Condition.DOWN),
    ],
)
def test_a_condition_follows_from_what_its_probes_said_last(
    runs: list[dict[str, Any] | None], expected: Condition
) -> None:
    assert condition(runs) is expected


def test_a_failure_proves_nothing_while_the_prober_doubts_itself() -> None:
    assert condition([{"reason": Reason.TIMEOUT}], suspects=True) is Condition.NO_DATA
    assert condition([{}], suspects=True) is Condition.OPERATIONAL


@pytest.mark.parametrize(("hours", "expected"), [(1, Condition.OPERATIONAL), (49, Condition.NO_DATA)])
def test_a_probe_with_a_cron_is_stale_when_it_missed_its_time(hours: int, expected: Condition) -> None:
    """A daemon that was off for two days shows on its first page no result of two days ago."""
    minute = (datetime.now(UTC) - timedelta(minutes=30)).minute
    hour = (datetime.now(UTC) + timedelta(hours=12)).hour
    assert condition([{"ago": hours * 3_600}], cron=f"{minute} {hour} * * *") is expected


def test_a_target_whose_probes_are_all_in_a_window_is_in_maintenance() -> None:
    world = World()
    probes = [probe("a", "a"), probe("b", "a")]
    world.apply_config([target("a")], probes)
    world.record(*map(result, probes))
    [status] = world.statuses.targets()
    now = datetime.now(UTC)
    some = condition_of(status, now, in_maintenance=lambda each: each.probe.name == "a", suspects=False)
    every = condition_of(status, now, in_maintenance=lambda _: True, suspects=False)
    assert (some, every) == (Condition.OPERATIONAL, Condition.MAINTENANCE)


def test_every_symptom_has_words_of_its_own() -> None:
    assert set(WORDS) == set(Symptom)
    assert len(set(WORDS.values())) == len(WORDS)


@pytest.mark.parametrize(
    ("name", "address", "source", "shown"),
    [
        ("notes", "https://notes.internal:8443/mcp", None, "notes"),
        ("notes", "https://notes.internal/mcp", "ours", "notes"),
        ("com.example-notes", "https://mcp.example.com/mcp", "registry", "com.example-notes"),
        ("10.0.0.7-8000", "http://10.0.0.7:8000/mcp", "ours", None),
        ("notes.internal-2", "https://NOTES.internal/mcp", "ours", None),
        ("fd00-1-8000", "http://[fd00::1]:8000/mcp", "ours", None),
        ("10.0.0.7", "http://10.0.0.7/mcp", None, "10.0.0.7"),
        ("npx-notes", "npx notes", "client", "npx-notes"),
    ],
)
def test_a_name_that_a_source_made_of_a_host_is_not_shown(
    name: str, address: str, source: str | None, shown: str | None
) -> None:
    made = public_name(Target(name=name, address=address, source=source))
    if shown is None:
        assert made.startswith("server-")
        assert len(made) == len("server-") + 8
    else:
        assert made == shown


def test_a_status_store_without_runs_has_no_green_target() -> None:
    store = StatusStore()
    world = World(statuses=store)
    world.apply_config([target(name) for name in "ab"], [probe(name, name) for name in "ab"])
    now = datetime.now(UTC)
    found = {condition_of(each, now, in_maintenance=lambda _: False, suspects=False) for each in store.targets()}
    assert found == {Condition.NO_DATA}
