"""A Streamable HTTP peer that serves a script: a well-behaved MCP server, except at the steps where it is told not to.

    async with http_peer(Script(era="modern", faults={"call": FAULTS["reset"].act})) as peer:
        ...                                     # talk to peer.url
    assert [r.rpc_method for r in peer.requests] == ["tools/call"]

Handshake peers give out a session and insist on it, answer `server/discover` like servers of that era (HTTP 400 and a
JSON-RPC error without an id) and end the session on DELETE. Modern peers insist on the headers of every request.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import uuid4

from prober.assertions.result_shapes import versions
from tests.peers.listener import listening
from tests.peers.messages import dump
from tests.peers.protocol import HANDSHAKE, META, MODERN, Era, Message, RpcError, Step, reply
from tests.peers.wire import EVENTS, JSON, NotHttpError, Request, chunk, event, head, read_request, response, send

SESSION_HEADER: Final = "Mcp-Session-Id"
HEADER_MISMATCH: Final = -32020
BAD_REQUEST: Final = -32000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A well-behaved answer: no message means no body."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    message: Message | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request that waits for its answer: all that an act needs to misbehave."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: Request
    good: Answer
    peer: HttpPeer

    async def respond(self, status: int = 200, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        await send(self.writer, response(status, {**self.good.headers, **(headers or {})}, body))

    async def start(self, content_type: str = EVENTS, **headers: str) -> None:
        """The head of an answer whose body comes in chunks."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        told = {"Content-Type": content_type, "Transfer-Encoding": "chunked", **self.good.headers, **named}
        await send(self.writer, head(self.good.status, told))

    async def say(self, data: bytes) -> None:
        """One chunk of a started answer; no data ends it."""
        await send(self.writer, chunk(data))

    def close(self) -> None:
        self.writer.close()


Act = Callable[[Call], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Script:
    """How a peer behaves. `faults` replace the good answer at their step, from its visit number `after` + 1 on."""

    era: Era = "modern"
    answers: Literal["json", "events"] = "json"
    faults: Mapping[Step, Act] = field(default_factory=dict)
    after: int = 0
    origins: tuple[str, ...] = ()
    """Of the web pages that may use it."""
    long_ids: bool = False
    """Whether sessions have ids as real servers make them, 32 hexadecimal digits, instead of `session-1`."""


class HttpPeer:
    """What a running peer has seen. `url` is where it listens."""

    def __init__(self, script: Script):
        self.script = script
        self.url = ""
        self.requests: list[Request] = []
        self.connections = 0
        self.open_connections = 0
        self.received = asyncio.Condition()
        """Notified on every request."""
        self._sessions: set[str] = set()
        self._visits: dict[Step, int] = {}

    @property
    def rpc_methods(self) -> list[str]:
        """The JSON-RPC methods in the order they came."""
        return [request.rpc_method for request in self.requests if request.rpc_method]

    @property
    def verbs(self) -> list[str]:
        """The HTTP methods in the order they came."""
        return [request.method for request in self.requests]

    @property
    def after_close(self) -> list[Request]:
        """Requests that came after the session was ended."""
        return self.requests[self.verbs.index("DELETE") + 1 :] if "DELETE" in self.verbs else []

    async def wait_for(self, wanted: Callable[[Request], bool]) -> Request:
        """The first request, past or to come, that is `wanted`."""
        async with self.received:
            await self.received.wait_for(lambda: any(map(wanted, self.requests)))
        return next(filter(wanted, self.requests))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it."""
        self.connections += 1
        self.open_connections += 1
        ordinal = self.connections
        try:
            while not writer.is_closing() and (request := await read_request(reader, connection=ordinal)):
                await self._record(request)
                call = Call(reader=reader, writer=writer, request=request, good=self._good(request), peer=self)
                await self._act(call)(call)
        except NotHttpError:
            await send(writer, response(400))
        finally:
            self.open_connections -= 1

    async def _record(self, request: Request) -> None:
        async with self.received:
            self.requests.append(request)
            self.received.notify_all()

    def _act(self, call: Call) -> Act:
        step = call.request.step
        if step is not None and step in self.script.faults:
            self._visits[step] = self._visits.get(step, 0) + 1
            if self._visits[step] > self.script.after:
                return self.script.faults[step]
        return well

    def _good(self, request: Request) -> Answer:
        if request.method not in ("POST", "DELETE"):
            return Answer(status=405, headers={"Allow": "POST, DELETE"})
        if request.headers.get("origin") not in (None, *self.script.origins):
            return _refusal(403, RpcError(BAD_REQUEST, "Forbidden: Invalid Origin"), None)
        if request.method == "POST" and not request.headers.get("content-type", "").startswith(JSON):
            return Answer(status=415)
        return self._good_handshake(request) if self.script.era == "handshake" else self._good_modern(request)

    def _good_modern(self, request: Request) -> Answer:
        if request.method == "DELETE":
            return Answer(status=405, headers={"Allow": "POST"})
        message = request.message
        answer = reply(message, "modern")
        if answer is None:
            return Answer(status=202)
        params = message.get("params", {})
        version = params.get("_meta", {}).get(META + "protocolVersion", MODERN)
        wanted = {"mcp-protocol-version": version, "mcp-method": message["method"]}
        if message["method"] in ("tools/call", "prompts/get") and "=?" not in request.headers.get("mcp-name", ""):
            wanted["mcp-name"] = params.get("name")
        if any(request.headers.get(name) != value for name, value in wanted.items()):
            return _refusal(400, RpcError(HEADER_MISMATCH, "Header mismatch"), message["id"])
        code = answer.get("error", {}).get("code")
        return Answer(status={None: 200, -32601: 404}.get(code, 400), message=answer)

    def _good_handshake(self, request: Request) -> Answer:
        message = request.message
        if message.get("method") == "initialize":
            session = uuid4().hex if self.script.long_ids else f"session-{len(self._sessions) + 1}"
            self._sessions.add(session)
            return Answer(headers={SESSION_HEADER: session}, message=reply(message, "handshake"))
        session = request.headers.get(SESSION_HEADER.lower(), "")
        if not session:
            return _refusal(400, RpcError(BAD_REQUEST, "Bad Request: Server not initialized"), None)
        if session not in self._sessions:
            return _refusal(404, RpcError(-32001, "Session not found"), None)
        if request.method == "DELETE":
            self._sessions.discard(session)
            return Answer()
        if request.headers.get("mcp-protocol-version", HANDSHAKE) not in versions("handshake"):
            return _refusal(400, RpcError(BAD_REQUEST, "Bad Request: Unsupported protocol version"), None)
        answer = reply(message, "handshake")
        return Answer(status=202) if answer is None else Answer(message=answer)


def _refusal(status: int, error: RpcError, request_id: object) -> Answer:
    return Answer(status=status, message={"jsonrpc": "2.0", "id": request_id, "error": error.body})


async def well(call: Call) -> None:
    """Behave well."""
    message = call.good.message
    if message is None:
        await call.respond(call.good.status)
    elif call.good.status != 200 or call.peer.script.answers == "json":
        await call.respond(call.good.status, {"Content-Type": JSON}, dump(message))
    else:
        await call.start(EVENTS)
        await call.say(event(dump(message)))
        await call.say(b"")


@asynccontextmanager
async def http_peer(script: Script | None = None, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpPeer]:
    """A peer on a free port of 127.0.0.1, for as long as the block lasts."""
    peer = HttpPeer(script or Script())
    async with listening(peer.serve, tls=tls) as port:
        peer.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/mcp"
        yield peer
