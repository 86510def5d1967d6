"""Finds the data folders that are part of the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SHIPPED: Final[Mapping[str, str]] = {"probes": "**/*", "dashboards": "*.json", "alerts": "**/*", "deploy": "**/*"}
"""The folders, each with the pattern of the files that are for users."""

_INSTALLED: Final = Path(__file__).parents[1] / "data"
_CHECKOUT: Final = Path(__file__).parents[2]


def shipped(name: str) -> Path:
    """A folder of `SHIPPED`, in the installed package or in a development checkout."""
    return next(root / name for root in (_INSTALLED, _CHECKOUT) if (root / name).is_dir())
