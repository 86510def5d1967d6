"""/metrics as scrapers get it."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

from tests.programs import check_metrics
from tests.web.asking import asking
from tests.web.house import dead, house
from tests.web.test_api import worst_pause_until

OPENMETRICS = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1"


@pytest.mark.external
async def test_the_page_is_clean_by_the_judgement_of_promtool(tmp_path: Path) -> None:
    async with house(dead("a", "b"), tmp_path) as here, asking(here.app_state) as client:
        await here.run_all()
        page = await client.get("/metrics")
        assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'mcp_probe_success{target="dead",probe="a"} 0' in page.text
        assert {family.name for family in text(page.text)} > {"mcp_probe_success", "mcp_prober_build_info"}
        check_metrics(page.text)


async def test_openmetrics_is_given_to_whoever_prefers_it(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        await here.run_all()
        page = await client.get("/metrics", headers={"Accept": OPENMETRICS})
        assert page.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        assert page.text.endswith("# EOF\n")
        assert list(openmetrics(page.text))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("identity", False),
        ("br", False),
        ("", False),
    ],
)
async def test_the_page_is_packed_for_whoever_can_unpack_it(tmp_path: Path, accepted: str, packed: bool) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        async with client.stream("GET", "/metrics", headers={"Accept-Encoding": accepted}) as page:
            raw = b"".join([piece async for piece in page.aiter_raw()])
            assert (page.headers.get("content-encoding") == "gzip") is packed
            assert page.headers["vary"] == "Accept-Encoding"
        assert b"mcp_probe_success" in (gzip.decompress(raw) if packed else raw)


async def test_its_head_is_without_a_body(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        head = await client.head("/metrics")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_a_page_of_ten_thousand_probes_does_not_hold_the_event_loop(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here:
        probe = here.config.probes["a"]
        probes = {f"probe-{n}": replace(probe, name=f"probe-{n}") for n in range(10_000)}
        here.metrics.apply_config(replace(here.config, probes=probes), probes)
        async with asking(here.app_state) as client:
            scraping = asyncio.create_task(client.get("/metrics", headers={"Accept-Encoding": "gzip"}))
            worst = await worst_pause_until(scraping)
            assert 'probe="probe-9999"' in (await scraping).text
            assert worst < 0.2
