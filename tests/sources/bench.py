"""A registry of many servers of which 15 % misbehave in twenty ways: what the prober costs, and how soon it finds each.

    python -m tests.sources.bench [--servers 20000] [--interval 60] [--processes 1]

A double of a registry speaks v0.1 of the API, the servers are one cheap process (misbehaving.py) on many addresses of
loopback, so on many hosts. All is on this machine. Targets begin to be probed when the first look at the registry is
over; each wrong one is to be found, with its reason, within two intervals from then on, and no good one called wrong.
No host gets more requests than it is allowed: all but the last are allowed ample ones, the last has too many servers.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from tests.daemon.process import Running, daemon
from tests.daemon.watching import descendants
from tests.sources.misbehaving import SLOW, WAYS, host, misbehaving
from tests.sources.registry_double import Registry, serving

SHARE: Final = 15
"""Of a hundred servers, how many misbehave."""
PER_HOST: Final = 100
CROWDED: Final = 5
"""How many times as many servers the last host has, as its requests are enough for."""
PATIENCE: Final = 300.0
STARVED: Final = 0.5
"""Seconds of lag of the prober's own loop: beyond it the machine had no time for it, and runs are rightly undecided."""
_TIMEOUT: Final = 5.0
CPU: Final = attrgetter("cpu_seconds")
MEMORY: Final = attrgetter("memory")


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """What was registered."""

    hosts: int
    wrong: Mapping[str, str]
    """The reason by which each wrong server is to be found, by the name of its target."""
    allowed: int
    """Requests that a host may get within a minute."""


