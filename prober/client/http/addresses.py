"""From addresses to a connected socket, by RFC 8305: each address is tried soon after the one before it."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from typing import Final

from prober.client.http.resolver import Address

HEAD_START: Final = 0.25
"""Seconds one address has before the next is tried beside it (RFC 8305 section 5)."""

_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""What an address family that this machine does not have fails with. It says nothing about the server."""


def has_way(address: Address) -> bool:
    """Whether this machine has a way there: a socket of UDP is aimed at the address, and nothing is sent."""
    family, _, _, _, destination = address
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(destination)
    except OSError as error:
        return error.errno not in _NO_WAY
    return True


async def connect(addresses: Sequence[Address]) -> socket.socket:
    """The first socket to connect: each address starts `HEAD_START` after the one before it, or when that has failed.

    Raises the OSError that tells most where none connects.
    """
    if len(addresses) == 1:
        return await _attempt(addresses[0])
    attempts: list[asyncio.Task[socket.socket]] = []
    winner: asyncio.Task[socket.socket] | None = None
    try:
        for address in addresses:
            attempts.append(asyncio.create_task(_attempt(address)))
            last = len(attempts) == len(addresses)
            winner = await _first_to_connect(attempts, within=None if last else HEAD_START)
            if winner is not None:
                return winner.result()
        raise _most_telling(attempts)
    finally:
        await _drop([attempt for attempt in attempts if attempt is not winner])


async def _first_to_connect(
    attempts: Sequence[asyncio.Task[socket.socket]], *, within: float | None
) -> asyncio.Task[socket.socket] | None:
    """None when one more has failed or time is up; without a limit of time, when all have failed."""
    while running := [attempt for attempt in attempts if not attempt.done()]:
        done, _ = await asyncio.wait(running, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        for attempt in done:
            if attempt.exception() is None:
                return attempt
        if within is not None:
            break
    return None


def _most_telling(attempts: Sequence[asyncio.Task[socket.socket]]) -> BaseException:
    errors = [error for attempt in attempts if (error := attempt.exception()) is not None]
    return min(errors, key=lambda error: getattr(error, "errno", None) in _NO_WAY)


async def _drop(attempts: Sequence[asyncio.Task[socket.socket]]) -> None:
    for attempt in attempts:
        attempt.add_done_callback(_close)  # one may have connected in the very moment in which another did
        attempt.cancel()
    if attempts:
        await asyncio.wait(attempts)


def _close(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


async def _attempt(address: Address) -> socket.socket:
    family, kind, proto, _, destination = address
    sock = socket.socket(family, kind, proto)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, destination)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror, f"{destination[0]} port {destination[1]}") from error
    except BaseException:
        sock.close()
        raise
    return sock
