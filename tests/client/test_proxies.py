"""Proxies: used when asked for, and then as asked."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from prober.config.fields.secret import Secret
from prober.config.model import Tls
from prober.outcome import Phase, Reason
from tests.client.opening import failure_of, opened, target
from tests.leaks import nothing_left_behind
from tests.peers import tls
from tests.peers.http_peer import http_peer
from tests.peers.listener import listening
from tests.peers.ports import closed_port
from tests.peers.wire import Request, read_request, response, send

DELAY = 0.05
"""Seconds that the proxy takes for its part."""


@dataclass
class Proxy:
    """A proxy that tunnels and forwards, and what it was asked."""

    port: int = 0
    asked: list[Request] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_request(reader, connection=0):
            self.asked.append(request)
            await asyncio.sleep(DELAY)
            if request.method == "CONNECT":
                host, _, port = request.target.rpartition(":")
                await send(writer, response(200))
                await self._tunnel(reader, writer, host, int(port))
                return
            await self._forward(request, writer)

    async def _forward(self, request: Request, writer: asyncio.StreamWriter) -> None:
        where = urlsplit(request.target)
        far_reader, far_writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            lines = [f"{request.method} {where.path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in {**request.headers, "connection": "close"}.items()]
            await send(far_writer, "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body)
            head = await far_reader.readuntil(b"\r\n\r\n")
            length = int(
                next(line for line in head.split(b"\r\n") if b"ontent-" in line and b"ength" in line).split()[1]
            )
            await send(writer, head + await far_reader.readexactly(length))
        finally:
            far_writer.transport.abort()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(pump(reader, far_writer))
                group.create_task(pump(far_reader, writer))
        finally:
            far_writer.transport.abort()


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)content-length: (\d+)", head)
    return int(found[1]) if found else 0


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            await send(writer, data)
    writer.close()


@asynccontextmanager
async def proxy(*, encrypted: bool = False) -> AsyncIterator[Proxy]:
    running = Proxy()
    async with listening(running.serve, tls=tls.server_context("good") if encrypted else None) as running.port:
        yield running


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
async def test_proxies_of_the_environment_are_none_of_ours(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closed_port() as port:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
        async with http_peer() as peer, opened(target(peer.url, protocol="modern")) as conversation:
            await conversation.call()


async def test_a_plain_request_is_forwarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with http_peer() as peer, proxy() as way, nothing_left_behind():
        through = Secret(f"http://127.0.0.1:{way.port}")
        async with opened(target(peer.url, protocol="modern", proxy=through)) as conversation:
            await conversation.call()
    assert [request.target for request in way.asked] == [peer.url] * 2
    assert peer.rpc_methods == ["server/discover", "tools/call"]


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_tls_goes_through_a_tunnel(encrypted: bool, tmp_path: Path) -> None:
    trust = Tls(ca_file=tls.write_authority(tmp_path))
    async with http_peer(tls=tls.server_context("good")) as peer, proxy(encrypted=encrypted) as way:
        through = Secret(f"http{'s' if encrypted else ''}://127.0.0.1:{way.port}/")
        async with opened(target(peer.url, protocol="modern", proxy=through, tls=trust)) as conversation:
            await conversation.call()
            assert conversation.session.certificate_expiry is not None
    [request] = way.asked
    assert request.method == "CONNECT"
    assert request.target == urlsplit(peer.url).netloc
    assert "mcp-method" not in request.headers


async def test_the_tunnel_counts_as_connecting_and_not_as_the_servers_time(tmp_path: Path) -> None:
    trust = Tls(ca_file=tls.write_authority(tmp_path))
    async with http_peer(tls=tls.server_context("good")) as peer, proxy() as way:
        through = Secret(f"http://127.0.0.1:{way.port}")
        async with opened(target(peer.url, protocol="modern", proxy=through, tls=trust)) as conversation:
            pass
    [exchange] = conversation.exchanges
    assert exchange.phases[Phase.CONNECT] >= DELAY
    assert set(exchange.phases) == {Phase.DNS, Phase.CONNECT, Phase.TLS, Phase.SEND, Phase.WAIT, Phase.RECEIVE}


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_is_told_the_user_and_the_password_and_the_server_is_not(scheme: str, tmp_path: Path) -> None:
    context = tls.server_context("good") if scheme == "https" else None
    async with http_peer(tls=context) as peer, proxy() as way:
        through = Secret(f"http://ada:p%40ss@127.0.0.1:{way.port}")
        trust = Tls(ca_file=tls.write_authority(tmp_path))
        async with opened(target(peer.url, protocol="modern", proxy=through, tls=trust)):
            pass
    [asked] = way.asked
    assert asked.headers["proxy-authorization"] == "Basic " + base64.b64encode(b"ada:p@ss").decode()
    if scheme == "https":
        assert "proxy-authorization" not in peer.requests[0].headers


async def test_a_proxy_behind_a_bad_certificate_is_not_used() -> None:
    async with proxy(encrypted=True) as way, nothing_left_behind():
        through = Secret(f"https://127.0.0.1:{way.port}")
        failure = await failure_of(target("http://127.0.0.1:9/mcp", protocol="modern", proxy=through))
    assert failure.reason is Reason.TLS_UNTRUSTED
    assert way.asked == []
