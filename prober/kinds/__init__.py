"""How one check is made, a file each. The mapping is written out: a new kind is one line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Final

from prober.kinds.call import call, prompt, read
from prober.kinds.catalog import catalog
from prober.kinds.context import ProbeContext
from prober.kinds.handshake import handshake
from prober.kinds.scenario import scenario

Kind = Callable[[ProbeContext, Any], Awaitable[None]]


async def _race(context: ProbeContext, settings: Any) -> None:
    from prober.kinds.race import race

    await race(context, settings)


KINDS: Final[Mapping[str, Kind]] = {
    "handshake": handshake,
    "catalog": catalog,
    "call": call,
    "read": read,
    "prompt": prompt,
    "scenario": scenario,
    "race": _race,
}


def make_ready(kind: str) -> None:
    """Import what a kind takes, so that no run is charged with it and none is held up by it.

    Of races that is much, their models above all, and few passes have one.
    """
    if kind == "race":
        import_module("prober.kinds.race")
