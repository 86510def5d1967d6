"""A server that wants a token, with its OAuth metadata and those of an issuer on the same port, right or wrong.

async with auth_peer(Guard(era="modern")) as peer:
    ...                                  # talk to peer.url; TOKEN is the one good token
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from tests.peers.listener import listening
from tests.peers.messages import dump
from tests.peers.protocol import Era, reply
from tests.peers.wire import JSON, Request, read_request, response, send

TOKEN: Final = "the-one-good-token-4711"
FOREIGN: Final = "good-token-of-another-server"
ISSUER_PATH: Final = "/realms/staff"

Reply = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True, kw_only=True)
class Guard:
    """How the peer refuses. Each member makes one thing wrong."""

    era: Era = "modern"
    refuses: Callable[[AuthPeer, str | None], Reply] | None = None
    """What a request with that token gets in place of the right 401."""
    lets_in: Callable[[str | None], bool] = lambda token: False
    """Which tokens are taken for good beside the good one."""
    hint: str | None = "/.well-known/oauth-protected-resource/mcp"
    """The path of `resource_metadata`, or a whole URL; None leaves it out of the challenge."""
    documents: Mapping[str, Reply | Mapping[str, Any] | None] = field(default_factory=dict)
    """By path: what is served there instead. A mapping is merged into the right document; None is not there."""


class AuthPeer:
    """What a running peer has seen."""

    def __init__(self, guard: Guard):
        self.guard = guard
        self.origin = ""
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"{self.origin}/mcp"

    @property
    def issuer(self) -> str:
        return self.origin + ISSUER_PATH

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def documents(self) -> dict[str, Any]:
        resource = {"resource": self.url, "authorization_servers": [self.issuer], "scopes_supported": ["tools"]}
        issuer = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "registration_endpoint": f"{self.issuer}/register",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }
        return {
            "/.well-known/oauth-protected-resource/mcp": resource,
            f"/.well-known/oauth-authorization-server{ISSUER_PATH}": issuer,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_request(reader, connection=1):
            self.requests.append(request)
            await send(writer, response(*(self._document(request) or self._guarded(request))))

    def _document(self, request: Request) -> Reply | None:
        if request.path == urlsplit(self.url).path:
            return None
        right = self.documents().get(request.path)
        told = self.guard.documents.get(request.path, {})
        if isinstance(told, tuple):
            return told
        if told is None or (right is None and not told):
            return 404, {}, b""
        return 200, {"Content-Type": JSON}, dump({**(right or {}), **told})

    def _guarded(self, request: Request) -> Reply:
        header = request.headers.get("authorization")
        token = header.removeprefix("Bearer ") if header is not None else None
        if token == TOKEN or self.guard.lets_in(token):
            message = reply(request.message, self.guard.era)
            code = (message or {}).get("error", {}).get("code")
            return {None: 200, -32601: 404}.get(code, 400), {"Content-Type": JSON}, dump(message)
        return self.guard.refuses(self, token) if self.guard.refuses is not None else self.refusal(token)

    def refusal(self, token: str | None) -> Reply:
        """The right 401."""
        parameters = ['error="invalid_token"'] if token is not None else []
        if (hint := self.guard.hint) is not None:
            parameters.append(f'resource_metadata="{hint if "://" in hint else self.origin + hint}"')
        return 401, {"WWW-Authenticate": f"Bearer {', '.join(parameters)}".strip()}, b""


def claims(token: str | None) -> Mapping[str, Any]:
    """What a JSON Web Token says of itself; nothing where it is none."""
    parts = (token or "").split(".")
    if len(parts) != 3:
        return {}
    value: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return value


def unexpired(token: str | None) -> bool:
    return float(claims(token).get("exp", 0)) > time.time()


@asynccontextmanager
async def auth_peer(guard: Guard | None = None) -> AsyncIterator[AuthPeer]:
    """A peer on a free port of 127.0.0.1, for as long as the block lasts."""
    peer = AuthPeer(guard or Guard())
    async with listening(peer.serve) as port:
        peer.origin = f"http://127.0.0.1:{port}"
        yield peer
