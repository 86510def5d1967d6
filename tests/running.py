"""Running probes in tests the way a user does: a configuration file, loaded, one pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome


async def run_document(document: Mapping[str, Any], folder: Path, **environ: str) -> list[Outcome]:
    """The outcomes of all probes of a configuration, written to `folder` as YAML (of which JSON is a part)."""
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    config = load([path], environ=environ)
    outcomes = await run_pass(config, list(config.probes.values()))
    for outcome in outcomes:
        no_numbers = {name: fact for name, fact in outcome.facts.items() if type(fact) not in (int, float)}
        assert no_numbers == {}, f"{outcome.probe}: one `True` on the page of metrics, and Prometheus reads none of it"
    return outcomes
