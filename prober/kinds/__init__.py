"""How one check is made, a file each. The mapping is written out: a new kind is one line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from prober.kinds.call import call, prompt, read
from prober.kinds.catalog import catalog
from prober.kinds.handshake import handshake
from prober.kinds.race import race
from prober.kinds.run import Run
from prober.kinds.scenario import scenario

Kind = Callable[[Run, Any], Awaitable[None]]

KINDS: Final[Mapping[str, Kind]] = {
    "handshake": handshake,
    "catalog": catalog,
    "call": call,
    "read": read,
    "prompt": prompt,
    "scenario": scenario,
    "race": race,
}
