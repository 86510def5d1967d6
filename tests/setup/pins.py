"""The exact versions of constraints.txt, and what an environment has instead."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]

OWN: Final = frozenset({"mcp-prober", "mcp-shared-state"})
"""The packages of this repository, which no index has to have."""


def pinned(*, python: str | None = None) -> Mapping[str, str]:
    """Name to version, of what `python` needs (a version such as 3.12.0), by default the one that runs."""
    environment = {} if python is None else {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    pins: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate(environment):
            [exactly] = wanted.specifier
            if exactly.operator != "==":
                raise ValueError(f"constraints.txt: {line}: not an exact version")
            pins[canonicalize_name(wanted.name)] = exactly.version
    return pins


def moved() -> Mapping[str, str]:
    """Name to `old -> new`, of each package of this environment that is not what constraints.txt says."""
    pins = pinned()
    changes: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.name)
        if name not in _OF_THE_ENVIRONMENT and pins.get(name) != distribution.version:
            changes[name] = f"{pins.get(name, 'none')} -> {distribution.version}"
    return dict(sorted(changes.items()))


_OF_THE_ENVIRONMENT: Final = frozenset({*OWN, "pip", "setuptools"})
