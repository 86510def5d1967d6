"""From a name to a socket: several addresses, dead ones among them, and names that take for ever to look up."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from prober.target import addresses
from prober.target.addresses import HEAD_START, MOST_LOOKUPS, Address, connect, resolve
from tests.leaks import nothing_left_behind
from tests.peers.listener import listening
from tests.peers.ports import blackhole, closed_port
from tests.peers.wire import hang
from tests.target.opening import until

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


LITERALS = ["127.0.0.1", "::1", "[::1]", "[fe80::1]", "::ffff:127.0.0.1"]


@pytest.mark.parametrize("host", LITERALS)
async def test_an_address_is_not_looked_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_resolver", None)
    [found] = await resolve(host, 8080)
    assert found[4][:2] == (host.strip("[]"), 8080)


@pytest.mark.parametrize("host", ["nonexistent.invalid", "a" * 70 + ".invalid", "x." * 120 + "invalid", "a..invalid"])
async def test_a_name_that_is_none_is_an_error_of_the_lookup(host: str) -> None:
    with pytest.raises(socket.gaierror):
        await resolve(host, 80)


class SlowNames:
    """`getaddrinfo` of names that end in `.slow` takes until `answer` is set."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.asked: list[bytes] = []
        self._real = socket.getaddrinfo

    def __call__(self, host: bytes, port: int, **more: int) -> list[object]:
        if host.endswith(b".slow") and not more["flags"] & socket.AI_NUMERICHOST:
            self.asked.append(host)
            self.answer.wait(30)
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return list(self._real(host, port, **more))


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowNames]:
    names = SlowNames()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    monkeypatch.setattr(addresses, "_resolver", addresses.Resolver())
    yield names
    names.answer.set()


async def test_dead_names_hold_up_no_live_one(slow_names: SlowNames) -> None:
    dead = [asyncio.create_task(resolve(f"name-{i}.slow", 80)) for i in range(MOST_LOOKUPS - 1)]
    async with asyncio.timeout(SLOW):
        assert await resolve("localhost", 80)
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)  # nor anything else that wants a thread
    for task in dead:
        task.cancel()
    await asyncio.wait(dead)


async def test_lookups_beyond_the_cap_wait_and_those_given_up_never_take_place(slow_names: SlowNames) -> None:
    lookups = [asyncio.create_task(resolve(f"name-{i}.slow", 80)) for i in range(MOST_LOOKUPS + 10)]
    await until(lambda: len(slow_names.asked) == MOST_LOOKUPS)
    for task in lookups[-5:]:
        task.cancel()
    await asyncio.wait(lookups[-5:])
    slow_names.answer.set()
    await asyncio.gather(*lookups, return_exceptions=True)
    assert sum(task.cancelled() for task in lookups) == 5
    assert sorted(slow_names.asked) == sorted(f"name-{i}.slow".encode() for i in range(MOST_LOOKUPS + 5))


async def test_threads_are_used_again(slow_names: SlowNames) -> None:
    before = threading.active_count()
    for _ in range(50):
        assert await resolve("localhost", 80)
    assert threading.active_count() - before <= 2


ENDS = """
import asyncio, socket, time
real = socket.getaddrinfo
def slow(host, port, **more):
    if not more["flags"] & socket.AI_NUMERICHOST:
        time.sleep(60)
    return real(host, port, **more)
socket.getaddrinfo = slow
from prober.target.addresses import resolve
async def main():
    try:
        async with asyncio.timeout(0.1):
            await resolve("name.slow", 80)
    except TimeoutError:
        print("in time", flush=True)
asyncio.run(main())
"""


def test_a_lookup_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS],
        capture_output=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"in time\n", b"")
