"""Whether a daemon stays as it is: memory, descriptors, threads and tasks over many runs, a third of them of peers that
misbehave, each connection to some of those in another way (`tests.fuzz`).

    python -m tests.daemon.soak [--runs 200000] [--per-second 100] [--curve FILE]

It is asked for its pages and reloaded all the while. What it takes is looked at after a warm-up, the first fifth of the
runs: it is flat if the median of the last quarter is hardly more than that of the first, for each of what is measured.
SQLite's caches (8 MB of the writer, 2 MB of each of two readers) fill as the history grows, for some 40,000 runs: fewer
runs than 200,000 say more with --no-history.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.daemon.countable import INTO
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import metrics, until
from tests.fuzz.serve import hostile

MIX: Final = (
    *("ok/1",) * 10, *("ok/10",) * 6, *("ok/50",) * 4,
    *("hostile",) * 3, "wrong", "html", "error", "reset", "hang", "refused", "unknown",
)  # fmt: skip
PER_TARGET: Final = 4
WARM_UP: Final = 0.2
"""Share of the runs."""
SAMPLES: Final = 400
RELOAD_EVERY: Final = 20
"""Samples."""
PAGES: Final = ("", "targets/ok-1-0", "api/v1/targets", f"badge/html-{MIX.index('html')}.svg", "sd")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a daemon takes after so many runs. Memory in bytes."""

    runs: float
    memory: int
    descriptors: int
    threads: int
    tasks: int


ALLOWED: Final = {"memory": 0.03, "descriptors": 0.1, "threads": 0.1, "tasks": 0.1}
"""By how much the last quarter may be more than the first, as a share; of what is counted, three more at least: how
many runs are under way changes from one look to the next."""


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
        return self.last - self.first <= (room if self.name == "memory" else max(3.0, room))

    def __str__(self) -> str:
        shown = {"memory": ("MB", 1e6)}.get(self.name, ("", 1.0))
        first, last, slope = (value / shown[1] for value in (self.first, self.last, self.slope))
        verdict = "flat" if self.flat else "GROWS"
        return (
            f"  {self.name:12} {first:8.2f} -> {last:8.2f} {shown[0]:2}  {slope:+.4f} per thousand runs, at the end"
            f" {last / first - 1:+.1%}: {verdict}"
        )


def configuration(port: int, hostile_port: int, *, per_second: float) -> dict[str, Any]:
    """A target for each of the mix, with a few probes of several kinds."""
    interval = len(MIX) * PER_TARGET / per_second
    every = {"interval": f"{interval * 1000:.0f}ms", "timeout": f"{min(interval, 0.4) * 1000:.0f}ms"}
    targets: dict[str, Any] = {}
    probes: dict[str, Any] = {}
    for number, path in enumerate(MIX):
        name = f"{path.replace('/', '-')}-{number}"
        urls = {
            "refused": "http://127.0.0.1:9/mcp",
            "unknown": "http://nobody.invalid/mcp",
            "hostile": f"http://127.0.0.1:{hostile_port}/mcp",
        }
        url = urls.get(path, f"http://127.0.0.1:{port}/{path}")
        targets[name] = {"url": url, "protocol": "modern", "concurrency": PER_TARGET}
        call = {"target": name, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}, **every}
        expect = [{"path": "$.length", "equals": 2}]
        probes[f"{name}-catalog"] = {"target": name, "kind": "catalog", "tools": ["echo"], **every}
        probes |= {f"{name}-call-{n}": {**call, "expect": expect} for n in range(PER_TARGET - 1)}
    return {"targets": targets, "probes": probes}


def soaked(running: Running, tasks_file: Path, wanted: int, *, pause: float, end: float) -> list[Sample]:
    """Samples until there were so many runs; the pages are asked for and the configuration is read anew meanwhile."""
    samples: list[Sample] = []
    done = 0.0
    while done < wanted and time.monotonic() < end:
        for page in PAGES:
            running.get(page)
        if len(samples) % RELOAD_EVERY == RELOAD_EVERY - 1:
            running.post("-/reload")
        done = _runs(running)
        tasks = _tasks(running, tasks_file)
        samples.append(
            Sample(
                runs=done,
                memory=running.memory,
                descriptors=running.descriptors,
                threads=running.threads,
                tasks=tasks,
            )
        )
        if len(samples) % (SAMPLES // 10) == 0:
            print(f"  {samples[-1]}", flush=True)
        time.sleep(pause)
    return samples


def _runs(running: Running) -> float:
    """By the counters; to have the whole page parsed takes longer than to make it."""
    lines = running.get("metrics").splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("mcp_probe_runs_total{"))


def _tasks(running: Running, file: Path) -> int:
    file.unlink(missing_ok=True)
    running.process.send_signal(signal.SIGUSR1)
    until(file.exists, "the daemon does not count its tasks")
    return int(file.read_text())


def write_curve(samples: list[Sample], file: Path) -> None:
    """All samples as CSV."""
    names = [field.name for field in fields(Sample)]
    lines = [",".join(f"{getattr(sample, name):.0f}" for name in names) for sample in samples]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([",".join(names), *lines]) + "\n")


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


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """What came of it."""

    samples: list[Sample]
    seconds: float
    skipped: float
    reasons: list[str]

    @property
    def trends(self) -> list[Trend]:
        return trends(self.samples)

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.samples[-1].runs:,.0f} runs in {self.seconds:,.0f} s, {len(self.samples)} samples,"
                f" {self.skipped:,.0f} runs skipped",
                f"  they failed by {', '.join(self.reasons)}",
                *map(str, self.trends),
            ]
        )


def soak(wanted: int, *, per_second: float, seconds: float, history: bool = True, looks: int = SAMPLES) -> Soaked:
    """A daemon, its peers, and so many runs, or as many as there is time for."""
    with TemporaryDirectory() as folder, crowd() as port, hostile() as hostile_port:
        file, tasks = Path(folder) / "soak.yaml", Path(folder) / "tasks"
        file.write_text(json.dumps(configuration(port, hostile_port, per_second=per_second)))
        options = ["--history", f"{folder}/history.db"] if history else []
        environ = {INTO: str(tasks)}
        with daemon(file, *options, history=history, environ=environ, module="tests.daemon.countable") as running:
            began = time.monotonic()
            samples = soaked(running, tasks, wanted, pause=wanted / per_second / looks, end=began + seconds)
            took = time.monotonic() - began
            page = metrics(running)
            assert running.stop() == -15
    reasons = {sample.labels["reason"] for sample in page.samples if "reason" in sample.labels and sample.value}
    skipped = page.value("mcp_prober_skipped_runs_total") or 0.0
    return Soaked(samples=samples, seconds=took, skipped=skipped, reasons=sorted(reasons))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.daemon.soak")
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--per-second", type=float, default=100)
    parser.add_argument("--no-history", action="store_true", help="without SQLite, whose caches take long to fill")
    parser.add_argument("--curve", type=Path, help="write every sample to this file, as CSV")
    parser.add_argument(
        "--seconds", type=float, default=7200, help="end after so long, with as many runs as there were"
    )
    asked = parser.parse_args()
    done = soak(asked.runs, per_second=asked.per_second, seconds=asked.seconds, history=not asked.no_history)
    if asked.curve is not None:
        write_curve(done.samples, asked.curve)
    print(done)
    return 0 if all(trend.flat for trend in done.trends) else 1


if __name__ == "__main__":
    sys.exit(main())
