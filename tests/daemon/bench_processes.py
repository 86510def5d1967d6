"""What a run costs with one process and with workers, and how many runs a minute that makes for a core.

    python -m tests.daemon.bench_processes [--probes 6000] [--interval 60] [--seconds 120] [--processes 1,2]

The servers of tests/daemon/crowd.py are beside it on the same machine, and their time is not counted. On a machine that
others use too, runs begin late and some end undecided; what a run costs hardly changes, so that is what is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.daemon.bench import Load, _quantile, _recorded, _value, configuration
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import Page

CPU: Final = "mcp_prober_worker_cpu_seconds_total"
MEMORY: Final = "mcp_prober_worker_resident_memory_bytes"


def measure(load: Load, processes: int, seconds: float) -> dict[str, float]:
    """Figures of one load, by what they are called."""
    with TemporaryDirectory() as folder, crowd() as port:
        file, history = Path(folder) / "bench.yaml", Path(folder) / "history.db"
        file.write_text(json.dumps(configuration(load, port)))
        with daemon(file, "--processes", str(processes), "--history", history, history=True) as running:
            time.sleep(load.interval)  # every probe once: tools are listed, pages are touched
            before, began = _spent(running), time.monotonic()
            time.sleep(seconds)
            after, took = _spent(running), time.monotonic() - began
            text = _metrics(running)
            workers = Page(text)
            figures = {
                "memory of the daemon's process, MB": running.memory / 1e6,
                "memory of its workers, MB": sum(workers.values(MEMORY)) / 1e6,
            }
            assert running.stop() == -15
        recorded = asyncio.run(_recorded(history, after=load.interval))
    runs = after[2] - before[2]
    own, theirs = (1e3 * (after[n] - before[n]) / runs for n in (0, 1))
    alone = own if processes == 1 else theirs
    return {
        "runs a minute": 60 * runs / took,
        "CPU of a run in the daemon's process, ms": own,
        "CPU of a run in its worker, ms": theirs,
        "runs a minute of a whole core of a process that probes": 60e3 / alone,
        **({} if processes == 1 else {"runs a minute of a whole core of the daemon's process": 60e3 / own}),
        **figures,
        "skipped runs": _value(text, "mcp_prober_skipped_runs_total"),
        "loop lag p99 at most, s": _quantile(text, "mcp_prober_loop_lag_seconds", 0.99),
        **{f"{name}, s": recorded[name] for name in ("start lag p50", "start lag p99")},
        "runs that did not pass": recorded["runs that did not pass"],
    }


def _metrics(running: Running) -> str:
    return running.get("metrics", timeout=120)


def _spent(running: Running) -> tuple[float, float, float]:
    """CPU seconds of the daemon's process and of its workers, and runs, so far."""
    page = Page(_metrics(running))
    return running.cpu_seconds, sum(page.values(CPU)), sum(page.values("mcp_probe_runs_total"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.daemon.bench_processes")
    parser.add_argument("--probes", type=int, default=6_000)
    parser.add_argument("--interval", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--processes", default="1,2")
    asked = parser.parse_args()
    load = Load(probes=asked.probes, interval=asked.interval)
    for processes in map(int, asked.processes.split(",")):
        print(f"{load.name}, {processes} processes, for {asked.seconds:g} s:", flush=True)
        for name, figure in measure(load, processes, asked.seconds).items():
            print(f"  {name:55} {figure:12,.3f}", flush=True)
        print(f"  {'load of the machine':55} {os.getloadavg()[1]:12,.1f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
