"""On real, well-behaved servers our own exchange and the official client see the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

from tests.client.opening import opened, target
from tests.real import servers
from tests.real.servers import Era, RealServer

pytestmark = pytest.mark.external

CALLS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "everything": ("echo", {"message": "grüße"}),
    "sdk": ("forecast", {"city": "Lima", "days": 2}),
}
"""A tool of each server that answers the same every time, by the first word of the server's name."""

MODE: Final = {"modern": "auto", "handshake": "legacy"}
"""How the official client is asked to negotiate; all these servers that are modern answer `auto` by being so."""

LISTS: Final = {"tools": "tools", "prompts": "prompts", "resources": "resources"}

ALL: Final = [
    (servers.sdk_http_events, "modern"),
    (servers.sdk_stdio, "modern"),
    (servers.sdk_http, "handshake"),
    (servers.everything_http, "handshake"),
    (servers.everything_sse, "handshake"),
    (servers.everything_stdio, "handshake"),
]


@pytest.mark.parametrize(("start", "era"), ALL, ids=lambda value: getattr(value, "__name__", value))
async def test_we_see_what_the_official_client_sees(start: Any, era: Era, tmp_path: Path) -> None:
    with start(tmp_path) as server:
        ours = await as_we_see_it(server, era)
        theirs = await as_the_sdk_sees_it(server, era)
    assert ours.keys() == theirs.keys()
    for what, seen in theirs.items():
        assert shared(ours[what], seen) == seen, what
    assert ours["tools"]
    assert ours["result"]["content"]


async def as_we_see_it(server: RealServer, era: Era) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    async with opened(target(**settings_of(server), protocol=era)) as conversation:
        session = conversation.session
        for capability in LISTS.keys() & session.capabilities.keys():
            seen[capability] = await session.pages(f"{capability}/list", LISTS[capability])
        name, arguments = CALLS[server.name.partition("-")[0]]
        seen["result"] = await session.request("tools/call", {"name": name, "arguments": arguments})
        seen["server"] = {"name": session.server.name, "version": session.server.version}
        seen["negotiated"] = session.server.protocol_version
        await session.close()
    return seen


async def as_the_sdk_sees_it(server: RealServer, era: Era) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    async with Client(address_of(server), mode=MODE[era], read_timeout_seconds=20, cache=None) as client:
        for capability in LISTS.keys() & written(client.server_capabilities).keys():
            listed = await getattr(client, f"list_{capability}")()
            seen[capability] = written(listed)[LISTS[capability]]
        name, arguments = CALLS[server.name.partition("-")[0]]
        seen["result"] = written(await client.call_tool(name, arguments))
        info = written(client.server_info)
        seen["server"] = {"name": info["name"], "version": info["version"]}
        seen["negotiated"] = client.protocol_version
    return seen


def written(model: Any) -> Any:
    """A value of the SDK as it goes over the wire."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def shared(ours: Any, theirs: Any) -> Any:
    """What of `ours` the SDK keeps: it drops members that it does not know, and we keep everything."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {name: shared(value, theirs[name]) for name, value in ours.items() if name in theirs}
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [shared(mine, other) for mine, other in zip(ours, theirs, strict=True)]
    return ours


def settings_of(server: RealServer) -> dict[str, Any]:
    settings = dict(server.target)
    if "command" in settings:
        settings["command"] = tuple(settings["command"])
    if "cwd" in settings:
        settings["cwd"] = Path(settings["cwd"])
    return settings


def address_of(server: RealServer) -> Any:
    where = server.target
    if "url" in where:
        return sse_client(where["url"]) if where.get("transport") == "sse" else where["url"]
    command, *arguments = where["command"]
    return StdioServerParameters(command=command, args=arguments, env=where.get("env"), cwd=where.get("cwd"))
