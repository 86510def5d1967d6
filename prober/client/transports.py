"""Chooses the transport of a target. Each transport is imported for the first target that needs it.

A pass over stdio need not import an HTTP library, and a pass over HTTP need not import subprocess code.
"""

from __future__ import annotations

from prober.client.stdio.startup import Startup
from prober.client.transport import Transport
from prober.config.model import Target, TransportName


def import_transport(transport: TransportName) -> None:
    """Import the modules of a transport before the first run, so that no run pays for the import."""
    if transport == "stdio":
        import prober.client.stdio.stdio_transport
    elif transport == "sse":
        import prober.client.http.http_sse
    else:
        import prober.client.http.streamable_http  # noqa: F401


def transport_for(target: Target, startup: Startup) -> Transport:
    """A transport of one session. `startup` is told of the process, where there is one."""
    if target.transport == "stdio":
        from prober.client.stdio.stdio_transport import StdioTransport

        return StdioTransport(target, startup)

    from prober.client.http.http_client import HttpClient

    if target.transport == "sse":
        from prober.client.http.http_sse import HttpSseTransport

        return HttpSseTransport(target, HttpClient(target))

    from prober.client.http.streamable_http import StreamableHttpTransport

    return StreamableHttpTransport(target, HttpClient(target))
