"""The connections of a session: kept, shared by nobody at the same moment, replaced when they are of no more use."""

from __future__ import annotations

import asyncio

from prober.client.exchange import ExchangeRecorder
from prober.client.http import http_client as module
from prober.client.http.http_client import HttpClient
from prober.client.http.http_response import read_body
from prober.config.model import Limits
from tests.client.opening import target, until
from tests.leaks import nothing_left_behind
from tests.peers.http_peer import HttpPeer, Script, http_peer

DISCOVER = b'{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{}}'


async def ask(client: HttpClient, peer: HttpPeer, **headers: str) -> bytes:
    recorder = ExchangeRecorder("test")
    sent = {"Content-Type": "application/json", **headers}
    async with client.send("POST", peer.url, headers=sent, recorder=recorder, content=DISCOVER) as response:
        return await read_body(response, Limits(), recorder)


async def test_requests_one_after_the_other_share_a_connection() -> None:
    async with http_peer(Script(era="modern")) as peer, nothing_left_behind():
        client = HttpClient(target(peer.url))
        for _ in range(3):
            assert b'"jsonrpc"' in await ask(client, peer)
        assert peer.connections == 1
        await client.aclose()


async def test_requests_at_the_same_time_have_a_connection_each() -> None:
    async with http_peer(Script(era="modern")) as peer, nothing_left_behind():
        client = HttpClient(target(peer.url))
        await ask(client, peer)  # one is idle, and both that follow would like to have it
        answers = await asyncio.gather(*(ask(client, peer) for _ in range(2)))
        assert all(b'"jsonrpc"' in answer for answer in answers)
        assert peer.connections == 2
        await client.aclose()
        await until(lambda: peer.open_connections == 0)


async def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    async with http_peer(Script(era="modern")) as peer, nothing_left_behind():
        client = HttpClient(target(peer.url))
        await ask(client, peer)
        await asyncio.sleep(module._IDLE * 1.1)
        await ask(client, peer)
        assert peer.connections == 2
        await client.aclose()


async def test_a_header_of_the_request_replaces_the_targets_whatever_its_case() -> None:
    async with http_peer(Script(era="modern")) as peer:
        client = HttpClient(target(peer.url))
        await ask(client, peer, **{"user-agent": "another"})
        await ask(client, peer, **{"Host": "by-another-name.test"})
        await client.aclose()
        first, second = peer.requests
        assert first.headers["user-agent"] == "another"
        assert first.headers["host"] == peer.url.split("/")[2]
        assert first.headers["content-length"] == str(len(DISCOVER))
        assert second.headers["host"] == "by-another-name.test"
