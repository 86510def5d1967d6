"""Which wire a target is spoken to over. Each is imported for the first target that wants it.

A pass over child processes need not wait for an HTTP library, nor one over HTTP for what starts processes.
"""

from __future__ import annotations

from prober.config.model import Target, Transport
from prober.target.wire import Wire


def make_ready(transport: Transport) -> None:
    """Import what a transport takes, so that no run is charged with it and none is held up by it."""
    if transport == "stdio":
        import prober.target.stdio
    elif transport == "sse":
        import prober.target.legacy
    else:
        import prober.target.http  # noqa: F401


def wire_for(target: Target) -> Wire:
    """A wire of one session."""
    if target.transport == "stdio":
        from prober.target.stdio import StdioWire

        return StdioWire(target)

    from prober.target.client import Client

    if target.transport == "sse":
        from prober.target.legacy import LegacySseWire

        return LegacySseWire(target, Client(target))

    from prober.target.http import HttpWire

    return HttpWire(target, Client(target))
