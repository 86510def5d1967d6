"""Idle clients, however many, keep nobody out; a client that does not read is let go."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from prober.web import Web, connection
from prober.web.connection import max_connections
from tests.leaks import nothing_left_behind
from tests.web.asking import asking
from tests.web.house import dead, house
from tests.web.test_http_server import serving

CROWD = 600


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


async def test_the_clients_of_one_address_lose_before_those_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_CONNECTIONS", 10)
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web := Web()):
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port, local_addr=("127.0.0.2", 0))
        async with idle_clients(web.port, 50, host="127.0.0.3"):
            writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_request_that_is_being_answered_is_never_given_up_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_CONNECTIONS", 5)
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
