"""Every generated file below deploy/kubernetes, by its path there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from manifests import monitoring, probe_resources

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "deploy" / "kubernetes"
MONITORING: Final = "chart/monitoring"
"""Inside the chart, for Helm reads no file outside of it; the overlays of kustomize name the folder."""


def written() -> Mapping[str, str]:
    """What `python -m manifests` writes."""
    example = FOLDER / "base" / "probes.yaml"
    return {f"{MONITORING}/{name}": text for name, text in monitoring.files(ROOT).items()} | {
        "stateless/probe-resources.yaml": probe_resources.file(example)
    }
