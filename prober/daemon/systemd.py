"""Notifications to systemd: the protocol of sd_notify(3), without its library.

Does nothing if `NOTIFY_SOCKET` is not set. Source: the manual page, "Environment" and "Notes".
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress


def notify(*states: str, environ: Mapping[str, str] = os.environ) -> None:
    """Send states such as `READY=1`. Never waits; errors are ignored."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # a name in the abstract namespace
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.setblocking(False)
        manager.sendto("\n".join(states).encode(), address)


def ready(status: str) -> None:
    """The service has started, or a reload has ended."""
    notify("READY=1", f"STATUS={status}")


def reloading() -> None:
    """A reload has begun; `ready` ends it, also if it failed."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """The service is draining."""
    notify("STOPPING=1")


@asynccontextmanager
async def watched(environ: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Feed the watchdog from the event loop, twice as often as `WatchdogSec=` requires, while the block runs."""
    period = _watchdog_seconds(environ)
    if period is None:
        yield
        return

    async def feed() -> None:
        while True:
            notify("WATCHDOG=1", environ=environ)
            await asyncio.sleep(period / 2)

    feeding = asyncio.create_task(feed(), name="watchdog")
    try:
        yield
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """The watchdog's period; None if no watchdog is set for this process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdigit() and int(microseconds) else None
