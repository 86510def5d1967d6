"""A real Prometheus that holds the story: the probers' pages and those of a real reference server, as its blocks.

The server is driven for real and its page read once for every minute of the story, so its numbers are true and only
its clock is stretched.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.programs import program
from tests.real.process import free_port, running
from tests.reference.calling import Client, ToolRefused, crowd
from tests.reference.processes import serving
from tests.waiting import block_until

from .recording import asked_for, levels, record
from .story import LOCATIONS, MINUTES, Prober
from .story_config import configured

_START: Final = 60.0
_CONFIG: Final = "{global: {scrape_interval: 60s}, storage: {tsdb: {out_of_order_time_window: 30d}}}\n"
"""It takes samples of the past that are written beside others of the same time."""
SERVER: Final = "127.0.0.1:8080"


@dataclass(frozen=True, kw_only=True)
class Past:
    """A Prometheus that answers about the past. Times are Unix seconds."""

    url: str
    begin: float
    end: float


@contextmanager
def remembered(folder: Path, *, healthy: bool = False, first: int = 0, silent: int = 0) -> Iterator[Past]:
    """A Prometheus with the story from its minute `first` on; stopped on leaving.

    The story ended just now, or so many `silent` minutes ago, since when no prober could be scraped. What is written so
    is gone after five minutes, not at once as what a scrape misses; what is recorded of it, after ten or fifteen.
    """
    end = time.time() // 60 * 60
    begin = end - 60 * (MINUTES + silent)
    pages = folder / "pages.txt"
    with pages.open("w", encoding="utf-8") as file:
        tell(file, begin=begin, healthy=healthy, folder=folder, first=first, silent=silent)
    data = folder / "data"
    blocks = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(pages), str(data)]
    subprocess.run(blocks, check=True, capture_output=True, timeout=300)
    pages.unlink()
    for level in levels(asked_for()):
        with prometheus(folder, data) as url:
            record(level, url=url, begin=begin + 60 * first, end=end, data=data)
    with prometheus(folder, data) as url:
        yield Past(url=url, begin=begin + 60 * first, end=end)


def tell(file: TextIO, *, begin: float, healthy: bool, folder: Path, first: int, silent: int) -> None:
    """Write the samples from the minute `first` on in the OpenMetrics format, in the order of time for each series."""
    config = configured()
    for location, instance in LOCATIONS.items():
        prober = Prober(config, location=location, healthy=healthy, begin=begin)
        at = {"job": "mcp-prober", "instance": instance}
        _write(file, _pages(prober, first, silent), at, begin)
    pages = asyncio.run(_of_a_real_server(folder, healthy=healthy, minutes=range(first, MINUTES + silent + 1)))
    _write(file, enumerate(pages, first), {"job": "mcp-reference", "instance": SERVER}, begin)
    file.write("# EOF\n")


def _pages(prober: Prober, first: int, silent: int) -> Iterator[tuple[int, list[Sample]]]:
    for minute in range(MINUTES + 1):
        prober.live(minute)
        if minute >= first:
            yield minute, [*prober.page(), *_scraped(minute)]
    for minute in range(MINUTES + 1, MINUTES + silent + 1):
        yield minute, [Sample("up", {}, 0)]


def _scraped(minute: int) -> Iterator[Sample]:
    """What Prometheus adds to what it scrapes."""
    yield Sample("up", {}, 1)
    yield Sample("scrape_duration_seconds", {}, 0.011 + 0.002 * (minute % 3))


def _write(file: TextIO, minutes: Iterable[tuple[int, Iterable[Sample]]], at: Mapping[str, str], begin: float) -> None:
    lines: dict[str, list[str]] = defaultdict(list)
    for minute, samples in minutes:
        moment = f"{begin + 60 * minute:.0f}"
        for sample in samples:
            labels = ",".join(f'{name}="{value}"' for name, value in {**sample.labels, **at}.items())
            lines[sample.name].append(f"{sample.name}{{{labels}}} {sample.value!r} {moment}\n")
    for of_one_name in lines.values():
        file.writelines(of_one_name)


async def _of_a_real_server(folder: Path, *, healthy: bool, minutes: range) -> list[list[Sample]]:
    dice = random.Random(8)
    pages: list[list[Sample]] = []
    with serving(folder, "--db", str(folder / "state.db"), name="reference") as server:
        async with crowd([server], 6) as clients:
            handles = [(await clients[0].call("create_session"))["handle"] for _ in clients]
            for minute in minutes:
                # From half past one on, all of them want the same session; else each has one of its own.
                crowded = not healthy and 100 <= minute < 120
                await _agents(clients, handles[:1] * len(clients) if crowded else handles, dice, busy=crowded)
                _, text = await clients[0].page("/metrics")
                families = text_string_to_metric_families(text)
                pages.append([*(sample for family in families for sample in family.samples), Sample("up", {}, 1)])
    return pages


async def _agents(clients: list[Client], handles: list[str], dice: random.Random, *, busy: bool) -> None:
    """A little of everything that agents do, at once."""

    async def one(client: Client, own: str) -> None:
        handle = dice.choice(handles) if dice.random() < 0.05 else own
        await _try(client, "get_session_config", session_id=handle)
        await _try(client, "run_step", session_id=handle, action="step")
        await _try(
            client, "advance_workflow", session_id=handle, next_phase="next", completed_step="step", agent_id="a"
        )
        await _try(client, "get_workflow_state", session_id=handle)
        if busy or dice.random() < 0.3:
            version = (await client.call("get_session", session_id=handle))["valueVersion"]
            await _try(client, "compare_and_swap", session_id=handle, expected_version=version, value=1)
        if busy or dice.random() < 0.2:
            await _try(client, "run_exclusive", session_id=handle, work_ms=2)
        if dice.random() < 0.1:
            await _try(client, "update_session_config", session_id=handle, options={"a": dice.random()})
        if dice.random() < 0.02:
            await _try(client, "get_session", session_id="no-such-session")

    await asyncio.gather(*(one(client, own) for client, own in zip(clients, handles, strict=True)))


async def _try(client: Client, tool: str, /, **arguments: object) -> None:
    with suppress(ToolRefused):
        await client.call(tool, **arguments)


@contextmanager
def prometheus(folder: Path, data: Path, *more: str) -> Iterator[str]:
    """One that holds these data; stopped on leaving."""
    config, log, port = folder / "prometheus.yml", folder / "prometheus.log", free_port()
    config.write_text(_CONFIG, encoding="utf-8")
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.cors.origin=.*",
        *more,
    ]
    with running(command, port=port, log=log):
        block_until(lambda: "Server is ready" in log.read_text(), log.read_text, seconds=_START)
        yield f"http://127.0.0.1:{port}"
