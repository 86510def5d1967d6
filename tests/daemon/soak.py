"""Whether a daemon stays as it is: memory, descriptors, threads and tasks over many runs, a third of them of peers that
misbehave, each connection to some of those in another way (`tests.fuzz`).

    python -m tests.daemon.soak [--runs 200000] [--per-second 100] [--curve FILE]

It is asked for its pages all the while. Again and again a reload slows its probes down, and what it takes is looked at
once no run is under way: what runs hold while they go on depends on the machine, what they leave behind does not. After
a warm-up, the first fifth of the runs, it is flat if the median of the last quarter is hardly more than that of the
first, for each of what is measured.
SQLite's caches (8 MB of the writer, 2 MB of each of two readers) fill as the history grows, for some 40,000 runs, and
the holes between the blocks of the heap for longer: fewer runs than 200,000 say more with --no-history.
Of its last runs the daemon keeps few here: the room for ten failures of a probe that hardly ever fails takes longer to
fill than this lasts, and looks like a leak until then. tests/recent holds it to its bounds.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.daemon.countable import INTO, KEPT_RUNS
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
SAMPLES: Final = 200
QUIET: Final = 3600.0
"""Seconds between two runs of a probe while the daemon is looked at."""
PATIENCE: Final = 120.0
"""Seconds for an answer: for hours on a machine that does other things, too, there is always one that takes long."""
PAGES: Final = ("", "targets/ok-1-0", "api/v1/targets", f"badge/html-{MIX.index('html')}.svg", "sd")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a daemon takes after so many runs, while none is under way."""

    runs: float
    memory: int
    """Resident bytes."""
    blocks: int
    """Of memory that Python has handed out, without garbage: what a leak of a few bytes shows in first."""
    descriptors: int
    threads: int
    tasks: int


ALLOWED: Final = {"memory": 0.03, "blocks": 0.03, "descriptors": 0.1, "threads": 0.1, "tasks": 0.1}
"""By how much the last quarter may be more than the first, as a share; of what is counted one by one, three more at
least: connections that are kept, and questions that are answered at that moment."""
FEW: Final = ("descriptors", "threads", "tasks")


@dataclass(frozen=True, kw_only=True)
class Trend:
    """How one measure went."""

    name: str
    first: float
    """Median of the first quarter."""
    last: float
    slope: float
    """By how much it grew per thousand runs, by least squares."""
    allowed: float

    @property
    def flat(self) -> bool:
        room = self.first * self.allowed
        return self.last - self.first <= (max(3.0, room) if self.name in FEW else room)

    def __str__(self) -> str:
        shown = {"memory": ("MB", 1e6), "blocks": ("k", 1e3)}.get(self.name, ("", 1.0))
        first, last, slope = (value / shown[1] for value in (self.first, self.last, self.slope))
        verdict = "flat" if self.flat else "GROWS"
        return (
            f"  {self.name:12} {first:8.2f} -> {last:8.2f} {shown[0]:2}  {slope:+.4f} per thousand runs, at the end"
            f" {last / first - 1:+.1%}: {verdict}"
        )


def configuration(port: int, hostile_port: int, *, interval: float, per_target: int) -> dict[str, Any]:
    """A target for each of the mix, with a few probes of two kinds."""
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
        targets[name] = {"url": url, "protocol": "modern", "concurrency": per_target}
        call = {"target": name, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}, **every}
        expect = [{"path": "$.length", "equals": 2}]
        probes[f"{name}-catalog"] = {"target": name, "kind": "catalog", "tools": ["echo"], **every}
        probes |= {f"{name}-call-{n}": {**call, "expect": expect} for n in range(per_target - 1)}
    return {"targets": targets, "probes": probes}


