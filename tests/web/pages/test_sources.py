"""/sources and /api/v1/sources: how many targets each source gives, what it left out and why, and its trouble."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from prober.sources.watcher import SourceState
from tests.metrics.world import SOURCES
from tests.web.asking import asking
from tests.web.house import dead, house
from tests.web.test_api import checked


async def test_every_source_is_shown_with_what_was_left_out_and_its_trouble(tmp_path: Path) -> None:
    problem = "https://a.example/mcp: opted <out>"
    states: dict[str, SourceState] = {**SOURCES, "registry": replace(SOURCES["registry"], problems=(problem,))}
    async with house(dead("a"), tmp_path) as here:
        state = replace(here.app_state, sources=lambda: states)
        async with asking(state) as client:
            answered = checked("sources", await client.get("/api/v1/sources"))["sources"]
            page = await client.get("/sources")
            front = await client.get("/")
    assert [(each["source"], each["way"], each["targets"], each["trouble"]) for each in answered] == [
        ("registry", "registry", 2, None),
        ("files", "file", 0, "no such file"),
        ("new", "file", 0, None),
    ]
    assert answered[0]["problems"] == [problem]
    assert answered[0]["looked_at"].startswith("2026-11-22T07:28:00")
    assert answered[2]["looked_at"] is None
    for said in ("2 targets, 3 left out", "registry, looked at every 1h", "opted &lt;out&gt;", "and 2 more"):
        assert said in page.text
    assert "The last look failed" in page.text
    assert "no such file" in page.text
    assert "No look of this process was taken yet" in page.text
    assert 'href="./sources"' in front.text


async def test_where_all_targets_are_written_nothing_leads_to_the_page_and_it_says_so(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        assert "all targets are written in its files" in (await client.get("/sources")).text
        assert "sources" not in (await client.get("/")).text
