"""The metrics page: complete from the start, bounded for ever.

`python -m tests.reference.test_metrics` writes the golden page anew; look at the difference before committing it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from prober.reference.tools.catalog import TOOLS
from tests.waiting import until

from .inside import Inside, inside
from .worlds import World, serving_inside

GOLDEN: Final = Path(__file__).parent / "metrics.golden"

FAMILIES: Final = {
    "mcp_tool_calls_total": {"tool_name", "status"},
    "mcp_tool_duration_seconds": {"tool_name", "status"},
    "mcp_active_sessions": set(),
    "mcp_state_writes_total": {"store", "tool", "outcome"},
    "mcp_state_write_conflicts_total": {"store", "tool"},
    "mcp_state_write_retries": {"store", "tool"},
    "mcp_state_lock_wait_seconds": {"store", "tool"},
    "mcp_state_batch_size": {"store"},
    "mcp_state_commit_seconds": {"store"},
    "mcp_state_write_lock_wait_seconds": {"store"},
    "mcp_state_cache_requests_total": {"store", "tool", "result"},
    "mcp_state_cache_invalidations_total": {"store", "origin"},
    "mcp_state_events_total": {"store", "tool"},
    "mcp_state_snapshots_total": {"store"},
    "mcp_state_replayed_events": {"store", "tool"},
    "mcp_state_pool_connections": {"store", "state"},
    "mcp_state_pool_wait_seconds": {"store"},
    "mcp_circuit_breaker_open": {"dependency"},
    "mcp_state_store_safe": {"store"},
}
"""Names and labels that dashboards and alerts are written against."""


async def first_page(folder: Path) -> str:
    """The page of a server that nobody called yet, once it follows changes made elsewhere, which it counts as one."""
    pages: list[str] = []
    async with inside(folder) as server:

        async def listens() -> bool:
            pages.append((await server.http.get("/metrics")).text)
            return 'invalidations_total{origin="remote",store="sqlite"} 1.0' in pages[-1]

        await until(listens, "the server listens for changes made elsewhere")
    return pages[-1]


async def test_the_first_page_is_the_golden_one(tmp_path: Path) -> None:
    assert await first_page(tmp_path) == await asyncio.to_thread(GOLDEN.read_text)


async def test_families_and_labels_are_the_agreed_ones(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        families = list(text_string_to_metric_families((await server.http.get("/metrics")).text))
    shown = {
        family.name + ("_total" if family.type == "counter" else ""): {
            label for sample in family.samples for label in sample.labels if label != "le"
        }
        for family in families
    }
    assert shown == FAMILIES
    assert all(family.documentation.endswith(".") for family in families)


async def test_series_are_the_same_after_any_amount_of_traffic(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("s",)) as server:
        before = series((await server.http.get("/metrics")).text)
        for tool in TOOLS:
            await server.result(tool, session_id="s")
        for number in range(20):
            await server.result(f"no-such-tool-{number}")
            await server.result("run_step", session_id=f"nobody-{number}", action=f"{number}")
        for _ in range(3):
            await server.result("get_session_config", session_id="s")
        after = series((await server.http.get("/metrics")).text)
        assert after == before
        assert server.sample("mcp_tool_calls_total", tool_name="unknown", status="error") == 20


async def test_conflicts_in_the_list_of_callers_never_become_labels(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("contended-session",)) as server:
        for _ in range(5):
            await server.call("compare_and_swap", session_id="contended-session", expected_version=7, value=1)
        page = (await server.http.get("/metrics")).text
        assert "contended-session" not in page
        assert server.sample("mcp_state_write_conflicts_total", store="sqlite", tool="compare_and_swap") == 5


async def test_reads_through_the_cache_are_counted_by_what_they_found(tmp_path: Path) -> None:
    labels = {"store": "sqlite", "tool": "get_session_config"}
    async with inside(tmp_path, sessions=("s",), cache_ttl=1) as server:

        def count(result: str) -> float:
            return server.sample("mcp_state_cache_requests_total", **labels, result=result)

        async def found_stale() -> bool:
            await server.call("get_session_config", session_id="s")
            return count("stale") == 1

        await until(lambda: remote_invalidations(server) > 0)  # the one with which following begins
        await server.call("get_session_config", session_id="s")
        await server.call("get_session_config", session_id="s")
        assert (count("miss"), count("hit"), count("stale")) == (1, 1, 0)
        await until(found_stale)
        assert count("miss") == 1


async def test_invalidations_are_counted_by_where_they_came_from(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("s",)) as one, inside(tmp_path) as two:
        await until(lambda: remote_invalidations(one) > 0 and remote_invalidations(two) > 0)
        before = remote_invalidations(one), remote_invalidations(two)
        await one.call("update_session_config", session_id="s", options={"a": 1})
        assert one.sample("mcp_state_cache_invalidations_total", store="sqlite", origin="local") == 1
        await until(lambda: remote_invalidations(two) == before[1] + 1)
        assert remote_invalidations(one) == before[0]


async def test_after_a_change_elsewhere_a_cached_value_is_fresh_long_before_its_time_to_live(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("s",), cache_ttl=3600) as one, inside(tmp_path, cache_ttl=3600) as two:
        for value in range(3):
            await two.call("get_session_config", session_id="s")
            await one.call("update_session_config", session_id="s", options={"a": value})
            await until(partial(reads, two, {"a": value}))


async def reads(server: Inside, options: dict[str, int]) -> bool:
    """Whether the configuration is the given one."""
    shown: dict[str, int] = (await server.call("get_session_config", session_id="s"))["options"]
    return shown == options


def remote_invalidations(server: Inside) -> float:
    """How often a change elsewhere was heard of."""
    return server.sample("mcp_state_cache_invalidations_total", store="sqlite", origin="remote")


async def test_only_calls_are_counted_as_waiting_for_a_connection(world: World) -> None:
    async with serving_inside(world, purge_every=0.01) as server:
        handle = await server.session()

        def waits() -> float:
            return server.sample("mcp_state_pool_wait_seconds_count", store=world.name)

        before = waits()
        for _ in range(20):  # pages, and what goes on beside them, ask the store too
            assert (await server.http.get("/readyz")).status_code == 200
            await server.http.get("/metrics")
        assert waits() == before
        await server.call("get_session", session_id=handle)
        assert waits() == before + 1


async def test_a_commit_that_waits_for_the_write_lock_of_another_process_is_measured(tmp_path: Path) -> None:
    async with inside(tmp_path, sessions=("s",)) as server:
        before = server.sample("mcp_state_write_lock_wait_seconds_sum", store="sqlite")
        other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        step = asyncio.create_task(server.call("run_step", session_id="s", action="a"))
        began = time.perf_counter()
        await asyncio.sleep(0.3)
        assert not step.done()
        held = time.perf_counter() - began
        other.execute("ROLLBACK")
        other.close()
        await step
        waited = server.sample("mcp_state_write_lock_wait_seconds_sum", store="sqlite") - before
        assert waited >= held - 0.1  # the writer began to wait a moment after the call
        assert server.sample("mcp_state_commit_seconds_sum", store="sqlite") < waited


async def test_live_sessions_are_counted_when_the_page_is_read(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        handles = [await server.session() for _ in range(3)]
        await server.http.get("/metrics")
        assert server.sample("mcp_active_sessions") == 3
        await server.call("delete_session", session_id=handles[0])
        await server.http.get("/metrics")
        assert server.sample("mcp_active_sessions") == 2


@pytest.mark.parametrize(("store", "safe"), [("sqlite", 1.0), ("memory", 0.0)])
async def test_the_memory_exhibit_says_that_it_is_unsafe(tmp_path: Path, store: str, safe: float) -> None:
    async with inside(tmp_path, store=store) as server:
        assert server.sample("mcp_state_store_safe", store=store) == safe


async def test_the_page_comes_as_openmetrics_to_who_asks_for_it(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        page = await server.http.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert page.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        assert page.text.endswith("# EOF\n")
        plain = await server.http.get("/metrics")
        assert plain.headers["content-type"].startswith("text/plain; version=")


def series(page: str) -> set[str]:
    """Names and labels of a page's samples."""
    return {line.rsplit(" ", 1)[0] for line in page.splitlines() if not line.startswith("#")}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        GOLDEN.write_text(asyncio.run(first_page(Path(folder))))
