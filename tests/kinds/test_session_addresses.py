"""`session` with `addresses: all`: each address of a name is asked."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from prober.client.http import resolver
from prober.client.http.addresses import has_way
from prober.outcome import Reason
from tests.kinds.offering import ERAS, probed
from tests.kinds.test_session import SESSION
from tests.peers.http_peer import Script, http_peer
from tests.peers.protocol import Era


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` has two addresses, as a name with two records has."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(resolver, "_getaddrinfo", lambda name: found)


@pytest.mark.usefixtures("two_addresses")
@pytest.mark.parametrize("era", ERAS)
async def test_an_address_at_which_nothing_answers_is_found_among_others(era: Era, tmp_path: Path) -> None:
    async with http_peer(Script(era=era, long_ids=True)) as peer:
        peer.url = peer.url.replace("127.0.0.1", "server.test")
        one = await probed(peer, SESSION, tmp_path)
        all_of_them = await probed(peer, SESSION | {"addresses": "all"}, tmp_path)
    assert one.reason is None, one.message
    assert all_of_them.reason is Reason.CONNECT_REFUSED
    assert all_of_them.message.startswith("1 of 2 addresses do not answer well, first 127.0.0.2: ")
    assert all_of_them.facts["session_addresses_failed"] == 1


@pytest.mark.usefixtures("two_addresses")
async def test_an_address_that_says_nothing_leaves_the_others_their_time(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        with socket.create_server(("127.0.0.2", urlsplit(peer.url).port or 0)):  # it accepts, and that is all
            peer.url = peer.url.replace("127.0.0.1", "server.test")
            outcome = await probed(peer, SESSION | {"addresses": "all", "timeout": "2s"}, tmp_path)
    assert outcome.reason is Reason.TIMEOUT
    assert outcome.message.startswith("1 of 2 addresses do not answer well, first 127.0.0.2: ")
    assert outcome.facts["session_addresses_well"] == 1


async def test_an_address_that_this_machine_has_no_way_to_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0)),
    ]
    monkeypatch.setattr(resolver, "_getaddrinfo", lambda name: found)
    monkeypatch.setattr("prober.client.http.every_address.has_way", lambda address: address[0] == socket.AF_INET)
    async with http_peer(Script(era="modern")) as peer:
        peer.url = peer.url.replace("127.0.0.1", "server.test")
        outcome = await probed(peer, SESSION | {"addresses": "all"}, tmp_path)
    assert outcome.reason is None
    assert outcome.warnings == ("this machine has no way to 2001:db8::1: it was not asked",)


async def test_behind_a_proxy_addresses_cannot_be_asked_one_by_one(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        proxy = {"proxy": peer.url.removesuffix("/mcp")}
        outcome = await probed(peer, SESSION | {"addresses": "all"}, tmp_path, target=proxy)
    assert outcome.reason in (Reason.NOT_RUN, Reason.PROXY_FAILED)


@pytest.mark.parametrize(("error", "way"), [(None, True), (errno.ENETUNREACH, False), (errno.EACCES, True)])
def test_only_an_address_that_no_route_leads_to_has_no_way(
    error: int | None, way: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            assert self.type == socket.SOCK_DGRAM  # to aim sends nothing
            if error is not None:
                raise OSError(error, "no")

    monkeypatch.setattr("prober.client.http.addresses.socket.socket", Socket)
    assert has_way((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))) is way
