"""Tells systemd how the service does: the notification protocol of sd_notify(3), without its library.

Does nothing where `NOTIFY_SOCKET` is not set. Source: the manual page, "Environment" and "Notes".
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress


def notify(*states: str, environ: Mapping[str, str] = os.environ) -> None:
    """Send states such as `READY=1`. A manager that cannot be reached is not waited for."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # a name in the abstract namespace
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.setblocking(False)
        manager.sendto("\n".join(states).encode(), address)


def ready(status: str) -> None:
    """The service has started, or has its new configuration."""
    notify("READY=1", f"STATUS={status}")


def reloading() -> None:
    """A reload has begun; `ready` ends it, whatever became of it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """The service was told to stop and is draining."""
    notify("STOPPING=1")


@asynccontextmanager
async def watched(environ: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Show that the event loop turns, twice as often as `WatchdogSec=` asks, for as long as the block runs."""
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
    """None where no watchdog is set, or one for another process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdigit() and int(microseconds) else None
