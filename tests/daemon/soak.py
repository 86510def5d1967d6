"""Whether a daemon stays as it is: memory, descriptors and threads over many runs, of peers that are well and not.

    python -m tests.daemon.soak [--runs 200000] [--per-second 100]

It is asked for its pages and reloaded all the while. What it takes is looked at after a warm-up, the first fifth of the
runs: it is flat if the median of the last quarter is hardly more than that of the first, for each of what is measured.
SQLite's caches (8 MB of the writer, 2 MB of each of two readers) fill as the history grows, for some 40,000 runs: fewer
runs than 200,000 say more with --no-history.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import metrics

MIX: Final = ("ok/1", "ok/1", "ok/10", "ok/50", "wrong", "html", "error", "reset", "hang", "refused", "unknown")
PER_TARGET: Final = 4
WARM_UP: Final = 0.2
"""Share of the runs."""
SAMPLES: Final = 400
RELOAD_EVERY: Final = 20
"""Samples."""
PAGES: Final = ("", "targets/ok-1-0", "api/v1/targets", "badge/html-5.svg", "sd")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a daemon takes after so many runs. Memory in bytes."""

    runs: float
    memory: int
    descriptors: int
    threads: int


ALLOWED: Final = {"memory": 0.03, "descriptors": 0.1, "threads": 0.1}
"""By how much the last quarter may be more than the first, as a share; of what is counted, two more at least."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """How one measure went."""

    name: str
    first: float
    """Median of the first quarter."""
    last: float
    slope: float
    """By how much it grew per thousand runs, by least squares."""

    @property
    def flat(self) -> bool:
        room = self.first * ALLOWED[self.name]
        return self.last - self.first <= (room if self.name == "memory" else max(2.0, room))

    def __str__(self) -> str:
        shown = {"memory": ("MB", 1e6)}.get(self.name, ("", 1.0))
        first, last, slope = (value / shown[1] for value in (self.first, self.last, self.slope))
        verdict = "flat" if self.flat else "GROWS"
        return (
            f"  {self.name:12} {first:8.2f} -> {last:8.2f} {shown[0]:2}  {slope:+.4f} per thousand runs, at the end"
            f" {last / first - 1:+.1%}: {verdict}"
        )


def configuration(port: int, *, per_second: float) -> dict[str, Any]:
    """A target for each of the mix, with a few probes of several kinds."""
    interval = len(MIX) * PER_TARGET / per_second
    every = {"interval": f"{interval * 1000:.0f}ms", "timeout": f"{min(interval, 0.4) * 1000:.0f}ms"}
    targets: dict[str, Any] = {}
    probes: dict[str, Any] = {}
    for number, path in enumerate(MIX):
        name = f"{path.replace('/', '-')}-{number}"
        urls = {"refused": "http://127.0.0.1:9/mcp", "unknown": "http://nobody.invalid/mcp"}
        url = urls.get(path, f"http://127.0.0.1:{port}/{path}")
        targets[name] = {"url": url, "protocol": "modern", "concurrency": PER_TARGET}
        call = {"target": name, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}, **every}
        expect = [{"path": "$.length", "equals": 2}]
        probes[f"{name}-catalog"] = {"target": name, "kind": "catalog", "tools": ["echo"], **every}
        probes |= {f"{name}-call-{n}": {**call, "expect": expect} for n in range(PER_TARGET - 1)}
    return {"targets": targets, "probes": probes}


def soaked(running: Running, wanted: int, *, pause: float) -> list[Sample]:
    """Samples until there were so many runs; the pages are asked for and the configuration is read anew meanwhile."""
    samples: list[Sample] = []
    done = 0.0
    while done < wanted:
        for page in PAGES:
            running.get(page)
        if len(samples) % RELOAD_EVERY == RELOAD_EVERY - 1:
            running.post("-/reload")
        done = sum(metrics(running).values("mcp_probe_runs_total"))
        samples.append(
            Sample(runs=done, memory=running.memory, descriptors=running.descriptors, threads=running.threads)
        )
        if len(samples) % (SAMPLES // 10) == 0:
            print(f"  {samples[-1]}", flush=True)
        time.sleep(pause)
    return samples


def trends(samples: list[Sample]) -> list[Trend]:
    """How each measure went once it was warm."""
    warm = [sample for sample in samples if sample.runs >= WARM_UP * samples[-1].runs]
    quarter = max(1, len(warm) // 4)
    found = []
    for name in (field.name for field in fields(Sample) if field.name != "runs"):
        values = [float(getattr(sample, name)) for sample in warm]
        line = statistics.linear_regression([sample.runs / 1000 for sample in warm], values)
        first, last = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
        found.append(Trend(name=name, first=first, last=last, slope=line.slope))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.daemon.soak")
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--per-second", type=float, default=100)
    parser.add_argument("--no-history", action="store_true", help="without SQLite, whose caches take long to fill")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder, crowd() as port:
        file = Path(folder) / "soak.yaml"
        file.write_text(json.dumps(configuration(port, per_second=asked.per_second)))
        kept = not asked.no_history
        options: list[str] = ["--history", f"{folder}/history.db"] if kept else []
        with daemon(file, *options, history=kept) as running:
            began = time.monotonic()
            samples = soaked(running, asked.runs, pause=asked.runs / asked.per_second / SAMPLES)
            took = time.monotonic() - began
            page = metrics(running)
            assert running.stop() == -15
    skipped = page.value("mcp_prober_skipped_runs_total")
    reasons = {sample.labels["reason"] for sample in page.samples if "reason" in sample.labels and sample.value}
    print(f"{samples[-1].runs:,.0f} runs in {took:,.0f} s, {len(samples)} samples, {skipped:,.0f} runs skipped")
    print(f"  they failed by {', '.join(sorted(reasons))}")
    found = trends(samples)
    print(*found, sep="\n")
    return 0 if all(trend.flat for trend in found) else 1


if __name__ == "__main__":
    sys.exit(main())
