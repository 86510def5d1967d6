"""A client that only sends bytes and looks at what comes back: it must not be led astray by what it is to observe."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.peers.protocol import META, MODERN, Era, Message, Step

End = Literal["kept", "closed", "reset", "silent", "flood"]

MARKER: Final = b"Allow: POST"
"""Stands in the answer to the GET that follows every request: the connection was kept, its framing is whole."""

ENOUGH: Final = 4 * 1024 * 1024
"""Bytes after which an answer counts as a flood."""

PARAMS: Final[Mapping[Step, tuple[str, Message]]] = {
    "discover": ("server/discover", {}),
    "initialize": (
        "initialize",
        {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"}},
    ),
    "initialized": ("notifications/initialized", {}),
    "list": ("tools/list", {}),
    "call": ("tools/call", {"name": "echo", "arguments": {"message": "hi"}}),
    "read": ("resources/read", {"uri": "peer://facts"}),
    "prompt": ("prompts/get", {"name": "greet", "arguments": {"name": "Ada"}}),
    "ping": ("ping", {}),
    "unknown": ("no/such/method", {}),
}


def message(step: Step, era: Era, request_id: int = 7) -> Message:
    """The JSON-RPC message that a well-behaved client sends at this step."""
    method, params = PARAMS[step]
    if era == "modern":
        params = params | {"_meta": {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}}
    whole: Message = {"jsonrpc": "2.0", "method": method, "params": params}
    return whole if step == "initialized" else whole | {"id": request_id}


def headers(step: Step, era: Era, session: str | None = None) -> dict[str, str]:
    """The headers that go with it over Streamable HTTP."""
    common = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    if era == "modern":
        method, params = PARAMS[step]
        common |= {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
        common |= {"Mcp-Name": params["name"]} if "name" in params else {}
    return common | ({"Mcp-Session-Id": session} if session else {})


def http(verb: str, path: str, named: Mapping[str, str] | None = None, body: Any = None) -> bytes:
    """A request as bytes."""
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{verb} {path} HTTP/1.1", "Host: peer", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (named or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came back, and how it ended."""

    data: bytes
    end: End


async def exchange(port: int, sent: bytes, *, within: float) -> Seen:
    """Send a request and a GET behind it; look at what comes back for at most `within` seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent + http("GET", "/elsewhere"))
        return await look(reader, within=within)
    finally:
        writer.transport.abort()


async def look(reader: asyncio.StreamReader, *, within: float) -> Seen:
    """Everything until the marker, the end, or the end of patience."""
    data = bytearray()
    try:
        async with asyncio.timeout(within):
            while some := await reader.read(1024 * 1024):
                data += some
                if len(data) > ENOUGH:
                    return Seen(data=bytes(data), end="flood")
                if MARKER in data[-2000:]:
                    return Seen(data=bytes(data), end="kept")
    except TimeoutError:
        return Seen(data=bytes(data), end="silent")
    except ConnectionResetError:
        return Seen(data=bytes(data), end="reset")
    return Seen(data=bytes(data), end="closed")
