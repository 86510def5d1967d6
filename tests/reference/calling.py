"""Calling tools of a real server over HTTP, as many clients would, at next to no cost for the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

from .processes import ServerProcess

_META: Final = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


class ToolRefused(Exception):  # noqa: N818 - named for what it says
    """A tool answered with an error; the message is its text."""


class Client:
    """One agent, with a connection of its own to one server; its calls take turns."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    async def call(self, tool: str, /, **arguments: object) -> dict[str, Any]:
        """The structured answer. Raises ToolRefused."""
        params = {"name": tool, "arguments": arguments, "_meta": _META}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        _, answer = await self._exchange(
            "POST /mcp",
            body,
            "content-type: application/json",
            "accept: application/json, text/event-stream",
            "mcp-protocol-version: 2026-07-28",
            "mcp-method: tools/call",
            f"mcp-name: {tool}",
        )
        result = json.loads(answer)["result"]
        if result.get("isError"):
            raise ToolRefused(result["content"][0]["text"])
        structured: dict[str, Any] = result["structuredContent"]
        return structured

    async def page(self, path: str) -> tuple[int, str]:
        """Status and text of one of the pages beside the MCP endpoint."""
        status, body = await self._exchange(f"GET {path}", b"")
        return status, body.decode()

    async def _exchange(self, request: str, body: bytes, *headers: str) -> tuple[int, bytes]:
        lines = (f"{request} HTTP/1.1", f"host: {self._host}", f"content-length: {len(body)}", *headers, "", "")
        async with self._turn:
            self._writer.write("\r\n".join(lines).encode() + body)
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            return int(head.split()[1]), await self._reader.readexactly(length)


@asynccontextmanager
async def crowd(servers: Sequence[ServerProcess], size: int) -> AsyncIterator[list[Client]]:
    """So many clients, spread over the servers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_connected(servers[number % len(servers)])) for number in range(size)]


@asynccontextmanager
async def _connected(server: ServerProcess) -> AsyncIterator[Client]:
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Client(address.netloc, reader, writer)
    finally:
        writer.close()
        with suppress(OSError):  # the server may have been killed
            await writer.wait_closed()
