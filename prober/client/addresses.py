"""From a name to a connected socket: looked up apart from the event loop's own threads, addresses tried by RFC 8305."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final

HEAD_START: Final = 0.25
"""Seconds one address has before the next is tried beside it (RFC 8305 section 5)."""

MOST_LOOKUPS: Final = 64
"""Names that are looked up at a time."""

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]

_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""What an address family that this machine does not have fails with. It says nothing about the server."""


async def resolve(host: str, port: int) -> Sequence[Address]:
    """The addresses of a name, or the address that `host` is already. Raises socket.gaierror."""
    name = host.strip("[]").encode("ascii")  # bytes, or Python would apply IDNA and its limits to it
    try:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await asyncio.wrap_future(_resolver.look_up(name, port))


class Resolver:
    """Looks names up in threads that the process does not wait for when it ends.

    A lookup cannot be interrupted. In the loop's default executor twenty dead names would hold up every healthy target,
    and in any executor of the standard library a dead name server would hold up the end of the process.
    """

    def __init__(self) -> None:
        self._wanted: deque[tuple[Future[list[Any]], bytes, int]] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._idle = 0

    def look_up(self, name: bytes, port: int) -> Future[list[Any]]:
        """What `getaddrinfo` says. A lookup that is cancelled before its turn never takes place."""
        future: Future[list[Any]] = Future()
        with self._changed:
            self._wanted.append((future, name, port))
            if len(self._wanted) > self._idle and self._threads < MOST_LOOKUPS:
                threading.Thread(target=self._work, name=f"prober-dns-{self._threads}", daemon=True).start()
                self._threads += 1
            self._changed.notify()
        return future

    def _work(self) -> None:
        self._become_idle()
        while True:
            with self._changed:
                while not self._wanted:
                    self._changed.wait()
                self._idle -= 1
                future, name, port = self._wanted.popleft()
            found: list[Any] | Exception | None = None
            if future.set_running_or_notify_cancel():
                try:
                    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
                except Exception as error:
                    found = error
            self._become_idle()  # before the answer is told: whoever asks next shall not need another thread
            if isinstance(found, Exception):
                future.set_exception(found)
            elif found is not None:
                future.set_result(found)

    def _become_idle(self) -> None:
        with self._changed:
            self._idle += 1


_resolver: Final = Resolver()


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