@dataclass(frozen=True, kw_only=True)
class Soaking:
    """A daemon under way: its configuration with its probes at their pace and with hardly any run, and where it counts
    what it holds."""

    running: Running
    file: Path
    counted: Path
    busy: str
    quiet: str

    def samples(self, wanted: int, *, pause: float, end: float, looks: int) -> list[Sample]:
        """Samples until there were so many runs; the pages are asked for meanwhile."""
        found: list[Sample] = []
        while (not found or found[-1].runs < wanted) and time.monotonic() < end:
            self._take(self.busy)
            for page in PAGES:
                time.sleep(pause / len(PAGES))
                self.running.get(page, timeout=PATIENCE)
            found.append(self._look())
            if len(found) % max(1, looks // 10) == 0:
                print(f"  {found[-1]}", flush=True)
        return found

    def _take(self, configuration: str) -> None:
        self.file.write_text(configuration)
        self.running.post("-/reload", timeout=PATIENCE)

    def _look(self) -> Sample:
        self._take(self.quiet)
        running = self.running
        until(lambda: _total(running, "mcp_prober_running_probes") == 0 or None, "runs go on")
        self.counted.unlink(missing_ok=True)
        running.process.send_signal(signal.SIGUSR1)
        until(self.counted.exists, "the daemon does not count what it holds")
        return Sample(
            runs=_total(running, "mcp_probe_runs_total"),
            memory=running.memory,
            descriptors=running.descriptors,
            threads=running.threads,
            **json.loads(self.counted.read_text()),
        )


def _total(running: Running, family: str) -> float:
    """The sum of a family; to have the whole page parsed takes longer than to make it."""
    lines = running.get("metrics", timeout=PATIENCE).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{family}{{", f"{family} ")))


def write_curve(samples: list[Sample], file: Path) -> None:
    """All samples as CSV."""
    names = [each.name for each in fields(Sample)]
    lines = [",".join(f"{getattr(sample, name):.0f}" for name in names) for sample in samples]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([",".join(names), *lines]) + "\n")


def trends(samples: list[Sample], *, warm_up: float = WARM_UP, allowed: Mapping[str, float] = ALLOWED) -> list[Trend]:
    """How each measure went once it was warm."""
    warm = [sample for sample in samples if sample.runs >= warm_up * samples[-1].runs]
    quarter = max(1, len(warm) // 4)
    found = []
    for name in (each.name for each in fields(Sample) if each.name != "runs"):
        values = [float(getattr(sample, name)) for sample in warm]
        line = statistics.linear_regression([sample.runs / 1000 for sample in warm], values)
        first, last = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
        found.append(Trend(name=name, first=first, last=last, slope=line.slope, allowed=allowed[name]))
    return found


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """What came of it."""

    samples: list[Sample]
    seconds: float
    skipped: float
    results: dict[str, int]
    """How many runs ended in each way."""
    trends: list[Trend]

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.samples[-1].runs:,.0f} runs in {self.seconds:,.0f} s, {len(self.samples)} samples,"
                f" {self.skipped:,.0f} runs skipped",
                "  " + ", ".join(f"{result} {count:,}" for result, count in sorted(self.results.items())),
                *map(str, self.trends),
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Soak:
    """What is to be done."""

    runs: int
    per_second: float
    seconds: float
    """After so long it ends with as many runs as there were."""
    looks: int = SAMPLES
    per_target: int = PER_TARGET
    history: bool = True
    kept_runs: int | None = None
    """Runs that the daemon keeps in memory of each probe and verdict, where fewer than usual shall do."""
    warm_up: float = WARM_UP
    allowed: Mapping[str, float] = field(default_factory=lambda: ALLOWED)

    def carry_out(self) -> Soaked:
        """A daemon, its peers, and the runs."""
        with TemporaryDirectory() as folder, crowd() as port, hostile() as hostile_port:
            file, counted = Path(folder) / "soak.yaml", Path(folder) / "counted"
            busy, quiet = (
                json.dumps(configuration(port, hostile_port, interval=interval, per_target=self.per_target))
                for interval in (len(MIX) * self.per_target / self.per_second, QUIET)
            )
            file.write_text(busy)
            options = ["--history", f"{folder}/history.db"] if self.history else []
            environ = {INTO: str(counted)} | ({KEPT_RUNS: str(self.kept_runs)} if self.kept_runs else {})
            with daemon(
                file, *options, history=self.history, environ=environ, module="tests.daemon.countable"
            ) as running:
                began = time.monotonic()
                soaking = Soaking(running=running, file=file, counted=counted, busy=busy, quiet=quiet)
                samples = soaking.samples(
                    self.runs,
                    pause=self.runs / self.per_second / self.looks,
                    end=began + self.seconds,
                    looks=self.looks,
                )
                took = time.monotonic() - began
                page = metrics(running)
                assert running.stop() == -15
        counted_runs = [sample for sample in page.samples if sample.name == "mcp_probe_runs_total"]
        results: Counter[str] = Counter()
        for sample in counted_runs:
            results[sample.labels["result"]] += round(sample.value)
        return Soaked(
            samples=samples,
            seconds=took,
            skipped=page.value("mcp_prober_skipped_runs_total") or 0.0,
            results=+results,
            trends=trends(samples, warm_up=self.warm_up, allowed=self.allowed),
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.daemon.soak")
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--per-second", type=float, default=100)
    parser.add_argument("--no-history", action="store_true", help="without SQLite, whose caches take long to fill")
    parser.add_argument("--kept-runs", type=int, default=1, help="that the daemon keeps of each probe and verdict")
    parser.add_argument("--curve", type=Path, help="write every sample to this file, as CSV")
    parser.add_argument(
        "--seconds", type=float, default=7200, help="end after so long, with as many runs as there were"
    )
    asked = parser.parse_args()
    done = Soak(
        runs=asked.runs,
        per_second=asked.per_second,
        seconds=asked.seconds,
        history=not asked.no_history,
        kept_runs=asked.kept_runs,
    ).carry_out()
    if asked.curve is not None:
        write_curve(done.samples, asked.curve)
    print(done)
    return 0 if all(trend.flat for trend in done.trends) else 1


if __name__ == "__main__":
    sys.exit(main())
