"""The connections of one session to the servers that it reaches without a proxy.

httpcore's own pool shares a limited number of connections among many requests, and costs every run a tenth of its CPU
for that. A session sends one request at a time, two at most, and needs none of it.
"""

from __future__ import annotations

import ssl

import httpcore

from prober.client.http.network_backend import Backend


class Connections:
    """Sends requests like `httpcore.AsyncConnectionPool`, each on a connection that is idle, or else on a new one."""

    def __init__(self, *, backend: Backend, ssl_context: ssl.SSLContext, keepalive_expiry: float):
        self._backend = backend
        self._ssl_context = ssl_context
        self._keepalive_expiry = keepalive_expiry
        self._open: list[httpcore.AsyncHTTP11Connection] = []

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """The answer, its body not yet read. Raises what httpcore and the backend raise."""
        while True:
            connection = await self._idle(request.url.origin) or await self._connect(request.url.origin)
            try:
                return await connection.handle_async_request(request)
            except httpcore.ConnectionNotAvailable:
                continue  # another task was quicker to use it

    async def aclose(self) -> None:
        while self._open:
            await self._open.pop().aclose()

    async def _idle(self, origin: httpcore.Origin) -> httpcore.AsyncHTTP11Connection | None:
        for connection in [each for each in self._open if each.is_closed() or each.has_expired()]:
            self._open.remove(connection)
            await connection.aclose()
        return next((each for each in self._open if each.is_available() and each.can_handle_request(origin)), None)

    async def _connect(self, origin: httpcore.Origin) -> httpcore.AsyncHTTP11Connection:
        host = origin.host.decode("ascii")
        stream = await self._backend.connect_tcp(host, origin.port)
        if origin.scheme == b"https":
            self._ssl_context.set_alpn_protocols(["http/1.1"])
            stream = await stream.start_tls(self._ssl_context, server_hostname=host)
        connection = httpcore.AsyncHTTP11Connection(origin, stream, keepalive_expiry=self._keepalive_expiry)
        self._open.append(connection)
        return connection
