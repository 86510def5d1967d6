"""The shipped probes of the reference server as a drill runs them: at short intervals, on servers of its own.

Intervals are short and timeouts a little shorter, so that a server that hangs does not look like a prober that skips
runs. Races are small: a fault strikes at every occasion.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from prober.config.units import show_duration
from prober.drill.expected import SLOW_SECONDS

_CALLS: Final = "reference.yaml"
_RACES: Final = "reference-races.yaml"

_INTERVALS: Final[Mapping[str, float]] = {"catalog": 3.0, "scenario": 6.0, "race": 5.0}
"""Seconds, by kind; the more requests a probe makes, the longer it takes where each is slow."""
_USUAL_INTERVAL: Final = 2.0
_TIMEOUT: Final = 0.95
"""Of the interval."""
_RACE: Final = {"clients": 3, "operations": 24}
_LATENCY: Final = {"fail": f"{SLOW_SECONDS * 500:g}ms"}
"""Instead of the shipped budgets: half of what the fault `slow` takes."""


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """A target of the drill: a reference server and what probes it."""

    name: str
    url: str
    races: frozenset[str] = frozenset()
    """Which of the shipped races are its probes; where there is none, all that do not race are."""


def write(targets: Iterable[Drilled], *, shipped: Path, folder: Path, pace: float = 1.0) -> Path:
    """Write a configuration for these targets into `folder`, with the schemas it needs; returns its file.

    All intervals are `pace` times what they are at the usual speed.
    Probes are called as in the shipped files, with `probe_name` where there is more than one target.
    """
    for part in ("schemas", "contracts"):
        shutil.copytree(shipped / part, folder / part)
    document: dict[str, Any] = {"targets": {}, "probes": {}}
    for target in targets:
        read = yaml.safe_load((shipped / (_RACES if target.races else _CALLS)).read_text(encoding="utf-8"))
        probes = {name: probe for name, probe in read["probes"].items() if name in target.races or not target.races}
        (settings,) = read["targets"].values()
        # All at once: where one hangs, none of the others waits for its turn.
        document["targets"][target.name] = {**settings, "url": target.url, "concurrency": len(probes)}
        for name, probe in probes.items():
            document["probes"][probe_name(target.name, name)] = _shortened(probe, target.name, pace)
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")  # of YAML, JSON is a part
    return path


def probe_name(target: str, shipped: str) -> str:
    """What a shipped probe is called when it probes that target: names are unique in a configuration."""
    return f"{target}.{shipped}"


def _shortened(probe: Mapping[str, Any], target: str, pace: float) -> dict[str, Any]:
    interval = pace * _INTERVALS.get(probe["kind"], _USUAL_INTERVAL)
    times = {"interval": show_duration(interval), "timeout": show_duration(_TIMEOUT * interval)}
    hasty = {**probe, "target": target, **times}
    if probe["kind"] == "race":
        hasty |= _RACE
    if "latency" in probe:
        hasty["latency"] = _LATENCY
    return hasty
