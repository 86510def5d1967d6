"""The reference server as a process of its own, over HTTP or stdio, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn

from prober.reference.app import MCP_PATH, build
from prober.reference.logs import log
from prober.reference.settings import Settings

_DRAIN: Final = 5
"""Seconds that calls under way get to finish when the server is told to stop."""


async def serve(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve HTTP until SIGTERM or SIGINT; `announce` is told the URL of the MCP endpoint once it answers.

    Raises:
        OSError: the address cannot be listened on.
        ValueError: a fault is misspelt.
        StoreUnavailable: the store cannot be reached.
    """
    reference = build(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.create_server((settings.host, settings.port), family=family, backlog=2048) as listener:
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
            timeout_graceful_shutdown=_DRAIN,
        )
        async with reference.running():
            await _Server(config, listening).serve(sockets=[listener])
    log(logging.INFO, "stopped", store=settings.store)


async def serve_stdio(settings: Settings) -> None:
    """Serve one client over standard input and output, until the input ends.

    Raises:
        ValueError: a fault is misspelt.
        StoreUnavailable: the store cannot be reached.
    """
    reference = build(settings)
    async with reference.running():
        await reference.mcp.run_stdio_async()


class _Server(uvicorn.Server):
    """uvicorn, telling when it listens, and stopping without raising the signal again: the store is closed after it."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets=sockets)
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
