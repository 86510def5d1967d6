"""How a daemon bears many probes: start lag, loop lag, CPU, memory, the cost of a scrape, how true its latencies are.

    python -m tests.daemon.bench [--seconds 300]      10,000 probes at 60 s, then 1,000 at 10 s, each for that long

The servers answer after a delay that is known (tests/daemon/crowd.py), on the same machine, and say at the end how late
they were themselves: what the daemon reports beyond that, quantile against quantile, is its own doing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from prober.history import HistoryStore
from prober.outcome import Verdict
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon

DELAY: Final = 0.02
"""Seconds that each server takes."""
PER_TARGET: Final = 10
SCRAPE_EVERY: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """So many probes, each every `interval` seconds."""

    probes: int
    interval: float

    @property
    def name(self) -> str:
        return f"{self.probes:,} probes every {self.interval:g} s"


LOADS: Final = (Load(probes=10_000, interval=60), Load(probes=1_000, interval=10))
GOALS: Final = {
    "start lag p99": (0.25, "s"),
    "skipped runs": (0, ""),
    "latency beyond the truth p95": (0.005, "s"),
    "memory": (400e6, "B"),
    "scrape": (1.0, "s"),
}


def configuration(load: Load, port: int) -> dict[str, Any]:
    """Ten probes a target."""
    targets = range(load.probes // PER_TARGET)
    url = f"http://127.0.0.1:{port}/ok/{DELAY * 1000:g}"
    return {
        "targets": {f"target-{n}": {"url": url, "protocol": "modern"} for n in targets},
        "defaults": {"interval": f"{load.interval:g}s", "timeout": "5s"},
        "probes": {
            f"probe-{n}-{m}": {
                "target": f"target-{n}",
                "kind": "call",
                "tool": "echo",
                "arguments": {"message": "hi"},
                "expect": [{"path": "$.length", "equals": 2}],
            }
            for n in targets
            for m in range(PER_TARGET)
        },
    }


def measure(load: Load, seconds: float) -> dict[str, float]:
    """Figures of one load, by what they are called in GOALS, and a few more."""
    late: list[float] = []
    with TemporaryDirectory() as folder, crowd(late) as port:
        file, history = Path(folder) / "bench.yaml", Path(folder) / "history.db"
        file.write_text(json.dumps(configuration(load, port)))
        began = time.monotonic()
        with daemon(file, "--history", history, history=True) as running:
            started = time.monotonic() - began
            time.sleep(load.interval)  # every probe once: tools are listed, pages are touched
            figures = _watched(running, seconds)
            text = running.get("metrics")
            assert running.stop() == -15
        figures |= {"start": started, "skipped runs": _value(text, "mcp_prober_skipped_runs_total")}
        figures |= {"loop lag p99 at most": _quantile(text, "mcp_prober_loop_lag_seconds", 0.99)}
        figures |= asyncio.run(_recorded(history, after=load.interval))
    for share, own in zip(("p50", "p95", "p99"), late, strict=True):
        figures |= {f"server's own lateness {share}": own, f"latency beyond the truth {share}": figures[share] - own}
        del figures[share]
    return figures


def _watched(running: Running, seconds: float) -> dict[str, float]:
    cpu, began = running.cpu_seconds, time.monotonic()
    scrapes, size, memory = [], 0, 0
    while time.monotonic() - began < seconds:
        time.sleep(SCRAPE_EVERY)
        asked = time.monotonic()
        size = len(running.get("metrics"))
        scrapes.append(time.monotonic() - asked)
        memory = max(memory, running.memory)
    return {
        "cores": (running.cpu_seconds - cpu) / (time.monotonic() - began),
        "memory": memory,
        "scrape": statistics.median(scrapes),
        "slowest scrape": max(scrapes),
        "size of a scrape": size,
    }


async def _recorded(file: Path, *, after: float) -> dict[str, float]:
    """What the history holds of the time after warming up."""
    history = HistoryStore.open(file)
    try:
        results = [result for n in range(1_000) for result in await history.results(target=f"target-{n}", limit=10_000)]
    finally:
        await history.close()
    warm = min(result.started_at for result in results) + timedelta(seconds=after)
    results = [result for result in results if result.started_at > warm]
    lags = sorted(result.start_lag_seconds for result in results)
    beyond = sorted(result.latency_seconds - DELAY for result in results if result.latency_seconds is not None)
    return {
        "runs": len(results),
        "runs that did not pass": sum(result.verdict is not Verdict.PASS for result in results),
        "start lag p50": _rank(lags, 0.5),
        "start lag p99": _rank(lags, 0.99),
        "start lag, worst": lags[-1],
        "p50": _rank(beyond, 0.5),
        "p95": _rank(beyond, 0.95),
        "p99": _rank(beyond, 0.99),
    }


def _rank(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _value(text: str, name: str) -> float:
    [value] = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
    return float(value)


def _quantile(text: str, name: str, share: float) -> float:
    """The upper bound of the bucket in which the quantile lies."""
    buckets = [
        (float(bound.replace("+Inf", "inf")), float(count))
        for bound, count in re.findall(rf'^{name}_bucket{{.*?le="([^"]+)".*?}} (\S+)$', text, re.MULTILINE)
    ]
    return next(bound for bound, count in buckets if count >= share * buckets[-1][1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.daemon.bench")
    parser.add_argument("--seconds", type=float, default=300)
    seconds = parser.parse_args().seconds
    missed = 0
    for load in LOADS:
        print(f"{load.name}, for {seconds:g} s:", flush=True)
        figures = measure(load, seconds)
        for name, figure in sorted(figures.items()):
            goal, unit = GOALS.get(name, (None, ""))
            verdict = "" if goal is None else f"  (goal {goal:g} {unit}: {'met' if figure <= goal else 'MISSED'})"
            missed += goal is not None and figure > goal
            print(f"  {name:32} {figure:12,.4f}{verdict}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
