"""The shipped probes of the reference server as the drill's daemon runs them: in haste, on servers of the drill's own.

Intervals are short, timeouts shorter, and a probe that is still at it when it is due again is none: a server that
hangs must not look like a prober that skips runs. Races are small; a fault strikes at every occasion.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from prober.drill.expected import SLOW_SECONDS

_CALLS: Final = "reference.yaml"
_RACES: Final = "reference-races.yaml"

_TIMES: Final[Mapping[str, Mapping[str, str]]] = {
    # The more requests a probe makes, the longer it takes where each is slow.
    "catalog": {"interval": "2s", "timeout": "1900ms"},
    "scenario": {"interval": "5s", "timeout": "4900ms"},
    "race": {"interval": "4s", "timeout": "3900ms"},
}
_USUAL_TIMES: Final = {"interval": "1s", "timeout": "950ms"}
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


def write(targets: Iterable[Drilled], *, shipped: Path, folder: Path) -> Path:
    """Write a configuration for these targets into `folder`, with the schemas it needs; returns its file.

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
            document["probes"][probe_name(target.name, name)] = _in_haste(probe, target.name)
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")  # of YAML, JSON is a part
    return path


def probe_name(target: str, shipped: str) -> str:
    """What a shipped probe is called when it probes that target: names are unique in a configuration."""
    return f"{target}.{shipped}"


def _in_haste(probe: Mapping[str, Any], target: str) -> dict[str, Any]:
    kind = probe["kind"]
    hasty = {**probe, "target": target, **_TIMES.get(kind, _USUAL_TIMES)}
    if kind == "race":
        hasty |= _RACE
    if "latency" in probe:
        hasty["latency"] = _LATENCY
    return hasty
