"""The probes of a target: a few of those that ship for the reference server, with short intervals."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from prober.config.fields.units import show_duration
from tests.alerts.rules import ROOT

USUAL: Final = ("reference-handshake", "reference-workflow-state")
"""Not the catalog, whose many requests would end at its timeout where each is slow."""
INTERVAL: Final = 4.0
"""Seconds between two runs of a probe."""
RACE_INTERVAL: Final = 10.0
_TIMEOUT: Final = 0.9
"""Share of the interval."""
SLOW_SECONDS: Final = 1.2
"""How late an answer is that comes too late: far below the timeout, for a probe asks up to two questions."""
_LATENCY: Final = {"fail": "900ms"}


@dataclass(frozen=True, kw_only=True)
class Probed:
    """A target and the shipped probes that it has."""

    name: str
    url: str
    probes: tuple[str, ...] = USUAL


def write(targets: Iterable[Probed], folder: Path) -> Path:
    """A configuration of these targets, with its schemas, in `folder`; the path of its file."""
    shipped = ROOT / "probes"
    for part in ("schemas", "contracts"):
        shutil.copytree(shipped / part, folder / part, dirs_exist_ok=True)
    known: dict[str, Any] = {}
    for file in ("reference.yaml", "reference-races.yaml"):
        known |= yaml.safe_load((shipped / file).read_text(encoding="utf-8"))["probes"]
    document: dict[str, Any] = {"targets": {}, "probes": {}}
    for target in targets:
        document["targets"][target.name] = {
            "url": target.url,
            "allow_writes": True,
            "concurrency": len(target.probes),  # a probe that hangs delays no other
        }
        for name in target.probes:
            document["probes"][f"{target.name}.{name.removeprefix('reference-')}"] = _short(known[name], target.name)
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")  # JSON is YAML
    return path


def _short(probe: Mapping[str, Any], target: str) -> dict[str, Any]:
    race = probe["kind"] == "race"
    interval = RACE_INTERVAL if race else INTERVAL
    times = {"interval": show_duration(interval), "timeout": show_duration(_TIMEOUT * interval)}
    changes: dict[str, Any] = {"target": target, **times}
    if race:
        changes |= {"clients": 3, "operations": 24}
    if "latency" in probe:
        changes |= {"latency": _LATENCY}
    return {**probe, **changes}
