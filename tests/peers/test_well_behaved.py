"""Without a fault the peers are good servers: the official client says so, over every transport and in both eras."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

from tests.peers.child import StdioPeer
from tests.peers.http_faults import FAULTS
from tests.peers.http_peer import Script, http_peer
from tests.peers.legacy_peer import legacy_peer
from tests.peers.protocol import Era
from tests.peers.raw_client import headers, message

MODE: Final = {"modern": "2026-07-28", "handshake": "legacy"}


@asynccontextmanager
async def _over_http(era: Era, folder: Path) -> AsyncIterator[Any]:
    async with http_peer(Script(era=era)) as peer:
        yield peer.url


@asynccontextmanager
async def _over_event_streams(era: Era, folder: Path) -> AsyncIterator[Any]:
    async with http_peer(Script(era=era, answers="events")) as peer:
        yield peer.url


@asynccontextmanager
async def _over_sse(era: Era, folder: Path) -> AsyncIterator[Any]:
    async with legacy_peer() as peer:
        yield sse_client(peer.url)


@asynccontextmanager
async def _over_stdio(era: Era, folder: Path) -> AsyncIterator[Any]:
    target = StdioPeer(folder, era=era).target
    command, *arguments = target["command"]
    yield StdioServerParameters(command=command, args=arguments, cwd=target["cwd"])


@pytest.mark.parametrize(
    ("server", "era"),
    [
        (_over_http, "modern"),
        (_over_http, "handshake"),
        (_over_event_streams, "modern"),
        (_over_event_streams, "handshake"),
        (_over_sse, "handshake"),
        (_over_stdio, "modern"),
        (_over_stdio, "handshake"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__.strip("_"),
)
async def test_the_official_client_gets_on_with_it(server: Any, era: Era, tmp_path: Path) -> None:
    async with server(era, tmp_path) as address, Client(address, mode=MODE[era], read_timeout_seconds=10) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["echo", "forget"]
        assert (await client.call_tool("echo", {"message": "hi"})).structured_content == {"message": "hi", "length": 2}
        assert (await client.list_resources()).resources[0].name == "facts"
        assert (await client.list_resource_templates()).resource_templates[0].name == "item"
        assert len((await client.read_resource("peer://facts")).contents) == 1
        assert (await client.list_prompts()).prompts[0].name == "greet"
        assert len((await client.get_prompt("greet", {"name": "Ada"})).messages) == 1


async def test_it_records_what_it_received_and_over_how_many_connections() -> None:
    async with http_peer(Script(era="handshake")) as peer:
        async with httpx.AsyncClient(trust_env=False) as client:
            opened = await client.post(
                peer.url, json=message("initialize", "handshake", 1), headers=headers("initialize", "handshake")
            )
            session = opened.headers["mcp-session-id"]
            in_session = headers("call", "handshake", session)
            await client.post(peer.url, json=message("initialized", "handshake"), headers=in_session)
            await client.post(peer.url, json=message("call", "handshake", 2), headers=in_session)
            await client.delete(peer.url, headers={"Mcp-Session-Id": session})
        async with httpx.AsyncClient(trust_env=False) as client:
            late = await client.post(peer.url, json=message("list", "handshake", 3), headers=in_session)
        assert late.status_code == 404
        assert peer.verbs == ["POST", "POST", "POST", "DELETE", "POST"]
        assert peer.rpc_methods == ["initialize", "notifications/initialized", "tools/call", "tools/list"]
        assert [request.rpc_id for request in peer.requests] == [1, None, 2, None, 3]
        assert [request.step for request in peer.requests] == ["initialize", "initialized", "call", "close", "list"]
        assert [request.rpc_id for request in peer.after_close] == [3]
        assert [request.connection for request in peer.requests] == [1, 1, 1, 1, 2]
        assert peer.connections == 2


async def test_a_handshake_peer_refuses_what_comes_without_its_session() -> None:
    async with http_peer(Script(era="handshake")) as peer, httpx.AsyncClient(trust_env=False) as client:
        named = headers("discover", "modern")
        discover = await client.post(peer.url, json=message("discover", "modern"), headers=named)
        assert (discover.status_code, discover.json()["id"], discover.json()["error"]["code"]) == (400, None, -32000)
        stranger = headers("call", "handshake", "nobody's")
        assert (await client.post(peer.url, json=message("call", "handshake"), headers=stranger)).status_code == 404
        assert (await client.get(peer.url)).status_code == 405


async def test_a_modern_peer_insists_on_headers_and_meta() -> None:
    async with http_peer() as peer, httpx.AsyncClient(trust_env=False) as client:
        bare = await client.post(peer.url, json=message("call", "modern"))
        assert (bare.status_code, bare.json()["error"]["code"]) == (400, -32020)
        old = await client.post(peer.url, json=message("call", "handshake"), headers=headers("call", "modern"))
        assert (old.status_code, old.json()["error"]["code"]) == (400, -32602)
        unknown = message("call", "modern") | {"method": "initialize"}
        named = headers("initialize", "modern")
        assert (await client.post(peer.url, json=unknown, headers=named)).status_code == 404
        assert (await client.delete(peer.url)).status_code == 405


async def test_a_fault_sets_in_only_after_so_many_good_visits() -> None:
    script = Script(faults={"list": FAULTS["http_500"].act}, after=1)
    async with http_peer(script) as peer, httpx.AsyncClient(trust_env=False) as client:
        asked = [
            (await client.post(peer.url, json=message("list", "modern"), headers=headers("list", "modern"))).status_code
            for _ in range(3)
        ]
        assert asked == [200, 500, 500]


@pytest.mark.parametrize("name", ["silence", "body_drip", "endless_body", "stream_flood", "body_of_50_mb", "closed"])
async def test_it_leaves_no_task_and_no_socket_behind(name: str) -> None:
    gc.collect()
    before = _sockets()
    async with http_peer(Script(faults={"list": FAULTS[name].act})) as peer:
        port = urlsplit(peer.url).port
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /mcp HTTP/1.1\r\nContent-Length: 56\r\n\r\n")
        writer.write(b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"     }')
        await peer.wait_for(lambda request: request.step == "list")
        await asyncio.sleep(0)
    writer.transport.abort()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert _sockets() == before


def _sockets() -> int:
    return sum(path.is_socket() for path in Path("/proc/self/fd").iterdir())
