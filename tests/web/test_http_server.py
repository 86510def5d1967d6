"""The server itself, over real sockets: TLS, bounds, and its end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from prober.web import Web, WebConfigError, connection, http_server
from tests.leaks import nothing_left_behind
from tests.peers.tls import authority, write_authority, write_client_certificate
from tests.web.asking import asking
from tests.web.house import dead, house


@asynccontextmanager
async def serving(endpoint: Callable[[Request], Awaitable[Response]], web: Web) -> AsyncIterator[str]:
    async with web.serving(Starlette(routes=[Route("/", endpoint)])) as url:
        yield url


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def ask(web: Web, text: bytes, *, bound: float = 10) -> bytes:
    """Everything that comes back until the other side hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    try:
        writer.write(text)
        async with asyncio.timeout(bound):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_a_free_port_is_taken_and_told() -> None:
    web = Web(port=0)
    async with nothing_left_behind(), serving(hello, web) as url:
        assert url == f"http://127.0.0.1:{web.port}"
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(url)).text == "hello"


async def test_ipv6_is_served() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    web = Web(host="::1")
    async with serving(hello, web) as url, httpx.AsyncClient(trust_env=False) as client:
        assert url == f"http://[::1]:{web.port}"
        assert (await client.get(url)).text == "hello"


async def test_an_address_that_is_taken_is_told() -> None:
    async with serving(hello, first := Web()) as _:
        with pytest.raises(OSError, match="in use"):
            async with serving(hello, Web(port=first.port)):
                pass


@pytest.mark.parametrize("host", ["\udcff", "a\0b"], ids=ascii)
async def test_a_host_that_cannot_be_one_is_an_error_of_the_system_as_others_are(host: str) -> None:
    with pytest.raises(OSError, match="not the name of a host"):
        async with serving(hello, Web(host=host)):
            pass


async def test_the_end_of_the_block_is_the_end_of_it() -> None:
    web = Web()
    async with serving(hello, web) as url:
        pass
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)


async def test_an_answer_under_way_is_finished_before_the_end() -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> Response:
        asked.set()
        await go.wait()
        return PlainTextResponse("at last")

    async with httpx.AsyncClient(trust_env=False) as client:
        async with serving(slow, Web()) as url:
            asking_slowly = asyncio.create_task(client.get(url))
            await asked.wait()
            asyncio.get_running_loop().call_later(0.3, go.set)
        assert (await asking_slowly).text == "at last"


async def test_an_answer_that_never_comes_does_not_keep_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "_GRACE", 1)
    asked = asyncio.Event()

    async def never(_: Request) -> Response:
        asked.set()
        await asyncio.Event().wait()
        return PlainTextResponse("never")

    async with nothing_left_behind(), httpx.AsyncClient(trust_env=False) as client:
        async with asyncio.timeout(10), serving(never, Web()) as url:
            hanging = asyncio.create_task(client.get(url))
            await asked.wait()
        with pytest.raises(httpx.HTTPError):
            (await hanging).raise_for_status()


async def test_a_client_that_does_not_read_does_not_keep_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "_GRACE", 1)

    async def flood(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield bytes(1024 * 1024)

        return StreamingResponse(pieces())

    async with nothing_left_behind():
        web = Web()
        async with asyncio.timeout(10), serving(flood, web) as _:
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert await reader.read(1000)
        writer.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: loc"], ids=["silent", "half a head"])
async def test_a_connection_is_not_held_for_a_request_that_does_not_come(
    monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connection, "_HEAD_TIME", 0.2)
    async with nothing_left_behind(), serving(hello, web := Web()):
        assert await ask(web, begun) == b""


@pytest.mark.slow
async def test_a_slow_answer_is_not_taken_for_a_slow_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HEAD_TIME", 0.2)

    async def slow(_: Request) -> Response:
        await asyncio.sleep(0.6)
        return PlainTextResponse("slow")

    async with serving(slow, Web()) as url, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url)).text == "slow"
        await asyncio.sleep(0.4)
        assert (await client.get(url)).text == "slow"


async def test_a_head_beyond_bounds_is_refused() -> None:
    async with serving(hello, web := Web()):
        head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * (http_server.MAX_HEAD + 1000)
        assert (await ask(web, head)).startswith(b"HTTP/1.1 400 ")


