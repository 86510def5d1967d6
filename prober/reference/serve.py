"""Runs the reference server over HTTP or stdio until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn

from mcp_state.logs import log
from prober.reference.reference_server import MCP_PATH, build
from prober.reference.settings import Settings

_BACKLOG: Final = 2048
_KEEP_ALIVE: Final = 75


async def serve(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve HTTP until SIGTERM or SIGINT; `announce` is called with the URL of the MCP endpoint once it answers.

    Raises:
        OSError: the address cannot be listened on.
        ValueError: a fault is misspelt, or the store cannot be made from these settings.
        StoreUnavailableError: the store cannot be reached.
    """
    reference = build(settings)
    with listen(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        url = f"http://{host}:{port}{MCP_PATH}"

        def listening() -> None:
            log(logging.INFO, "listening", url=url, store=settings.store)
            announce(url)

        config = uvicorn.Config(
            reference.app,
            lifespan="off",
            log_config=None,
            access_log=False,
            # /debug trusts the peer address, so no header may change it.
            proxy_headers=False,
            server_header=False,
            # Longer than clients keep an idle connection (5 s, uvicorn's default, is httpx's too): whoever closes
            # first must be the client, or its next request meets a reset.
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=settings.drain,
        )
        async with reference.running():
            await _Server(config, listening).serve(sockets=[listener])
    log(logging.INFO, "stopped", store=settings.store)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be IPPROTO_TCP, not 0: asyncio looks at it before it disables Nagle's algorithm on accepted
    # connections. With Nagle's algorithm every answer waits 40 ms for the caller's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


async def serve_stdio(settings: Settings) -> None:
    """Serve one client over standard input and output, until the input ends.

    Raises:
        ValueError: a fault is misspelt, or the store cannot be made from these settings.
        StoreUnavailableError: the store cannot be reached.
    """
    reference = build(settings)
    async with reference.running():
        await reference.mcp.run_stdio_async()


class _Server(uvicorn.Server):
    """uvicorn with a callback when it listens. It does not raise the signal again: the store is closed after it."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets=sockets)
        # What is loaded by now stays. To look through it for garbage stops all callers for 75 ms, twice a second.
        gc.collect()
        gc.freeze()
        self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
