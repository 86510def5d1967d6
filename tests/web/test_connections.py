"""Idle clients, however many, keep nobody out; a client that does not read is let go."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from prober.web import Web, connection, door
from prober.web.door import max_connections
from tests.leaks import nothing_left_behind
from tests.web.asking import asking
from tests.web.house import dead, house
from tests.web.test_http_server import ask, hello, secured, serving, trusting

CROWD = 600


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


@asynccontextmanager
async def idle_clients(port: int, count: int, *, sent: bytes = b"", host: str = "127.0.0.1") -> AsyncIterator[None]:
    """So many clients that have connected and sent this much, and go away at the end."""
    writers = []
    try:
        for _ in range(count):
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))
            writers.append(writer)
            writer.write(sent)
        yield
    finally:
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


@pytest.mark.parametrize("sent", [b"", b"GET / HTT", b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"], ids=repr)
async def test_a_crowd_of_idle_clients_keeps_nobody_out(tmp_path: Path, sent: bytes) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web := Web()) as client:
        assert (await client.get("/metrics")).status_code == 200
        async with idle_clients(web.port, CROWD, sent=sent):
            for _ in range(5):
                assert (await client.get("/metrics")).status_code == 200


async def test_nor_does_a_crowd_that_does_not_begin_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_CONNECTIONS", 20)
    web = Web(config_file=secured(tmp_path))
    async with (
        nothing_left_behind(),
        house(dead("a"), tmp_path) as here,
        asking(here.app_state, web, verify=trusting(tmp_path)) as client,
    ):
        assert (await client.get("/metrics")).status_code == 200
        before = descriptors()
        async with idle_clients(web.port, 200):
            for _ in range(5):
                assert (await client.get("/metrics")).status_code == 200
            assert descriptors() - before <= 200 + 20  # of the clients, which are in this process, and of the prober


async def test_nor_does_one_that_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_CONNECTIONS", 10)
    web = Web(config_file=secured(tmp_path))
    context = trusting(tmp_path)

    def asks_and_stays() -> ssl.SSLSocket:
        connected = context.wrap_socket(socket.create_connection(("127.0.0.1", web.port)), server_hostname="localhost")
        connected.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while connected.recv(1000):
            pass
        return connected

    async with serving(hello, web):
        before = descriptors()
        crowd = [await asyncio.to_thread(asks_and_stays) for _ in range(30)]
        assert descriptors() - before <= 30 + 10
        for each in crowd:
            each.close()


async def test_a_client_that_does_not_begin_tls_in_time_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_TLS_TIME", 0.2)
    async with nothing_left_behind(), serving(hello, web := Web(config_file=secured(tmp_path))):
        assert await ask(web, b"") == b""


async def test_clients_that_have_not_begun_tls_do_not_keep_the_server(tmp_path: Path) -> None:
    async with nothing_left_behind(), asyncio.timeout(5):
        async with serving(hello, web := Web(config_file=secured(tmp_path))):
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        assert await reader.read() == b""
        writer.close()


async def test_where_no_descriptor_is_left_the_door_opens_when_there_is_one_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(door, "_PAUSE", 0.1)
    async with serving(hello, web := Web()):
        with socket.socket() as client:
            client.setblocking(False)
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
                await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", web.port))
                await asyncio.sleep(0.3)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert "no connection can be accepted" in caplog.text
            reader, writer = await asyncio.open_connection(sock=client)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
            writer.close()


async def test_the_clients_of_one_address_lose_before_those_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MAX_CONNECTIONS", 10)
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web := Web()):
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port, local_addr=("127.0.0.2", 0))
        async with idle_clients(web.port, 50, host="127.0.0.3"):
            writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_request_that_is_being_answered_is_never_given_up_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MAX_CONNECTIONS", 5)
    go_on = asyncio.Event()

    async def slow(_: Request) -> Response:
        await go_on.wait()
        return Response("done")

    async with serving(slow, web := Web()):
        slow_ones = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(5)]
        for _, writer in slow_ones:
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.1)
        async with idle_clients(web.port, 20):
            go_on.set()
            for reader, writer in slow_ones:
                assert (await reader.read()).endswith(b"done")
                writer.close()


async def test_a_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_WRITE_TIME", 0.2)
    ended = asyncio.Event()

    async def flood(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(1024 * 1024)
                    await asyncio.sleep(0)  # to a client that is gone, writing takes no time
            finally:
                ended.set()

        return StreamingResponse(pieces())

    async with nothing_left_behind(), serving(flood, web := Web()):
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await reader.read(1000)
        async with asyncio.timeout(10):
            await ended.wait()
        writer.close()


def test_with_few_descriptors_there_are_fewer_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    for descriptors, most in ((1024, 256), (100, 25), (24, 6), (resource.RLIM_INFINITY, 256)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, n=descriptors: (n, n))
        assert max_connections() == most
