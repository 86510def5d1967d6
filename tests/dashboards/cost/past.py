"""A week of a fleet of some size in a real Prometheus: what the rules recorded of it, and its newest pages in full.

The names and labels are those of a real page and of the real rules; that Prometheus, which evaluates the rules when
all is written, adds no series to them is asserted. The values are made up: a bad night, and a few targets that fail.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Final

from prober.config.model import Config, Probe
from prober.outcome import Reason
from prober.scheduled_run import ScheduledRun
from tests.metrics.reading import metrics_of, page
from tests.metrics.world import MODERN, PHASES, crowd, ran
from tests.programs import program
from tests.real.process import free_port, running
from tests.remote_write import labelled, valued, write
from tests.waiting import block_until

START: Final = 60.0
HOUR: Final = 3600.0
PLACE: Final = "fra-1"
RAW: Final = 35 * 60.0
"""Of the pages so much is written: as far as the rules and the questions about now look back."""
SCRAPE: Final = 15.0
_NIGHT: Final = (30 * HOUR, 36 * HOUR)
"""Before the end: when a third of the targets failed, all of whose runs a minute fail."""


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    """What is written of a recorded name for each target: how often, and which value while it is well and while not."""

    every: float
    well: float | None
    """None where there is no series while a target is well."""
    failing: float
    more: Mapping[str, str] = field(default_factory=dict)
    """Labels of its own."""


_OF_TARGET: Final = {
    "mcp_probe_runs_judged:increase5m": _Recorded(every=30, well=50, failing=50),
    "mcp_probe_runs_failed:increase5m": _Recorded(every=30, well=0, failing=25),
}
_RECORDED: Final[Mapping[str, _Recorded]] = {
    **{f"{level}:{name}": each for level in ("target", "instance_target") for name, each in _OF_TARGET.items()},
    "target:mcp_probe_availability:ratio1h": _Recorded(every=30, well=1, failing=0.5),
    "target:mcp_slo_error_budget:ratio": _Recorded(every=30, well=0.01, failing=0.01),
    "instance_target:mcp_probes:count": _Recorded(every=60, well=10, failing=10),
    "instance_target:mcp_probes:standing": _Recorded(every=60, well=0, failing=3.5),
    "instance_target:mcp_probe_last_run_timestamp_seconds:max": _Recorded(every=60, well=1.8e9, failing=1.8e9),
    "instance_target:mcp_target_run_duration_seconds:p95_30m": _Recorded(every=120, well=0.02, failing=0.02),
    "instance_target:mcp_probes_not_passing:count": _Recorded(
        every=60, well=None, failing=5, more={"reason": "connect_refused", "symptom": "no_answer"}
    ),
    "instance_target:mcp_probes_failing_since:min": _Recorded(every=60, well=None, failing=1.8e9),
    "instance_target:mcp_probe_runs_not_passed:increase5m": _Recorded(
        every=60, well=None, failing=25, more={"result": "no_answer"}
    ),
}
_LINE: Final = re.compile(r"(\w+)(?:\{([^}]*)\})? (\S+)$")


def fails(target: int) -> bool:
    """One target in fifty fails all the week, in half of its probes."""
    return target % 50 == 7


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Probes, ten to a target, that have all run, and the page that says so."""

    config: Config
    page: str


def fleet(probes: int) -> Fleet:
    """A fleet of this size."""
    config = crowd(probes)
    metrics = metrics_of(config, location=PLACE)
    for number, probe in enumerate(config.probes.values()):
        metrics.record(_run(probe, Reason.CONNECT_REFUSED if fails(number // 10) and number % 2 else None))
    return Fleet(config=config, page=asyncio.run(page(metrics)))


def _run(probe: Probe, reason: Reason | None) -> ScheduledRun:
    return ran(probe, took=0.0051, server=MODERN, phases=PHASES, facts={"latency_seconds": 0.0038}, reason=reason)


def samples_of(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Every line of a page; none of its labels has a quote in it."""
    for line in text.splitlines():
        if not line.startswith("#") and (found := _LINE.match(line)):
            yield found[1], dict(re.findall(r'(\w+)="([^"]*)"', found[2] or "")), float(found[3])


def write_recorded(url: str, targets: list[str], at: Mapping[str, str], begin: float, end: float) -> int:
    """What the rules recorded from `begin` to `end`, an hour at a time; the number of samples."""
    written = 0
    for number in range(ceil((end - begin) / HOUR)):
        hour = begin + number * HOUR
        bad = _NIGHT[0] <= end - hour < _NIGHT[1]
        for name, recorded in _RECORDED.items():
            steps = int((min(hour + HOUR, end) - hour) / recorded.every)
            moments = [hour + recorded.every * step for step in range(steps)]
            written += _write_hour(url, name, targets, at, moments, bad=bad)
    return written


def _write_hour(
    url: str, name: str, targets: list[str], at: Mapping[str, str], moments: list[float], *, bad: bool
) -> int:
    recorded = _RECORDED[name]
    labels = {key: value for key, value in at.items() if name.startswith("instance_") or key == "job"}
    labels |= recorded.more
    blocks = {
        failing: None if value is None else valued([(moment, value) for moment in moments])
        for failing, value in ((False, recorded.well), (True, recorded.failing))
    }
    failing = [fails(number) or (bad and number % 3 == 0) for number in range(len(targets))]
    chosen = [(target, block) for target, state in zip(targets, failing, strict=True) if (block := blocks[state])]
    write(url, ((labelled(name, {**labels, "target": target}), block) for target, block in chosen))
    return len(chosen) * len(moments)


def write_pages(url: str, text: str, at: Mapping[str, str], end: float) -> int:
    """The newest pages; counters grow as if every probe ran each minute. The number of samples."""
    steps = int(RAW / SCRAPE)
    moments = [end - SCRAPE * back for back in reversed(range(steps))]
    blocks: dict[tuple[float, bool], bytes] = {}
    series = []
    for name, labels, value in samples_of(text):
        grows = value > 0 and name.endswith(("_total", "_bucket", "_count", "_sum"))
        if (value, grows) not in blocks:
            blocks[value, grows] = valued(
                [(moment, value + grows * (SCRAPE * number // 60)) for number, moment in enumerate(moments)]
            )
        series.append((labelled(name, {**labels, **at}), blocks[value, grows]))
    write(url, series)
    write(url, [(labelled("up", {key: at[key] for key in ("job", "instance")}), blocks[1.0, False])])
    return len(series) * steps


@contextmanager
def accepting(folder: Path) -> Iterator[str]:
    """A Prometheus that takes what is written to it; stopped on leaving."""
    config, log, port = folder / "prometheus.yml", folder / "prometheus.log", free_port()
    config.write_text(json.dumps({"global": {"scrape_interval": f"{SCRAPE:.0f}s"}}), encoding="utf-8")
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--web.enable-lifecycle",
        "--query.timeout=150s",
    ]
    with running(command, port=port, log=log):
        block_until(lambda: "Server is ready" in log.read_text(), log.read_text, seconds=START)
        yield f"http://127.0.0.1:{port}"
