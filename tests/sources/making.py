"""Sources as a file of the configuration gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prober.config.model import Config, TargetSource
from prober.loader import load

TEMPLATES: dict[str, Any] = {"handshake": {"for": {"source": "it"}, "kind": "handshake"}}


def configured(folder: Path, *, environ: dict[str, str] | None = None, **source: Any) -> Config:
    """A configuration with the source `it` and a template for its targets."""
    file = folder / "probes.yaml"
    file.write_text(json.dumps({"sources": {"it": source}, "probes": TEMPLATES}))
    return load([file], environ=environ or {})


def source_of(folder: Path, **source: Any) -> TargetSource:
    return configured(folder, **source).sources["it"]
