"""A server may change what it says of itself; one that does so at each call makes no series without end."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

from prober.metrics.steadiness import MOST_CHANGES
from prober.outcome import ServerInfo
from tests.metrics.reading import metrics_of, values
from tests.metrics.world import MODERN, configured, ran


async def shown_after(servers: list[ServerInfo], *, apart: timedelta) -> list[tuple[str, ...]]:
    """The label values of `mcp_target_info` after each of these, as runs that began so long one after the other."""
    metrics, hello = metrics_of(configured()), configured().probes["hello"]
    shown = []
    for number, server in enumerate(servers):
        metrics.record(ran(hello, at=number * apart.total_seconds(), server=server))
        [labels] = await values(metrics, "mcp_target_info", target="web")
        shown.append(labels)
    return shown


async def test_a_version_that_changes_at_each_call_is_unstable_after_a_few() -> None:
    versions = [replace(MODERN, version=f"1.0.{n}") for n in range(200)]
    shown = await shown_after(versions, apart=timedelta(seconds=10))
    assert len(set(shown)) == MOST_CHANGES + 1
    assert shown[-1] == ("modern", "2026-07-28", "reference", "unstable")


async def test_a_name_that_changes_all_the_time_leaves_the_version_as_it_is() -> None:
    shown = await shown_after([replace(MODERN, name=f"n{n}") for n in range(20)], apart=timedelta(seconds=10))
    assert shown[-1] == ("modern", "2026-07-28", "unstable", "1.4.0")


async def test_two_versions_in_turn_are_followed_for_a_while_and_then_unstable() -> None:
    turns = itertools.islice(itertools.cycle(("1.0", "2.0")), 20)
    shown = await shown_after([replace(MODERN, version=version) for version in turns], apart=timedelta(minutes=1))
    assert [labels[3] for labels in shown[:6]] == ["1.0", "2.0"] * 3
    assert shown[-1][3] == "unstable"


async def test_a_version_that_changes_each_quarter_of_an_hour_is_followed() -> None:
    versions = [replace(MODERN, version=f"1.0.{n}") for n in range(50)]
    shown = await shown_after(versions, apart=timedelta(minutes=15))
    assert [labels[3] for labels in shown] == [f"1.0.{n}" for n in range(50)]


async def test_a_server_that_has_come_to_rest_is_shown_again_an_hour_later() -> None:
    servers = [replace(MODERN, version=f"1.0.{n}") for n in range(20)] + [MODERN] * 400
    shown = await shown_after(servers, apart=timedelta(seconds=10))
    assert shown[30][3] == "unstable"
    assert shown[-1][3] == "1.4.0"
