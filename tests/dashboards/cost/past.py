"""A week of a fleet of some size in a real Prometheus: what the rules recorded of it, and its newest pages in full.

The names and labels are those of a real page and of the real rules; that Prometheus, which evaluates the rules when
all is written, adds no series to them is asserted. The values are made up: a bad night, and a few targets that fail.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prober.config.model import Config, Probe
from prober.outcome import Reason
from tests.metrics.reading import metrics_of, page
from tests.metrics.world import MODERN, PHASES, crowd, ran
from tests.remote_write import labelled, valued, write

HOUR: Final = 3600.0
PLACE: Final = "fra-1"
RAW: Final = 35 * 60.0
"""Of the pages so much is written: as far as the rules and the questions about now look back."""
SCRAPE: Final = 15.0
_NIGHT: Final = (30 * HOUR, 36 * HOUR)
"""Before the end: when a third of the targets failed, all of whose runs a minute fail."""
_DENSE: Final[Mapping[str, tuple[float, float]]] = {
    # seconds between two samples, and their value
    "instance_target:mcp_probe_runs_judged:increase5m": (30, 50),
    "instance_target:mcp_probe_runs_failed:increase5m": (30, 0),
    "instance_target:mcp_probes:count": (60, 10),
    "instance_target:mcp_probe_last_run_timestamp_seconds:max": (60, 1.8e9),
    "instance_target:mcp_probes:standing": (60, 0),
    "instance_target:mcp_target_run_duration_seconds:p95_30m": (120, 0.02),
    "target:mcp_probe_runs_judged:increase5m": (30, 50),
    "target:mcp_probe_runs_failed:increase5m": (30, 0),
    "target:mcp_probe_availability:ratio1h": (30, 1),
    "target:mcp_slo_error_budget:ratio": (30, 0.01),
}
_SPARSE: Final[Mapping[str, tuple[float, float, Mapping[str, str]]]] = {
    "instance_target:mcp_probes_not_passing:count": (60, 5, {"reason": "connect_refused", "symptom": "no_answer"}),
    "instance_target:mcp_probes_failing_since:min": (60, 1.8e9, {}),
    "instance_target:mcp_probe_runs_not_passed:increase5m": (60, 25, {"result": "no_answer"}),
}
"""Of targets that fail only."""
_BROKEN: Final = {
    "instance_target:mcp_probe_runs_failed:increase5m": 25.0,
    "instance_target:mcp_probes:standing": 3.5,
    "target:mcp_probe_runs_failed:increase5m": 25.0,
    "target:mcp_probe_availability:ratio1h": 0.5,
}
"""The value while a target fails, where that is another."""
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


def _run(probe: Probe, reason: Reason | None):  # type: ignore[no-untyped-def]
    return ran(probe, took=0.0051, server=MODERN, phases=PHASES, facts={"latency_seconds": 0.0038}, reason=reason)


def samples_of(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Every line of a page; none of its labels has a quote in it."""
    for line in text.splitlines():
        if not line.startswith("#") and (found := _LINE.match(line)):
            yield found[1], dict(re.findall(r'(\w+)="([^"]*)"', found[2] or "")), float(found[3])


def write_recorded(url: str, targets: list[str], at: Mapping[str, str], begin: float, end: float) -> int:
    """What the rules recorded from `begin` to `end`, an hour at a time; the number of samples."""
    written = 0
    hour = begin
    while hour < end:
        until = min(hour + HOUR, end)
        bad = _NIGHT[0] <= end - hour < _NIGHT[1]
        for name, step in {
            **{n: s for n, (s, _) in _DENSE.items()},
            **{n: s for n, (s, _, _) in _SPARSE.items()},
        }.items():
            moments = [hour + step * number for number in range(int((until - hour) / step))]
            written += _write_hour(url, name, targets, at, moments, bad=bad)
        hour = until
    return written


def _write_hour(
    url: str, name: str, targets: list[str], at: Mapping[str, str], moments: list[float], *, bad: bool
) -> int:
    labels = {key: value for key, value in at.items() if name.startswith("instance_") or key == "job"}
    broken = [fails(number) or (bad and number % 3 == 0) for number in range(len(targets))]
    if name in _SPARSE:
        _, value, more = _SPARSE[name]
        chosen = [(target, True) for target, failing in zip(targets, broken, strict=True) if failing]
    else:
        (_, value), more = _DENSE[name], {}
        chosen = list(zip(targets, broken, strict=True))
    blocks = {
        failing: valued([(moment, _BROKEN.get(name, value) if failing else value) for moment in moments])
        for failing in (False, True)
    }
    write(url, ((labelled(name, {**labels, **more, "target": target}), blocks[failing]) for target, failing in chosen))
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