def per_host(servers: int) -> int:
    """Servers on a host: few enough that a small fleet is on several."""
    return min(PER_HOST, max(1, servers // 8))


def register(registry: Registry, servers: int, port: int, interval: float) -> Fleet:
    """Good and wrong ones on all hosts, each way on several; then a host that is crowded with good ones."""
    wrong: dict[str, str] = {}
    ways = list(WAYS.items())
    each = per_host(servers)
    for number in range(servers):
        name, path = f"io.example/s{number:05}", "ok"
        if number * SHARE // 100 != (number + 1) * SHARE // 100:
            path, reason = ways[len(wrong) % len(ways)]
            wrong[name.replace("/", "-")] = reason
        registry.put(name, f"http://{host(number // each)}:{port}/{path}/{number}")
    hosts = -(-servers // each) + 1
    # At most two requests a run; a run at once, then one in each interval.
    allowed = round(2 * each * (60 / interval + 2))
    for number in range(each * CROWDED):
        registry.put(f"io.example/crowded{number:05}", f"http://{host(hosts - 1)}:{port}/ok/{number}")
    return Fleet(hosts=hosts, wrong=wrong, allowed=allowed)


def configuration(registry: Registry, interval: float, allowed: int) -> dict[str, Any]:
    source = {
        "registry": registry.url,
        "allow_private": True,
        "requests_per_host": f"{allowed}/m",
        "target": {"protocol": "modern"},
    }
    probe = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "timeout": f"{_TIMEOUT:g}s"}
    expected = {"expect": [{"path": "$.length", "equals": 2}], "latency": {"fail": f"{SLOW / 2:g}s"}}
    template = {"for": {"source": "registry"}, "interval": f"{interval:g}s", **probe, **expected}
    return {"sources": {"registry": source}, "probes": {"echo": template}}


def measure(servers: int, interval: float, processes: int = 1, *, intervals: int = 2) -> dict[str, float]:
    """Figures by name, after so many intervals; what went wrong is printed."""
    most: dict[str, int] = {}
    words = ["--concurrency", "1000", *(["--processes", str(processes)] if processes > 1 else [])]
    hosts = -(-servers // per_host(servers)) + 1
    with TemporaryDirectory() as folder, misbehaving(hosts, most) as port, serving() as registry:
        fleet = register(registry, servers, port, interval)
        file = Path(folder) / "bench.yaml"
        file.write_text(json.dumps(configuration(registry, interval, fleet.allowed)))
        began = time.monotonic()
        with daemon(file, *words, environ={"XDG_STATE_HOME": folder}) as running:
            probed_since = _changed(running)
            looked = time.monotonic() - began
            cpu, at = _whole(running, CPU), time.monotonic()
            time.sleep(intervals * interval)
            cores = (_whole(running, CPU) - cpu) / (time.monotonic() - at)
            asked = time.monotonic()
            text = running.get("metrics", timeout=60)
            scraped = time.monotonic() - asked
            memory = _whole(running, MEMORY)
            found = _found(running, probed_since)
    results = Counter[str]()
    for result, count in re.findall(r'^mcp_probe_runs_total{.*result="(\w+)"} (\S+)$', text, re.MULTILINE):
        results[result] += int(float(count))
    return {
        **_compared(fleet, found, text),
        "until the registry is read": looked,
        "hosts": fleet.hosts,
        "requests a host may get within a minute": fleet.allowed,
        "most that a host got": max(most.values()),
        "that the crowded host got": most[host(fleet.hosts - 1)],
        "cores": cores,
        "memory": memory,
        "size of a scrape": len(text),
        "scrape": scraped,
        "start lag p99 at most": _quantile(text, "mcp_prober_start_lag_seconds", 0.99),
        "loop lag p99 at most": _quantile(text, "mcp_prober_loop_lag_seconds", 0.99),
        "skipped runs": _value(text, "mcp_prober_skipped_runs_total"),
        "runs": sum(results.values()),
        "runs that could not tell": results["unknown"],
    }


def _compared(fleet: Fleet, found: Mapping[str, tuple[str, float]], page: str) -> dict[str, float]:
    wrong = fleet.wrong
    missed = {target: reason for target, reason in wrong.items() if found.get(target, ("", 0.0))[0] != reason}
    good_ones = sorted(found.keys() - wrong.keys())
    for target, reason in sorted(missed.items())[:20]:
        print(f"  {target}: {reason} was not found, but {found.get(target, ('nothing', 0))[0]}; the page says:")
        print(
            *re.findall(rf'^mcp_probe_(?:runs_total|failure_info){{.*target="{target}".*[1-9]$', page, re.MULTILINE),
            sep="\n",
        )
    for target in good_ones[:20]:
        print(f"  {target}: called {found[target][0]}, and is well")
    times = sorted(seconds for target, (_, seconds) in found.items() if target in wrong)
    return {
        "wrong ones": len(wrong),
        "ways to be wrong": len(set(wrong.values())),
        "found with their reason": len(wrong) - len(missed),
        "found with another reason": len(missed.keys() & found.keys()),
        "good ones called wrong": len(good_ones),
        "until half of them are found": times[len(times) // 2] if times else float("inf"),
        "until all of them are found": times[-1] if times else float("inf"),
    }


def held(figures: Mapping[str, float], interval: float) -> list[str]:
    """What was promised and did not hold. Of a prober that the machine gave no time, less is promised."""
    allowed, crowded = figures["requests a host may get within a minute"], figures["that the crowded host got"]
    always = {
        "none is found with another reason": not figures["found with another reason"],
        "no good one is called wrong": not figures["good ones called wrong"],
        "no host gets more than it is allowed": figures["most that a host got"] <= allowed,
    }
    in_time = {
        "every wrong one is found, with its reason": figures["found with their reason"] == figures["wrong ones"],
        "each within two intervals": figures["until all of them are found"] <= 2 * interval,
        "probes of a crowded host take turns": crowded > allowed / 2 and figures["runs that could not tell"] > 0,
    }
    promised = always if figures["loop lag p99 at most"] >= STARVED else always | in_time
    return [promise for promise, kept in promised.items() if not kept]


def _whole(running: Running, figure: Callable[[Running], float]) -> float:
    """A figure of the daemon and of every process below it."""
    pids = {running.process.pid} | descendants(running.process.pid)
    return sum(figure(replace(running, process=cast("Any", _Numbered(pid)))) for pid in pids)


@dataclass(frozen=True)
class _Numbered:
    """A process of which only the number is known."""

    pid: int


def _events(running: Running, *names: str) -> list[dict[str, Any]]:
    events = (json.loads(line) for line in list(running.log) if line.startswith("{"))
    return [event for event in events if event["event"] in names]


def _changed(running: Running) -> datetime:
    """When the targets of the registry began to be probed."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if changes := _events(running, "targets_changed"):
            return datetime.fromisoformat(changes[0]["time"])
        time.sleep(0.2)
    raise AssertionError(f"the registry gave nothing within {PATIENCE:g} s: {running.log[-5:]}")


def _found(running: Running, since: datetime) -> dict[str, tuple[str, float]]:
    """The first reason of every target that failed, and seconds until then."""
    found: dict[str, tuple[str, float]] = {}
    for event in _events(running, "probe_failing"):
        seconds = (datetime.fromisoformat(event["time"]) - since).total_seconds()
        found.setdefault(event["target"], (event["reason"], seconds))
    return found


def _value(text: str, name: str) -> float:
    [value] = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
    return float(value)


def _quantile(text: str, name: str, share: float) -> float:
    """The upper bound of the bucket in which the quantile lies."""
    found = re.findall(rf'^{name}_bucket{{.*?le="([^"]+)".*?}} (\S+)$', text, re.MULTILINE)
    buckets = [(float(bound.replace("+Inf", "inf")), float(count)) for bound, count in found]
    return next(bound for bound, count in buckets if count >= share * buckets[-1][1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sources.bench")
    parser.add_argument("--servers", type=int, default=20_000)
    parser.add_argument("--interval", type=float, default=60)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    words = f"{given.servers:,} servers of a registry and a crowded host, each probed every {given.interval:g} s"
    print(f"{words}, by {given.processes} process(es):", flush=True)
    figures = measure(given.servers, given.interval, given.processes)
    for name, figure in figures.items():
        print(f"  {name:40} {figure:14,.3f}")
    if figures["loop lag p99 at most"] >= STARVED:
        print("  the machine gave the prober no time: what hangs on time is not promised")
    broken = held(figures, given.interval)
    for promise in broken:
        print(f"  does NOT hold: {promise}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
