"""The daemon's HTTP server: uvicorn as a guest in the daemon's event loop, for as long as a block runs.

It handles no signals, ends within a bound whatever its clients do, and speaks HTTP/1.1 by h11, which bounds the size
of a request's head; what it serves needs no faster one.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from prober.web.allowed_hosts import is_loopback
from prober.web.basic_auth import Users
from prober.web.config import WebConfig, load, refused

MAX_HEAD: Final = 32 * 1024
"""Bytes of a request's first line and headers."""
MAX_CONNECTIONS: Final = 512
_KEEP_ALIVE: Final = 75
"""Seconds that a connection is kept open for the next request: Prometheus asks every minute."""
_GRACE: Final = 3
"""Seconds that answers under way have when the server stops."""
_HEAD_TIME: Final = 10
"""Seconds within which a request's head must have come, once it began; and the first one after the connection."""


class Web:
    """Where the daemon listens, and who may ask. `port` 0 takes a free one, which `port` is from then on.

    Raises:
        WebConfigError: the web configuration file is not sound.
        ValueError: `external_url` is not a URL of a web server.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        config_file: Path | None = None,
        external_url: str | None = None,
    ) -> None:
        if external_url is not None:
            _check(external_url)
        self.host = host
        self.port = port
        self.external_url = external_url
        self._file = config_file
        self._context: ssl.SSLContext | None = None
        self._serves = False
        self.apply_config(self.read())

    def read(self) -> WebConfig:
        """What the web configuration file says by now. Raises WebConfigError. Blocks as long as the disk does."""
        return load(self._file) if self._file is not None else WebConfig()

    def apply_config(self, config: WebConfig) -> None:
        """Go by another web configuration; connections that are open stay as they are.

        Raises:
            WebConfigError: a certificate changed since it was read, or TLS is to be begun or ended, which takes a
                restart. Nothing was changed.
        """
        if self._serves and (config.tls is None) != (self._context is None):
            raise refused(self._file or Path(), "begins or ends TLS, which takes a restart")
        if config.tls is not None:
            try:
                fresh = config.tls.context()
                if self._context is not None:
                    config.tls.apply(self._context)
                self._context = self._context or fresh
            except (OSError, ValueError) as error:
                raise refused(self._file or Path(), f"the certificate cannot be used: {error}") from None
        self.config = config
        self.users = Users(config.users)

    @asynccontextmanager
    async def serving(self, app: ASGIApp) -> AsyncIterator[str]:
        """Serve as long as the block runs; yields the URL of what is served. Raises OSError."""
        with _listening(self.host, self.port) as listener:
            self.port = listener.getsockname()[1]
            server = uvicorn.Server(_settings(app))
            server.config.load()
            server.config.ssl = self._context
            server.lifespan = server.config.lifespan_class(server.config)
            await server.startup(sockets=[listener])
            ticking = asyncio.create_task(server.main_loop(), name="web")
            self._serves = True
            try:
                yield self.url
            finally:
                self._serves = False
                server.should_exit = True
                await ticking
                await _shut(server, listener)

    @property
    def is_open(self) -> bool:
        """Whether whoever can reach the machine may ask: it listens beyond loopback and wants no password."""
        return not is_loopback(self.host) and not self.config.users

    @property
    def url(self) -> str:
        """Of the status page, as others know it."""
        if self.external_url is not None:
            return self.external_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._context else 'http'}://{host}:{self.port}"


def _check(external_url: str) -> None:
    parts = urlsplit(external_url)
    try:
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none
        good = False
    if not good or parts.query or parts.fragment or parts.username:
        raise ValueError(f"--external-url {external_url}: write a URL such as https://prober.example/mcp")


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        # Who asks over which scheme is what the connection says, whatever headers claim.
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEAD,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio asks for it before it switches Nagle's algorithm off on what is accepted.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it: those of clients that vanished without a word do not pile up.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.bind((host, port))
        yield listener


async def _shut(server: uvicorn.Server, listener: socket.socket) -> None:
    """Let answers under way end, within the grace; then end them, and hang up on whoever does not read."""
    state = server.server_state
    await server.shutdown(sockets=[listener])
    if state.tasks:
        await asyncio.wait(list(state.tasks), timeout=1)
    for connection in list(state.connections):
        if isinstance(connection, _Protocol):
            connection.transport.abort()


class _Protocol(H11Protocol):
    """uvicorn's, with a bound on how long a request's head may take: a connection is not held for nothing."""

    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._expect_nothing()
        elif self._overdue is None:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._overdue = self.loop.call_later(_HEAD_TIME, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
