"""The shipped probes of the reference server with short intervals, for the servers of a drill.

Timeouts are a little shorter than intervals, so that a server that hangs does not look like a prober that skips runs.
Races are small: a fault strikes at every occasion.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from prober.config.fields.units import show_duration
from prober.drill.expected import SLOW_SECONDS

_INTERVALS: Final[Mapping[str, float]] = {
    "catalog": 3.0,
    "clients": 3.0,
    "http": 4.0,
    "session": 4.0,
    "isolation": 5.0,
    "race": 5.0,
    "scenario": 6.0,
}
"""Seconds, by kind: a probe of many requests takes longer while each request is slow."""
_DEFAULT_INTERVAL: Final = 2.0
_TIMEOUT_SHARE: Final = 0.95
"""Share of the interval."""
_SMALLER: Final[Mapping[str, Mapping[str, int]]] = {
    "race": {"clients": 3, "operations": 24},
    "isolation": {"clients": 3, "rounds": 4},
    "session": {"connections": 2},
}
_LATENCY: Final = {"fail": f"{SLOW_SECONDS * 500:g}ms"}
"""Replaces the shipped budgets: half of the delay of the fault `slow`."""


@dataclass(frozen=True, kw_only=True)
class Probed:
    """The shipped probes that look at one server."""

    file: str
    probes: frozenset[str] | None
    """Their names; None for all of the file."""

    def of(self, shipped: Mapping[str, Any]) -> dict[str, Any]:
        """Those of them that the file has."""
        return {name: probe for name, probe in shipped.items() if self.probes is None or name in self.probes}


@dataclass(frozen=True, kw_only=True)
class DrillTarget:
    """A reference server of the drill and its probes."""

    name: str
    url: str
    probed: Probed


def write(targets: Iterable[DrillTarget], *, shipped: Path, folder: Path, pace: float = 1.0) -> Path:
    """Write a configuration for these targets, with its schemas, into `folder`; returns the path of its file.

    Probes are named by `probe_name`. Their intervals are multiplied by `pace`.
    """
    for part in ("schemas", "contracts"):
        shutil.copytree(shipped / part, folder / part)
    document: dict[str, Any] = {"targets": {}, "probes": {}}
    for target in targets:
        read = yaml.safe_load((shipped / target.probed.file).read_text(encoding="utf-8"))
        probes = target.probed.of(read["probes"])
        (of_file,) = {probe["target"] for probe in probes.values()}
        settings = read["targets"][of_file]
        # All probes at once: a probe that hangs delays no other.
        document["targets"][target.name] = {**settings, "url": target.url, "concurrency": len(probes)}
        for name, probe in probes.items():
            document["probes"][probe_name(target.name, name)] = _shortened(probe, target.name, pace)
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")  # JSON is YAML
    return path


def probe_name(target: str, shipped: str) -> str:
    """The name of a shipped probe for one target: names are unique in a configuration."""
    return f"{target}.{shipped}"


def _shortened(probe: Mapping[str, Any], target: str, pace: float) -> dict[str, Any]:
    interval = pace * _INTERVALS.get(probe["kind"], _DEFAULT_INTERVAL)
    times = {"interval": show_duration(interval), "timeout": show_duration(_TIMEOUT_SHARE * interval)}
    shortened = {**probe, "target": target, **times}
    shortened |= _SMALLER.get(probe["kind"], {})
    if "latency" in probe:
        shortened["latency"] = _LATENCY
    return shortened
