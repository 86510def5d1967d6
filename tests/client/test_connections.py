"""Connections: their phases, their certificates, when one is used again, and that none is left behind."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from prober.client.exchange import ExchangeRecorder
from prober.client.http import http_client
from prober.client.http.network_backend import Backend
from prober.client.http.tls import tls_context
from prober.config.model import Tls
from prober.outcome import Failure, Phase, Reason
from prober.redaction import Redactor
from tests.client.opening import failure_of, opened, target, unopened, until
from tests.leaks import nothing_left_behind
from tests.peers import tls
from tests.peers.http_peer import Call, HttpPeer, Script, http_peer, well
from tests.peers.listener import Connections, listening
from tests.peers.ports import blackhole, mute
from tests.peers.wire import hang


@asynccontextmanager
async def tls_peer(folder: Path, name: str = "good", **script: object) -> AsyncIterator[tuple[HttpPeer, Tls]]:
    """A peer behind a certificate, and the trust that it needs."""
    async with http_peer(Script(**script), tls=tls.server_context(name)) as peer:  # type: ignore[arg-type]
        yield peer, Tls(ca_file=tls.write_authority(folder))


async def test_each_phase_of_a_fresh_connection_is_known_and_a_kept_one_has_none_of_them(tmp_path: Path) -> None:
    async with tls_peer(tmp_path) as (peer, trust):
        url = peer.url.replace("127.0.0.1", "localhost")
        async with opened(target(url, tls=trust, protocol="modern")) as conversation:
            await conversation.call()
    first, second = conversation.exchanges
    assert set(first.phases) == {*Phase} - {Phase.SPAWN}
    assert set(second.phases) == {Phase.SEND, Phase.WAIT, Phase.RECEIVE}
    for exchange in (first, second):
        assert all(seconds > 0 for phase, seconds in exchange.phases.items() if phase is not Phase.RECEIVE)
        assert exchange.phases[Phase.RECEIVE] >= 0  # what comes in one piece takes no time to receive
        assert sum(exchange.phases.values()) <= exchange.duration_seconds
    assert peer.connections == 1


async def test_the_certificate_of_the_target_is_known_with_its_end(tmp_path: Path) -> None:
    async with tls_peer(tmp_path) as (peer, trust):
        where = target(peer.url, tls=trust, protocol="modern")
        async with unopened(where) as conversation:
            assert conversation.session.certificate_expiry is None
            await conversation.session.open(explicit=True)
            expiry = conversation.session.certificate_expiry
    assert expiry is not None
    ends = datetime.fromtimestamp(expiry, UTC) - datetime.now(UTC)
    assert timedelta(hours=23) < ends <= timedelta(days=1)


async def test_without_tls_there_is_no_certificate() -> None:
    async with http_peer() as peer, opened(target(peer.url, protocol="modern")) as conversation:
        assert conversation.session.certificate_expiry is None


CERTIFICATES = {
    "expired": Reason.TLS_EXPIRED,
    "wrong_host": Reason.TLS_HOSTNAME,
    "unknown_authority": Reason.TLS_UNTRUSTED,
}


@pytest.mark.parametrize("name", CERTIFICATES)
async def test_a_bad_certificate_is_told_for_what_it_is(name: str, tmp_path: Path) -> None:
    async with tls_peer(tmp_path, name) as (peer, trust), nothing_left_behind():
        failure = await failure_of(target(peer.url, tls=trust, protocol="modern"))
    assert (failure.reason, failure.step) == (CERTIFICATES[name], "server/discover")
    assert peer.requests == []


async def test_a_scheme_in_capitals_is_the_same_scheme(tmp_path: Path) -> None:
    async with tls_peer(tmp_path) as (peer, trust):
        where = target(peer.url.replace("https", "HTTPS"), tls=trust, protocol="modern")
        async with opened(where) as conversation:
            await conversation.call()


async def test_an_address_of_ipv6_is_connected_to() -> None:
    peer = HttpPeer(Script())
    connections = Connections(peer.serve)
    try:
        server = await asyncio.start_server(connections.handle, "::1", 0)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with opened(target(f"http://[::1]:{port}/mcp", protocol="modern")) as conversation:
            await conversation.call()
        await connections.end()
    assert peer.requests[0].headers["host"] == f"[::1]:{port}"


async def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    certificate, key = tls.write_client_certificate(tmp_path)
    async with tls_peer(tmp_path, "wants_client_certificate") as (peer, trust):
        shown = Tls(ca_file=trust.ca_file, client_certificate=certificate, client_key=key)
        async with opened(target(peer.url, tls=shown, protocol="modern")) as conversation:
            await conversation.call()


async def test_an_encrypted_key_is_our_own_fault_and_asks_nobody_at_the_terminal(tmp_path: Path) -> None:
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("client.example", key_type=trustme.KeyType.RSA)
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"open sesame"),
    )
    (tmp_path / "key.pem").write_bytes(pem)
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    shown = Tls(client_certificate=tmp_path / "cert.pem", client_key=tmp_path / "key.pem")
    with pytest.raises(Failure) as caught:
        async with opened(target("https://127.0.0.1:9/mcp", tls=shown)):
            pass
    assert caught.value.reason is Reason.INTERNAL_ERROR
    assert caught.value.message.startswith("the TLS files of this target cannot be used")


def test_one_context_serves_all_until_its_files_change(tmp_path: Path) -> None:
    profile = Tls(ca_file=tls.write_authority(tmp_path))
    first = tls_context(profile)
    assert tls_context(Tls(ca_file=profile.ca_file)) is first
    assert profile.ca_file is not None
    trustme.CA().cert_pem.write_to_path(profile.ca_file)
    renewed = tls_context(profile)
    assert renewed is not first
    assert renewed.get_ca_certs() != first.get_ca_certs()


async def test_a_certificate_that_was_renewed_is_trusted_by_the_next_session(tmp_path: Path) -> None:
    async with tls_peer(tmp_path) as (peer, trust):
        assert trust.ca_file is not None
        trustme.CA().cert_pem.write_to_path(trust.ca_file)
        where = target(peer.url, tls=trust, protocol="modern")
        assert (await failure_of(where)).reason is Reason.TLS_UNTRUSTED
        tls.write_authority(tmp_path)
        async with opened(where):
            pass


async def closing(call: Call) -> None:
    """A good answer that says nothing of the connection, which is then closed."""
    await well(call)
    call.close()


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    script = Script(faults={"discover": closing})
    async with http_peer(script) as peer, opened(target(peer.url, protocol="modern")) as conversation:
        await until(lambda: peer.open_connections == 0)
        await conversation.call()
    assert [request.connection for request in peer.requests] == [1, 2]


async def test_an_end_that_the_event_loop_has_not_seen_yet_is_seen_before_the_next_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        backend = Backend()
        stream = await backend.connect_tcp("127.0.0.1", server.getsockname()[1])
        theirs, _ = server.accept()
        assert stream.get_extra_info("is_readable") is False
        theirs.close()
        assert stream.get_extra_info("is_readable") is True  # though the loop has not had a turn since
        backend.abort()
        await asyncio.sleep(0)


async def test_what_befalls_a_kept_connection_in_the_middle_is_reported_and_nothing_is_sent_twice() -> None:
    async def hang_up(call: Call) -> None:
        call.close()

    async with http_peer(Script(faults={"call": hang_up})) as peer:
        failure = await failure_of(target(peer.url, protocol="modern"))
    assert failure.reason is Reason.CONNECTION_CLOSED
    assert peer.rpc_methods == ["server/discover", "tools/call"]


async def test_a_connection_that_idled_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "_IDLE", 0.01)
    async with http_peer() as peer, opened(target(peer.url, protocol="modern")) as conversation:
        await asyncio.sleep(0.02)
        await conversation.call()
    assert [request.connection for request in peer.requests] == [1, 2]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_deadline_leaves_nothing_of_a_connection_that_is_not_one_yet(scheme: str) -> None:
    async with blackhole() as hole, mute() as silent, nothing_left_behind():
        for port in (hole, silent):
            with pytest.raises(TimeoutError):
                async with opened(target(f"{scheme}://127.0.0.1:{port}/mcp"), within=0.2):
                    pass


async def test_a_tls_handshake_is_given_all_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncio.constants.SSL_HANDSHAKE_TIMEOUT", 0.05)
    async with mute() as silent:
        with pytest.raises(TimeoutError):
            async with opened(target(f"https://127.0.0.1:{silent}/mcp"), within=0.3):
                pass


async def test_abort_ends_every_connection_whatever_it_is_in_the_middle_of() -> None:
    script = Script(faults={"call": lambda call: hang(call.reader)})
    async with http_peer(script) as peer, nothing_left_behind(), opened(target(peer.url)) as conversation:
        call = asyncio.create_task(conversation.call())
        await peer.wait_for(lambda request: request.rpc_method == "tools/call")
        await conversation.session.abort()
        with pytest.raises(Failure):
            await call


async def test_a_peer_that_reads_nothing_is_waited_for_in_the_sending() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(30)

    async with nothing_left_behind(), listening(serve) as port:
        where = target(f"http://127.0.0.1:{port}/mcp", protocol="modern")
        async with opened(where, explicit=False) as conversation:
            call = asyncio.create_task(conversation.call(message="x" * 10_000_000))
            await until(lambda: conversation.log.last is not None and conversation.log.last.bytes_sent > 10_000_000)
            await asyncio.sleep(0.05)
            assert conversation.log.last is not None
            assert conversation.log.last.phase is Phase.SEND
            call.cancel()
            await asyncio.wait([call])
    [exchange] = conversation.exchanges
    assert exchange.phases[Phase.SEND] >= 0.05
    assert Phase.WAIT not in exchange.phases


def test_receiving_ends_with_the_last_byte_and_not_when_somebody_has_looked_at_it() -> None:
    recorder, began = ExchangeRecorder("call"), time.monotonic() - 10
    recorder.enter(Phase.RECEIVE, at=began)
    recorder.expect_bytes()
    recorder.note_arrival(began + 0.25)
    assert recorder.freeze(Redactor(())).phases == {Phase.RECEIVE: 0.25}


def test_a_body_that_never_ends_costs_all_the_time_until_nobody_waits_for_it_any_more() -> None:
    recorder, began = ExchangeRecorder("call"), time.monotonic() - 10
    recorder.enter(Phase.RECEIVE, at=began)
    recorder.note_arrival(began + 0.25)
    recorder.expect_bytes()
    assert recorder.freeze(Redactor(())).phases[Phase.RECEIVE] >= 10
