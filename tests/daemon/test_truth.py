"""A real Prometheus reads a real daemon that probes a real server, which is down for a while: it is told the truth."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.process import Running, daemon
from tests.daemon.watching import metrics, until
from tests.programs import check_metrics
from tests.real.process import free_port
from tests.reference.processes import serving
from tests.web.prometheus import Prometheus, prometheus
from tests.web.test_prometheus import labels, scraping

INTERVAL = 1.0
"""Seconds between runs, and between scrapes."""
MARGIN = 2 * INTERVAL + 3.0
"""Seconds until what has happened must be in Prometheus: a run, a scrape, and a machine that others use too."""
BY_SCHEDULE = 'mcp_probe_success{job="prober",target="reference"}'
BY_SCRAPE = 'probe_success{target="reference"}'
REFUSED = 'mcp_probe_runs_total{job="prober",target="reference",result="no_answer"}'


def document(port: int) -> dict[str, Any]:
    common = {"target": "reference", "interval": f"{INTERVAL:g}s", "timeout": f"{INTERVAL * 900:g}ms"}
    return {
        "targets": {"reference": {"url": f"http://127.0.0.1:{port}/mcp"}},
        "probes": {
            "hello": {**common, "kind": "handshake"},
            "tools": {**common, "kind": "catalog", "tools": ["get_workflow_state"]},
        },
    }


async def stays(seen: Prometheus, value: float) -> None:
    """Wait until both ways of asking say so of both probes."""
    expected = {labels(probe="hello"): value, labels(probe="tools"): value}
    for series in (BY_SCHEDULE, BY_SCRAPE):
        await seen.until(series, expected.__eq__, "probe")


async def samples(seen: Prometheus, series: str) -> list[tuple[float, float]]:
    """All that was scraped, as time and value."""
    found = (await seen.ask("query", query=f"{series}[5m]"))["result"]
    assert len(found) == 2
    return [(float(moment), float(value)) for each in found for moment, value in each["values"]]


@pytest.mark.external
@pytest.mark.slow
async def test_a_server_that_is_down_from_one_time_to_another_is_seen_so(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "probes.yaml").write_text(json.dumps(document(port)))
    options = ("--store", "memory", "--listen", f"127.0.0.1:{port}")
    with contextlib.ExitStack() as up, daemon(tmp_path / "probes.yaml") as running:
        up.enter_context(serving(tmp_path, *options))
        async with prometheus(scraping(running.url), tmp_path / "prometheus") as seen:
            await stays(seen, 1)
            well_from = time.time()
            assert await seen.query("count(up == 1)") == {frozenset(): 3}
            before = await seen.query(REFUSED, "probe")
            await seen.until("vector(time())", lambda now: now[frozenset()] >= well_from + 2 * INTERVAL)
            down_from = time.time()
            await asyncio.to_thread(up.close)
            await stays(seen, 0)
            await seen.until("vector(time())", lambda now: now[frozenset()] >= down_from + MARGIN + 2 * INTERVAL)
            refused = await seen.query(REFUSED, "probe")
            down_to = time.time()
            up.enter_context(serving(tmp_path, *options))
            await stays(seen, 1)
            assert all(refused[probe] >= before[probe] + 2 for probe in before), (before, refused)
            for series in (BY_SCHEDULE, BY_SCRAPE):
                told = await samples(seen, series)
                during = [value for moment, value in told if down_from + MARGIN <= moment <= down_to]
                assert during, "scraped while it was down"
                assert set(during) == {0}, told
                assert {value for moment, value in told if well_from <= moment < down_from} == {1}, told
            changes = await seen.query(f"changes({BY_SCHEDULE}[5m])", "probe")
            assert min(changes.values()) >= 2
            assert await seen.query("count(up == 0) or vector(0)") == {frozenset(): 0}
            assert [target["lastError"] for target in await seen.targets()] == [""] * 3
        _page_is_clean(running, tmp_path)
        assert running.stop() == -signal.SIGTERM


def _page_is_clean(running: Running, folder: Path) -> None:
    until(lambda: metrics(running).value("mcp_probe_success", probe="hello") == 1)
    check_metrics(running.get("metrics"))
    check_metrics(running.get("probe?target=reference&probe=hello"))
