"""Where the data folders that travel with the package are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SHIPPED: Final[Mapping[str, str]] = {"probes": "**/*", "dashboards": "*.json", "alerts": "**/*", "deploy": "**/*"}
"""The folders, and what of each is for users: the pattern of its files."""

_INSTALLED: Final = Path(__file__).parents[1] / "data"
_CHECKOUT: Final = Path(__file__).parents[2]


def shipped(what: str) -> Path:
    """The folder `what`: in the installed package, or in the checkout that is installed for development."""
    return next(root / what for root in (_INSTALLED, _CHECKOUT) if (root / what).is_dir())
