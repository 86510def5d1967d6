"""The kinds of probes as the configuration knows them, a file each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.config.kinds import call, catalog, handshake, prompt, race, read, scenario
from prober.config.kinds.kind import Kind

KINDS: Final[Mapping[str, Kind]] = {
    "handshake": handshake.KIND,
    "catalog": catalog.KIND,
    "call": call.KIND,
    "read": read.KIND,
    "prompt": prompt.KIND,
    "scenario": scenario.KIND,
    "race": race.KIND,
}
