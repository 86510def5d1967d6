"""An OAuth 2 token endpoint, well-behaved or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from tests.peers.listener import listening
from tests.peers.messages import dump
from tests.peers.wire import JSON, Request, hang, read_request, response, send

TOKEN: Final = "peer-access-token"

Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class TokenPeer:
    """A running token endpoint at `url`, and the requests it got."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []


def says(status: int, body: bytes, content_type: str = JSON, **headers: str) -> Act:
    """The same answer to every request."""

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await send(writer, response(status, {"Content-Type": content_type, **headers}, body))

    return act


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the request and never answer."""
    await hang(reader)


TOKEN_ACTS: Final[Mapping[str, Act]] = {
    "given": says(200, dump({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})),
    "refused": says(400, dump({"error": "invalid_client", "error_description": "Unknown client"})),
    "http_401": says(401, b"who are you?", "text/plain"),
    "http_500": says(500, b"sorry", "text/plain"),
    "html": says(200, b"<!doctype html><p>Please log in.", "text/html"),
    "without_token": says(200, dump({"token_type": "Bearer"})),
    "redirect": says(302, b"", Location="http://127.0.0.2:9/token"),
    "silence": silence,
}


@asynccontextmanager
async def token_peer(act: Act) -> AsyncIterator[TokenPeer]:
    """A token endpoint on a free port of 127.0.0.1, for as long as the block lasts."""
    peer = TokenPeer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_request(reader, connection=0):
            peer.requests.append(request)
            await act(reader, writer)

    async with listening(serve) as port:
        peer.url = f"http://127.0.0.1:{port}/token"
        yield peer
