"""TLS peers at their worst: the failure is a plain one, in time, and the event loop has its turns meanwhile."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
import trustme

from prober.config.model import Target, Tls
from prober.outcome import Failure, Reason
from tests.assertions.ticking import PROMISE, ticking
from tests.client.opening import AMPLE, opened, target
from tests.leaks import nothing_left_behind
from tests.peers import tls
from tests.peers.http_peer import Script, http_peer

PATIENCE: Final = 0.7
"""Seconds for those whom no rule of TLS ends, only the deadline."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HANDSHAKE_FAILURE: Final = b"\x15\x03\x03\x00\x02\x02\x28"
UNKNOWN_ALERT: Final = b"\x15\x03\x03\x00\x02\x02\xfe"
WARNING: Final = b"\x15\x03\x03\x00\x02\x01\x5a"
EMPTY_RECORD: Final = b"\x16\x03\x03\x00\x00"
LARGE_RECORD: Final = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
"""The head of a record of 16 KiB, in which a ServerHello of nearly as much begins."""


def says(first: bytes, again: bytes = b"", *, pause: float = 0.0) -> Talk:
    """Reads the ClientHello and answers; what is said again is said until the client has left."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(first)
        while again:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)
        await writer.drain()

    return talk


async def says_nothing_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(LARGE_RECORD)
    await reader.read()


TALKS: Final[Mapping[str, tuple[Talk, Reason | None]]] = {
    "a record that never comes to its end": (says_nothing_more, None),
    "a byte at a time": (says(LARGE_RECORD, b"\0", pause=0.02), None),
    "a refusal": (says(HANDSHAKE_FAILURE), Reason.TLS_FAILED),
    "an alert that nobody knows": (says(UNKNOWN_ALERT), Reason.TLS_FAILED),
    "warnings without end": (says(b"", WARNING * 500), Reason.TLS_FAILED),
    "empty records without end": (says(b"", EMPTY_RECORD * 500), Reason.TLS_FAILED),
    "an endless handshake message": (says(b"", LARGE_RECORD + bytes(16380)), Reason.TLS_FAILED),
    "a record larger than there are": (says(b"\x16\x03\x03\xff\xff" + bytes(70_000)), Reason.TLS_FAILED),
    "the ClientHello, sent back": (says(b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"), Reason.TLS_FAILED),
    "garbage": (says(os.urandom(64) * 64), Reason.TLS_FAILED),
    "the beginning of a record, and the end": (says(b"\x16\x03"), Reason.TLS_FAILED),
    "SSL 2": (says(b"\x80\x2e\x04\x00\x01\x00\x02" + bytes(39)), Reason.TLS_FAILED),
}


@pytest.fixture(autouse=True)
async def imported() -> None:
    """What is imported at the first failure is not measured."""
    await ended(target("https://127.0.0.1:9/mcp", protocol="modern"))


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    conversations: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            conversations.discard(task)
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    finally:
        server.close()
        for task in conversations:
            task.cancel()
        if conversations:
            await asyncio.wait(conversations)


async def ended(where: Target, *, within: float = AMPLE) -> Failure | None:
    """How it fails; None if only with the time that is given."""
    try:
        async with opened(where, within=within) as conversation:
            await conversation.call()
    except Failure as failure:
        return failure
    except TimeoutError:
        return None
    raise AssertionError("it did not fail")


@pytest.mark.parametrize("protocol", ["modern", "handshake"])
@pytest.mark.parametrize(("talk", "reason"), TALKS.values(), ids=TALKS)
async def test_a_handshake_that_goes_wrong_ends_plainly(
    talk: Talk, reason: Reason | None, protocol: str, tmp_path: Path
) -> None:
    trust = Tls(ca_file=tls.write_authority(tmp_path))
    async with nothing_left_behind(), talking(talk) as url, ticking() as ticks:
        failure = await ended(target(url, protocol=protocol, tls=trust), within=AMPLE if reason else PATIENCE)
    assert (failure.reason if failure else None) is reason, failure
    assert ticks.longest < PROMISE
    assert failure is None or len(failure.message) < 500


def _large(names: int) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.authority().issue_cert("127.0.0.1", *(f"name-{n}.example.com" for n in range(names))).configure_cert(context)
    return context


@pytest.mark.parametrize(("names", "reason"), [(1_500, None), (10_000, Reason.TLS_FAILED)])
async def test_a_large_certificate_is_read_and_a_huge_one_is_refused(
    names: int, reason: Reason | None, tmp_path: Path
) -> None:
    trust = Tls(ca_file=tls.write_authority(tmp_path))
    async with http_peer(Script(era="modern"), tls=_large(names)) as peer, nothing_left_behind():
        where = target(peer.url, protocol="modern", tls=trust)
        if reason is None:
            async with ticking() as ticks, opened(where) as conversation:
                await conversation.call()
        else:
            async with ticking() as ticks:
                failure = await ended(where)
            assert failure is not None
            assert failure.reason is reason
    assert ticks.longest < PROMISE


async def test_another_servers_certificate_is_that_of_a_wrong_host_whatever_the_name_that_was_asked_for(
    tmp_path: Path,
) -> None:
    context, other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.CERTIFICATES["good"](context)
    tls.CERTIFICATES["wrong_host"](other)

    def swap(socket: ssl.SSLObject, _name: str, _context: ssl.SSLContext) -> None:
        socket.context = other

    context.sni_callback = swap
    async with http_peer(Script(era="modern"), tls=context) as peer, nothing_left_behind():
        url = peer.url.replace("127.0.0.1", "localhost")
        failure = await ended(target(url, protocol="modern", tls=Tls(ca_file=tls.write_authority(tmp_path))))
    assert failure is not None
    assert failure.reason is Reason.TLS_HOSTNAME
    assert "it is for elsewhere.example" in failure.message


async def test_tickets_without_number_hold_up_nobody(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.CERTIFICATES["good"](context)
    context.num_tickets = 500
    async with http_peer(Script(era="modern"), tls=context) as peer, nothing_left_behind():
        where = target(peer.url, protocol="modern", tls=Tls(ca_file=tls.write_authority(tmp_path)))
        async with opened(where) as conversation:
            assert await conversation.call()


@contextmanager
def openssl_server(folder: Path, *options: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The server of openssl, which renegotiates and renews keys when it is told so on its standard input."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl")
    issued: trustme.LeafCert = tls.authority().issue_cert("127.0.0.1", "localhost")
    issued.cert_chain_pems[0].write_to_path(folder / "server.crt")
    issued.private_key_pem.write_to_path(folder / "server.key")
    files = ["-cert", str(folder / "server.crt"), "-key", str(folder / "server.key")]
    command = [program, "s_server", "-accept", "127.0.0.1:0", *files, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            while not (line := process.stdout.readline()).startswith(b"ACCEPT"):
                assert line, "openssl has ended"
            yield int(line.rpartition(b":")[2]), process
        finally:
            process.kill()


@pytest.mark.external
async def test_a_server_that_knows_no_such_name_says_so(tmp_path: Path) -> None:
    files = ("-cert2", str(tmp_path / "server.crt"), "-key2", str(tmp_path / "server.key"))
    with openssl_server(tmp_path, "-servername", "elsewhere.example", "-servername_fatal", *files) as (port, _):
        async with nothing_left_behind():
            trust = Tls(ca_file=tls.write_authority(tmp_path))
            failure = await ended(target(f"https://localhost:{port}/mcp", protocol="modern", tls=trust))
    assert failure is not None
    assert failure.reason is Reason.TLS_FAILED
    assert "unrecognized name" in failure.message.lower().replace("_", " ")


async def test_one_that_hangs_up_instead_leaves_a_whole_sentence(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.CERTIFICATES["good"](context)
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    async with http_peer(Script(era="modern"), tls=context) as peer, nothing_left_behind():
        url = peer.url.replace("127.0.0.1", "localhost")
        failure = await ended(target(url, protocol="modern", tls=Tls(ca_file=tls.write_authority(tmp_path))))
    assert failure is not None
    assert failure.reason is Reason.TLS_FAILED
    assert failure.message == "the server broke off the TLS handshake"


ORDERS: Final = {
    "renegotiation": (("-tls1_2",), b"r\n"),
    "renegotiation with a certificate wanted": (("-tls1_2",), b"R\n"),
    "new keys": (("-tls1_3",), b"k\n"),
    "new keys on both sides": (("-tls1_3",), b"K\n"),
}


@pytest.mark.external
@pytest.mark.parametrize(("options", "order"), ORDERS.values(), ids=ORDERS)
async def test_a_server_that_changes_the_terms_again_and_again_ends_with_the_deadline(
    options: tuple[str, ...], order: bytes, tmp_path: Path
) -> None:
    trust = Tls(ca_file=tls.write_authority(tmp_path))
    with openssl_server(tmp_path, *options) as (port, process):
        assert process.stdin is not None
        stdin = process.stdin.fileno()
        os.set_blocking(stdin, False)
        os.set_blocking(process.stdout.fileno() if process.stdout else 0, False)
        orders = 0

        async def insist() -> None:
            nonlocal orders
            while True:
                with suppress(BlockingIOError, BrokenPipeError):
                    orders += os.write(stdin, order) // len(order)
                with suppress(BlockingIOError):
                    os.read(process.stdout.fileno() if process.stdout else 0, 65536)
                await asyncio.sleep(0.002)

        async with nothing_left_behind():
            insisting = asyncio.create_task(insist())
            async with ticking() as ticks:
                failure = await ended(
                    target(f"https://127.0.0.1:{port}/mcp", protocol="modern", tls=trust), within=PATIENCE
                )
            insisting.cancel()
            await asyncio.wait([insisting])
    assert failure is None or failure.reason in (Reason.TLS_FAILED, Reason.CONNECTION_CLOSED, Reason.NOT_HTTP), failure
    assert orders > (0 if failure else 10)
    assert ticks.longest < PROMISE
