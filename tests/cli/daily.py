"""Probes of a reference server that pass or fail as a test wants: for what `run` does around a pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

GOOD: Mapping[str, Any] = {"kind": "handshake"}
BAD: Mapping[str, Any] = {"kind": "catalog", "tools": ["no_such_tool"]}


def write(file: Path, url: str, probes: Mapping[str, Mapping[str, Any]], **target: Any) -> Path:
    """A file with these probes of the server at `url`, written as people write YAML."""
    named = {name: {"target": "reference", **probe} for name, probe in probes.items()}
    document = {"targets": {"reference": {"url": url, **target}}, "probes": named}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return file
