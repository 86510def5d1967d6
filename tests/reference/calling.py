"""Calling tools of a real server over HTTP, as many clients would, at next to no cost for the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from .processes import ServerProcess

Era = Literal["modern", "handshake"]

_MODERN: Final = "2026-07-28"
_HANDSHAKE: Final = "2025-06-18"
_META: Final = {
    "io.modelcontextprotocol/protocolVersion": _MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
_INITIALIZE: Final = {
    "protocolVersion": _HANDSHAKE,
    "capabilities": {},
    "clientInfo": {"name": "crowd", "version": "1"},
}


class ToolRefused(Exception):  # noqa: N818 - named for what it says
    """A tool answered with an error; the message is its text."""


class Client:
    """One agent, with a connection of its own to one server; its calls take turns."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, era: Era) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer
        self._era = era
        self._turn = asyncio.Lock()

    async def shake_hands(self) -> None:
        """Begin as the handshake era does. The server keeps no session, so that no call needs one."""
        agreed = (await self._post("initialize", _INITIALIZE))["result"]
        assert agreed["protocolVersion"] == _HANDSHAKE
        await self._post("notifications/initialized", {})

    async def call(self, tool: str, /, **arguments: object) -> dict[str, Any]:
        """The structured answer. Raises ToolRefused."""
        params: dict[str, Any] = {"name": tool, "arguments": arguments}
        if self._era == "modern":
            named = ("mcp-method: tools/call", f"mcp-name: {tool}")
            result = (await self._post("tools/call", {**params, "_meta": _META}, *named))["result"]
        else:
            result = (await self._post("tools/call", params))["result"]
        if result.get("isError"):
            raise ToolRefused(result["content"][0]["text"])
        structured: dict[str, Any] = result["structuredContent"]
        return structured

    async def page(self, path: str) -> tuple[int, str]:
        """Status and text of one of the pages beside the MCP endpoint."""
        status, body = await self._exchange(f"GET {path}", b"")
        return status, body.decode()

    async def _post(self, method: str, params: Mapping[str, Any], *headers: str) -> dict[str, Any]:
        """The answer; empty for a notification."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if not method.startswith("notifications/"):
            message["id"] = 1
        version = _MODERN if self._era == "modern" else _HANDSHAKE
        _, answer = await self._exchange(
            "POST /mcp",
            json.dumps(message).encode(),
            "content-type: application/json",
            "accept: application/json, text/event-stream",
            f"mcp-protocol-version: {version}",
            *headers,
        )
        told: dict[str, Any] = json.loads(answer) if answer else {}
        return told

    async def _exchange(self, request: str, body: bytes, *headers: str) -> tuple[int, bytes]:
        lines = (f"{request} HTTP/1.1", f"host: {self._host}", f"content-length: {len(body)}", *headers, "", "")
        async with self._turn:
            self._writer.write("\r\n".join(lines).encode() + body)
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            return int(head.split()[1]), await self._reader.readexactly(length)


@asynccontextmanager
async def crowd(servers: Sequence[ServerProcess], size: int) -> AsyncIterator[list[Client]]:
    """So many clients, spread over the servers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(servers[number % len(servers)].url)) for number in range(size)]


@asynccontextmanager
async def connected(url: str, *, era: Era = "modern") -> AsyncIterator[Client]:
    """One client, which has shaken hands where its era does so. Raises what a dead server makes of it."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        client = Client(address.netloc, reader, writer, era)
        if era == "handshake":
            await client.shake_hands()
        yield client
    finally:
        writer.close()
        with suppress(OSError):  # the server may have been killed
            await writer.wait_closed()
