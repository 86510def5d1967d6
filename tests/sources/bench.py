"""A registry of many servers of which 15 % misbehave: what one process costs, and how soon each wrong one is found.

    python -m tests.sources.bench [--servers 20000] [--interval 60]

A double of a registry speaks v0.1 of the API, the servers are one cheap process (tests/daemon/crowd.py). Both are
on this machine. A target begins to be probed when the first look at the registry is over, and each wrong one is to be
found, with its reason, within two intervals from then on. No host limit is set: all servers have one address here.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.sources.registry_double import Registry, serving

WRONG: Final[Mapping[str, str]] = {
    "wrong/0": "output_schema_mismatch",
    "html": "bad_content_type",
    "error": "server_error",
    "reset": "connection_closed",
    "hang": "timeout",
}
"""How servers misbehave, and the reason that says so."""
SHARE: Final = 0.15
DELAY: Final = 20
"""Milliseconds that a good server takes."""
PATIENCE: Final = 300.0


def register(registry: Registry, servers: int, port: int) -> dict[str, str]:
    """The reason by which each wrong server is to be found, by the name of its target."""
    wrong: dict[str, str] = {}
    ways = list(WRONG.items())
    for number in range(servers):
        name = f"io.example/s{number:05}"
        path = f"ok/{DELAY}"
        if number % 100 < SHARE * 100:
            path, reason = ways[len(wrong) % len(ways)]
            wrong[name.replace("/", "-")] = reason
        registry.put(name, f"http://127.0.0.1:{port}/{path}/{number}")
    return wrong


def configuration(registry: Registry, interval: float) -> dict[str, Any]:
    source = {"registry": registry.url, "allow_private": True, "target": {"protocol": "modern"}}
    probe = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "timeout": "5s"}
    expected = {"expect": [{"path": "$.length", "equals": 2}]}
    template = {"for": {"source": "registry"}, "interval": f"{interval:g}s", **probe, **expected}
    return {"sources": {"registry": source}, "probes": {"echo": template}}


def measure(servers: int, interval: float) -> dict[str, float]:
    """Figures by name. Raises AssertionError where a wrong server is not found, or a good one is called wrong."""
    with TemporaryDirectory() as folder, crowd() as port, serving() as registry:
        wrong = register(registry, servers, port)
        file = Path(folder) / "bench.yaml"
        file.write_text(json.dumps(configuration(registry, interval)))
        began = time.monotonic()
        with daemon(file, "--concurrency", "1000", environ={"XDG_STATE_HOME": folder}) as running:
            probed_since = _changed(running)
            looked = time.monotonic() - began
            cpu, at = running.cpu_seconds, time.monotonic()
            time.sleep(2 * interval)
            cores = (running.cpu_seconds - cpu) / (time.monotonic() - at)
            asked = time.monotonic()
            text = running.get("metrics", timeout=60)
            scraped = time.monotonic() - asked
            memory = running.memory
            found = _found(running, probed_since)
    missed = {target: reason for target, reason in wrong.items() if found.get(target, ("", 0.0))[0] != reason}
    good_ones = sorted(found.keys() - wrong.keys())
    results = Counter[str]()
    for result, count in re.findall(r'^mcp_probe_runs_total{.*result="(\w+)"} (\S+)$', text, re.MULTILINE):
        results[result] += int(float(count))
    for name, some in (("not found", missed), ("called wrong and are not", good_ones)):
        print(f"  {name}: {len(some)} {dict(Counter(found.get(t, ('nothing', 0))[0] for t in some))}")
    times = sorted(seconds for target, (_, seconds) in found.items() if target in wrong)
    return {
        "servers": servers,
        "wrong ones": len(wrong),
        "found with their reason": len(wrong) - len(missed),
        "good ones called wrong": len(good_ones),
        "until the registry is read": looked,
        "until half of them are found": times[len(times) // 2],
        "until all of them are found": times[-1],
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
    given = parser.parse_args()
    print(f"{given.servers:,} servers of a registry, each probed every {given.interval:g} s:", flush=True)
    figures = measure(given.servers, given.interval)
    for name, figure in figures.items():
        print(f"  {name:32} {figure:14,.3f}")
    whole = figures["found with their reason"] == figures["wrong ones"] and not figures["good ones called wrong"]
    in_time = figures["until all of them are found"] <= 2 * given.interval
    print(f"  {'every wrong one within two intervals':48} {'yes' if whole and in_time else 'NO'}")
    return 0 if whole and in_time else 1


if __name__ == "__main__":
    sys.exit(main())
