"""Which transport a target is spoken to over. Each is imported for the first target that wants it.

A pass over child processes need not wait for an HTTP library, nor one over HTTP for what starts processes.
"""

from __future__ import annotations

from prober.client.startup import Startup
from prober.client.transport import Transport
from prober.config.model import Target, TransportName


def make_ready(transport: TransportName) -> None:
    """Import what a transport takes, so that no run is charged with it and none is held up by it."""
    if transport == "stdio":
        import prober.client.stdio
    elif transport == "sse":
        import prober.client.http_sse
    else:
        import prober.client.streamable_http  # noqa: F401


def transport_for(target: Target, startup: Startup) -> Transport:
    """A transport of one session. `startup` is told of the process, where there is one."""
    if target.transport == "stdio":
        from prober.client.stdio import StdioTransport

        return StdioTransport(target, startup)

    from prober.client.http_client import HttpClient

    if target.transport == "sse":
        from prober.client.http_sse import HttpSseTransport

        return HttpSseTransport(target, HttpClient(target))

    from prober.client.streamable_http import StreamableHttpTransport

    return StreamableHttpTransport(target, HttpClient(target))
