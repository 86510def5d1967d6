"""The HTTP server of the daemon: uvicorn in the event loop of the daemon, for as long as a block runs.

It handles no signals and ends within a bound whatever its clients do. It uses h11 because h11 bounds the size of a
request head; the endpoints need no faster parser.
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

from prober.config.fields.urls import without_query
from prober.web.allowed_hosts import is_loopback
from prober.web.basic_auth import Users
from prober.web.connection import Connection
from prober.web.door import MAX_CONNECTIONS, Door
from prober.web.web_config_file import WebConfig, load, unusable

MAX_HEAD: Final = 32 * 1024
"""Bytes of the first line and the headers of a request."""
EVERYWHERE: Final = ("", "0.0.0.0", "::")  # noqa: S104 - compared, not listened on
"""Hosts that mean every address of this machine."""
_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection stays open: Prometheus scrapes every minute."""
_GRACE: Final = 3
"""Seconds that running requests have when the server stops."""


class Web:
    """Address, TLS and users of the endpoints. With `port` 0 the system chooses one, which `port` then holds.

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
        url_option: str = "--external-url",
    ) -> None:
        if external_url is not None:
            _check_url(external_url, url_option)
        self.host = host
        self.port = port
        self.external_url = external_url
        self.url_option = url_option
        """By which the operator gives `external_url`."""
        self._file = config_file
        self._context: ssl.SSLContext | None = None
        self._is_serving = False
        self.apply_config(self.read())

    def read(self) -> WebConfig:
        """Read the web configuration file. Raises WebConfigError. Blocks while it reads the disk."""
        return load(self._file) if self._file is not None else WebConfig()

    def apply_config(self, config: WebConfig) -> None:
        """Use another web configuration for new connections.

        Raises:
            WebConfigError: a certificate file changed since it was read, or the new configuration switches TLS on or
                off, which takes a restart. Nothing was changed.
        """
        if self._is_serving and (config.tls is None) != (self._context is None):
            raise unusable(self._file or Path(), "begins or ends TLS, which takes a restart")
        if config.tls is not None:
            try:
                fresh = config.tls.context()
                if self._context is not None:
                    config.tls.apply(self._context)
                self._context = self._context or fresh
            except (OSError, ValueError) as error:
                raise unusable(self._file or Path(), f"the certificate cannot be used: {error}") from None
        self.config = config
        self.users = Users(config.users)

    @asynccontextmanager
    async def serving(self, app: ASGIApp) -> AsyncIterator[str]:
        """Serve for as long as the block runs; yields the URL of the status page. Raises OSError."""
        with _bound_socket(self.host, self.port) as listener:
            self.port = listener.getsockname()[1]
            server = uvicorn.Server(_uvicorn_config(app))
            server.config.load()
            server.lifespan = server.config.lifespan_class(server.config)
            await server.startup(sockets=[])
            door = Door(listener, server, self._context)
            door.open()
            main_loop = asyncio.create_task(server.main_loop(), name="web")
            self._is_serving = True
            try:
                yield self.url
            finally:
                self._is_serving = False
                await door.close()
                server.should_exit = True
                await main_loop
                await _shut_down(server, listener)

    @property
    def is_open(self) -> bool:
        """Whether the daemon listens beyond loopback without a password."""
        return not is_loopback(self.host) and not self.config.users

    @property
    def page_url(self) -> str | None:
        """The URL to write into messages; None where `host` is every address, and no `external_url` says which."""
        return None if self.host in EVERYWHERE and self.external_url is None else self.url.rstrip("/")

    @property
    def url(self) -> str:
        """The URL of the status page for other machines."""
        if self.external_url is not None:
            return self.external_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._context else 'http'}://{host}:{self.port}"


def _check_url(external_url: str, option: str) -> None:
    try:
        parts = urlsplit(external_url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        good = good and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:  # an invalid port, or brackets around what is no address
        good = False
    if not good or not external_url.isprintable():  # what is no text cannot be shown on a page
        raise ValueError(f"{option} {without_query(external_url)}: write a URL such as https://prober.example/mcp")


def _uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        # Address and scheme of the client come from the connection, never from its headers.
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEAD,
        limit_concurrency=2 * MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )


@contextmanager
def _bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is explicit because asyncio reads it before it disables Nagle's algorithm on accepted connections.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it, so that connections of vanished clients do not pile up.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            listener.bind((host, port))
        except TypeError:  # it cannot be encoded, or has a NUL in it
            raise OSError("not the name of a host") from None
        yield listener


async def _shut_down(server: uvicorn.Server, listener: socket.socket) -> None:
    """Wait for running requests within the grace, cancel the rest, and abort connections whose clients do not read."""
    state = server.server_state
    await server.shutdown(sockets=[listener])
    if state.tasks:
        await asyncio.wait(list(state.tasks), timeout=1)
    for connection in list(state.connections):
        if isinstance(connection, Connection):
            connection.transport.abort()