async def test_a_head_beyond_bounds_that_comes_in_one_piece_is_refused_as_well(tmp_path: Path) -> None:
    """h11 counts the bytes of a head that is not whole yet, and no others."""
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web := Web()):
        head = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: " + b"x" * 40_000
        assert (await ask(web, head + b"\r\n\r\n"))[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")


async def test_bodies_and_queries_beyond_bounds_are_refused(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web := Web()) as client:
        assert (await client.get("/-/healthy?" + "x" * 9000)).status_code == 414
        head = b"POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %b\r\n\r\n"
        for length in (b"100000", b"9" * 15):
            answer = await ask(web, head % length)
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"connection: close" in answer.lower()
        assert here.reloads == 0


async def test_a_body_without_an_end_ends_with_the_answer(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web := Web()):
        head = b"POST /-/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        assert (await ask(web, head)).startswith(b"HTTP/1.1 200 ")
        assert here.reloads == 1


# TLS


def write_certificate(folder: Path, *names: str) -> None:
    issued = authority().issue_cert(*names)
    (folder / "web.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / "web.key")


def secured(folder: Path, more: str = "") -> Path:
    write_certificate(folder, "127.0.0.1", "localhost")
    write_authority(folder)
    file = folder / "web.yaml"
    file.write_text(f"tls_server_config: {{cert_file: web.crt, key_file: web.key{more}}}\n")
    return file


def trusting(folder: Path, *, certified: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    if certified:
        context.load_cert_chain(*write_client_certificate(folder))
    return context


async def test_tls_is_served_with_the_certificate_of_the_file(tmp_path: Path) -> None:
    web = Web(config_file=secured(tmp_path))
    async with nothing_left_behind(), serving(hello, web) as url:
        assert url.startswith("https://")
        async with httpx.AsyncClient(trust_env=False, verify=trusting(tmp_path)) as client:
            assert (await client.get(url)).text == "hello"
            with pytest.raises(httpx.HTTPError):
                await client.get(url.replace("https", "http"))


async def test_a_client_without_a_certificate_is_turned_away_where_one_is_wanted(tmp_path: Path) -> None:
    more = ", client_ca_file: authority.pem, client_auth_type: RequireAndVerifyClientCert, min_version: TLS13"
    async with serving(hello, Web(config_file=secured(tmp_path, more))) as url:
        async with httpx.AsyncClient(trust_env=False, verify=trusting(tmp_path, certified=True)) as client:
            assert (await client.get(url)).text == "hello"
        async with httpx.AsyncClient(trust_env=False, verify=trusting(tmp_path)) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(url)


async def test_a_new_certificate_is_shown_to_whoever_comes_after_it_was_adopted(tmp_path: Path) -> None:
    web = Web(config_file=secured(tmp_path))
    async with serving(hello, web) as url:
        write_certificate(tmp_path, "127.0.0.2")
        async with httpx.AsyncClient(trust_env=False, verify=trusting(tmp_path)) as client:
            assert (await client.get(url)).text == "hello"
        web.apply_config(web.read())
        async with httpx.AsyncClient(trust_env=False, verify=trusting(tmp_path)) as client:
            with pytest.raises(httpx.ConnectError, match=r"127\.0\.0\.1"):
                await client.get(url)


async def test_tls_does_not_begin_or_end_while_it_is_served(tmp_path: Path) -> None:
    plain = tmp_path / "plain.yaml"
    plain.write_text("http_server_config: {headers: {X-Frame-Options: SAMEORIGIN}}")
    file = secured(tmp_path)
    web = Web(config_file=file)
    async with serving(hello, web):
        file.write_text(plain.read_text())
        before = web.config
        with pytest.raises(WebConfigError, match="begins or ends TLS, which takes a restart"):
            web.apply_config(web.read())
        assert web.config is before


async def test_chosen_headers_are_sent_with_every_answer(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text("http_server_config: {headers: {X-Frame-Options: SAMEORIGIN}}")
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, Web(config_file=file)) as client:
        for path in ("/-/healthy", "/nowhere", "/probe"):
            assert (await client.get(path)).headers["x-frame-options"] == "SAMEORIGIN"
