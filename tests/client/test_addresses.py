"""From addresses to a socket: several addresses, dead ones among them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from prober.client.http import addresses
from prober.client.http.addresses import HEAD_START, connect
from prober.client.http.resolver import Address
from tests.client.opening import until
from tests.leaks import nothing_left_behind
from tests.peers.listener import listening
from tests.peers.ports import blackhole, closed_port
from tests.peers.wire import hang

UNREACHABLE: Address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.255.255.255", 9))
SLOW = 5.0
"""Seconds, a bound for what should take none."""


def at(port: int) -> Address:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))


@asynccontextmanager
async def open_port() -> AsyncIterator[int]:
    async with listening(lambda reader, writer: hang(reader)) as port:
        yield port


@contextlib.contextmanager
def taking(at_least: float, below: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert at_least <= time.monotonic() - began < below


async def connected_to(*candidates: Address) -> int:
    """The port of the address that was connected to."""
    sock = await connect(candidates)
    with sock:
        port: int = sock.getpeername()[1]
        return port


@pytest.mark.clock
async def test_an_address_that_refuses_gives_way_to_the_next_at_once() -> None:
    async with open_port() as port, nothing_left_behind():
        with closed_port() as closed, taking(0, HEAD_START):
            assert await connected_to(at(closed), at(closed), at(port)) == port


@pytest.mark.clock
async def test_an_address_that_says_nothing_has_a_head_start_and_no_more() -> None:
    async with open_port() as port, blackhole() as hole, nothing_left_behind():
        with taking(HEAD_START * 0.9, SLOW):
            assert await connected_to(at(hole), at(port)) == port


@pytest.mark.clock
async def test_a_failure_behind_a_silent_address_is_not_waited_out() -> None:
    async with open_port() as port, blackhole() as hole, nothing_left_behind():
        with closed_port() as closed, taking(HEAD_START * 0.9, SLOW):
            assert await connected_to(at(hole), at(closed), at(port)) == port


@pytest.mark.parametrize("number", [1, 3])
async def test_when_none_connects_the_error_names_an_address_and_what_it_said(number: int) -> None:
    with closed_port() as closed, pytest.raises(ConnectionRefusedError) as caught:
        await connect([at(closed)] * number)
    assert caught.value.filename == f"127.0.0.1 port {closed}"


async def test_a_family_without_a_route_does_not_hide_what_the_other_says() -> None:
    with closed_port() as closed:
        for candidates in ([UNREACHABLE, at(closed)], [at(closed), UNREACHABLE]):
            with pytest.raises(ConnectionRefusedError):
                await connect(candidates)
    with pytest.raises(OSError, match="unreachable") as caught:
        await connect([UNREACHABLE, UNREACHABLE])
    assert caught.value.errno == errno.ENETUNREACH


async def test_the_deadline_leaves_no_half_open_socket() -> None:
    async with blackhole() as hole, nothing_left_behind():
        for candidates in ([at(hole)], [at(hole)] * 3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(HEAD_START * 1.5):
                    await connect(candidates)


async def test_of_two_that_connect_in_the_same_moment_one_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    both = asyncio.Event()

    async def attempt(address: Address) -> socket.socket:
        await both.wait()
        made.append(socket.socket())
        return made[-1]

    monkeypatch.setattr(addresses, "_attempt", attempt)
    monkeypatch.setattr(addresses, "HEAD_START", 0.001)
    running = asyncio.create_task(connect([at(1), at(2), at(3)]))
    await until(lambda: len(asyncio.all_tasks()) == 5)  # this one, connect() and its three attempts
    both.set()
    winner = await running
    await asyncio.sleep(0)
    assert len(made) == 3
    assert [sock for sock in made if sock.fileno() >= 0] == [winner]
    winner.close()
