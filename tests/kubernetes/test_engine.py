"""Prometheus as the engine, on real parts: the chart's Probe resources, two Prometheus servers that share them by
hashmod, nginx for the service, daemons with the options of the chart's pods."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from prober.drill import timescale
from tests.daemon.process import Running, daemon
from tests.kubernetes.counting import Counted, counted
from tests.kubernetes.objects import Object, container, of_kind, templated
from tests.kubernetes.scraping import configuration
from tests.real.nginx import nginx
from tests.waiting import until
from tests.web.prometheus import Prometheus, Series, prometheus

pytestmark = [pytest.mark.external, pytest.mark.slow]

INTERVAL: Final = 2.0
LATE: Final = 1.5
"""Intervals between two runs at most: one, and what a busy machine adds."""
SPEED: Final = 60.0


def fleet(file: Path, url: str, count: int) -> list[str]:
    """Targets with a probe each; their paths at the server."""
    paths = [f"/{number}" for number in range(count)]
    call = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "interval": "2s", "timeout": "1s"}
    targets = {f"t{path[1:]}": {"url": f"{url}{path}", "protocol": "modern"} for path in paths}
    document = {"targets": targets, "probes": {f"{name}-echo": {"target": name, **call} for name in targets}}
    file.write_text(json.dumps(document), encoding="utf-8")
    return paths


def released(file: Path, **values: str) -> tuple[Object, ...]:
    """The objects of the chart for a configuration."""
    options = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    return templated("--set-file", f"config={file}", *options)


def options(found: tuple[Object, ...]) -> list[str]:
    """Of a pod's daemon, without where it finds its configuration and where it listens, which are the container's."""
    words = container(found)["args"]
    assert words[:4] == ["daemon", "/etc/mcp-prober", "--listen", "0.0.0.0:9733"]
    rest: list[str] = words[4:]
    return rest


class Service:
    """What the cluster's service is for pods: the one thing that learns of a new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, pod: Running) -> None:
        file = self._folder / "nginx.conf"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("upstream servers {", f"upstream servers {{ {_server(pod)}"), encoding="utf-8")
        os.kill(int((self._folder / "nginx.pid").read_text()), signal.SIGHUP)


def _server(pod: Running) -> str:
    return f"server {urlsplit(pod.url).netloc};"


async def shares(count: int, *servers: Prometheus) -> list[set[str]]:
    """The targets that each Prometheus scrapes, once there are so many."""
    found: list[list[str]] = []

    async def all_there() -> bool:
        found[:] = [[target["labels"]["instance"] for target in await each.targets()] for each in servers]
        return sum(map(len, found)) == count

    await until(all_there, lambda: found, pause=0.2)
    return [set(each) for each in found]


def coming_to(number: float) -> Callable[[Series], bool]:
    return lambda seen: list(seen.values()) == [number]


async def every_interval(there: Counted, paths: list[str], intervals: int) -> tuple[float, float]:
    """Wait for so many intervals, in which no probe may be missing for more than one; returns when they were."""
    begin = time.monotonic()
    await asyncio.sleep(intervals * INTERVAL)
    end = time.monotonic()
    gaps = there.gaps(begin, end)
    assert gaps.keys() == set(paths)
    assert max(gaps.values()) < LATE * INTERVAL, gaps
    return begin, end


@pytest.mark.clock
async def test_every_probe_runs_once_an_interval_whichever_probers_are_there(tmp_path: Path) -> None:
    with ExitStack() as stack:
        there = stack.enter_context(counted())
        file = tmp_path / "probes.yaml"
        paths = fleet(file, there.url, 8)
        found = released(file, replicas="3")
        pods = [stack.enter_context(daemon(file, *options(found))) for _ in range(3)]
        address = urlsplit(stack.enter_context(nginx(tmp_path / "nginx", [pod.url for pod in pods]))).netloc
        probes = of_kind(found, "Probe")
        first, second = (configuration(probes, address, shard=shard, shards=2) for shard in range(2))
        async with prometheus(first, tmp_path / "first") as one, prometheus(second, tmp_path / "second") as other:
            mine, theirs = await shares(len(paths), one, other)
            assert (mine | theirs, mine & theirs) == ({f"t{path[1:]}" for path in paths}, set())
            for each, share in ((one, mine), (other, theirs)):
                assert len(share) >= 2
                await each.until("count(probe_success == 1)", coming_to(len(share)))

            begin, end = await every_interval(there, paths, 4)
            counts = {path: sum(begin <= call < end for call in times) for path, times in there.called.items()}
            assert set(counts.values()) <= {3, 4, 5}
            assert sum(counts.values()) == pytest.approx(4 * len(paths), abs=len(paths) / 2)

            pods[0].process.kill()
            await every_interval(there, paths, 3)

            pods.append(stack.enter_context(daemon(file, *options(found))))
            Service(tmp_path / "nginx").add(pods[-1])
            for pod in pods[1:3]:
                pod.process.kill()
            await every_interval(there, paths, 3)

            for each, share in ((one, mine), (other, theirs)):
                await each.until("count(probe_success == 1)", coming_to(len(share)))
                assert await each.query('{__name__=~".+",exported_target!=""}') == {}


def firing(*alerts: dict[str, str]) -> Callable[[Series], bool]:
    expected = {frozenset({"location": "", **alert}.items()) for alert in alerts}
    return lambda seen: seen.keys() == expected


async def test_more_than_half_of_the_locations_page_and_fewer_warn(tmp_path: Path) -> None:
    """The rules are those of the chart, at sixty times their pace."""
    with counted() as there, counted() as far, ExitStack() as stack:
        jobs: list[dict[str, Any]] = []
        found: tuple[Object, ...] = ()
        for place, servers in (("fra", there), ("nyc", far)):
            file = tmp_path / f"{place}.yaml"
            fleet(file, servers.url, 1)
            found = released(file, location=place)
            pod = stack.enter_context(daemon(file, *options(found)))
            jobs += configuration(of_kind(found, "Probe"), urlsplit(pod.url).netloc)["scrape_configs"]
            jobs[-1]["job_name"] += place  # each location has a Prometheus Operator of its own
        rules = []
        for each in of_kind(found, "PrometheusRule"):
            rules.append(tmp_path / f"{each['metadata']['name']}.yml")
            rules[-1].write_text(yaml.safe_dump(timescale.rules(each["spec"], SPEED)), encoding="utf-8")
        config = {"scrape_configs": jobs, "rule_files": [str(path) for path in rules]}
        alerts = 'ALERTS{alertname=~"McpScraped.*",alertstate="firing"}', ("alertname", "location")
        async with prometheus(config, tmp_path / "prometheus") as seen:
            await seen.until("count(probe_success == 1)", coming_to(2))
            far.broken = True
            minority = {"alertname": "McpScrapedProbeFailingFromLocation", "location": "nyc"}
            await seen.until(alerts[0], firing(minority), *alerts[1])
            there.broken = True
            await seen.until(alerts[0], firing({"alertname": "McpScrapedProbeFailing"}), *alerts[1])
            there.broken = far.broken = False
            await seen.until(alerts[0], firing(), *alerts[1])
            fired = await seen.query(
                'count_over_time(ALERTS{alertname="McpScrapedProbeFailing",alertstate="firing"}[5m])', "target"
            )
            assert fired.keys() == {frozenset({("target", "t0")})}
