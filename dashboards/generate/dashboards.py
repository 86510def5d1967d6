"""The four dashboards by file name, and their text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from dashboards.generate import fleet, itself, state, target
from dashboards.generate.dashboard import Dashboard

DASHBOARDS: Final[Mapping[str, Callable[[], Dashboard]]] = {
    "fleet": fleet.dashboard,
    "target": target.dashboard,
    "state": state.dashboard,
    "prober": itself.dashboard,
}


def rendered(name: str) -> str:
    """The JSON of one dashboard: keys sorted, so that a change shows as what it is."""
    return json.dumps(DASHBOARDS[name]().document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
