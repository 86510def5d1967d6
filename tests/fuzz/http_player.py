"""Plays conversations over HTTP, all of them on one port: the path says which one a request belongs to.

/c/7    Streamable HTTP, or with GET the event stream of HTTP+SSE
/t/7    the token endpoint
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.fuzz.choices import Choices
from tests.fuzz.conversation import Turns
from tests.fuzz.http_turns import Spoken, event, spoken
from tests.fuzz.messages import answers, damaged, spoilt
from tests.fuzz.odd_values import SECRETS, dump, secret, text
from tests.peers.listener import listening
from tests.peers.protocol import Message, reply
from tests.peers.wire import EVENTS, Request, chunk, hang, head, read_request, reset, response

_SESSION: Final = b"Mcp-Session-Id: session-1\r\n"
_TOKEN: Final[Message] = {"access_token": SECRETS["TOKEN"], "token_type": "Bearer", "expires_in": 3600}
_ENDPOINTS: Final = (
    "", "/", "?x=1", "http://127.0.0.1:9/m", "https://127.0.0.1/m", "//127.0.0.1:9/m", "http://[",
    "http://127.0.0.1:99999/", "\x00", "http://u:p@127.0.0.1/", "\\", "é", "#", "a b", "data:x", "http://127.0.0.1:x/",
    "/%zz", "/" + "x" * 60_000, "http://a..b/", "\n", "http://" + "a" * 70 + "/", "http://\u202e/", "http://xn--/",
    "/\ud800",
)  # fmt: skip


class Player:
    """Every conversation that goes on, by its number."""

    def __init__(self) -> None:
        self.port = 0
        self.turns: dict[int, Turns] = {}
        self._streams: dict[str, asyncio.StreamWriter] = {}

    def forget(self, number: int) -> None:
        """A conversation is over."""
        self.turns.pop(number, None)
        self._streams.pop(str(number), None)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, own: Turns | None = None) -> None:
        """One connection, until either side closes it. Where it has turns of its `own`, its path counts for nothing."""
        while not writer.is_closing() and (request := await read_request(reader, connection=0)):
            _, kind, number = (*request.path.split("/"), "", "")[:3]
            turns = own or (self.turns.get(int(number)) if number.isdecimal() else None)
            if turns is None:
                writer.write(response(404))
                continue
            c = turns.next()
            said = self._token(c) if kind == "t" else self._said(c, number, turns, request, writer)
            if not await _say(said, turns, reader, writer):
                return

    def _said(self, c: Choices, number: str, turns: Turns, request: Request, writer: asyncio.StreamWriter) -> Spoken:
        if request.method == "GET":
            self._streams[number] = writer
            return _stream(c, number)
        message = request.message
        good = reply(message, turns.era)
        if number in self._streams:
            return self._posted(c, number, turns, message, good)
        in_session = "mcp-session-id" in request.headers or message.get("method") == "initialize"
        if turns.era == "handshake" and message and not in_session:
            good = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "no session"}}
            return spoken(c, answers(c, message, good), status=400, as_events=False)
        if request.method == "DELETE" or not message:
            return spoken(c, answers(c, message, None), status=200, as_events=False)
        code = (good or {}).get("error", {}).get("code")
        status = 202 if good is None else {None: 200, -32601: 404}.get(code, 400)
        said = spoken(c, answers(c, message, good), status=status, as_events=False)
        if turns.era == "handshake" and message.get("method") == "initialize" and b"ession" not in said.pieces[0]:
            first, *others = said.pieces
            return Spoken(pieces=(first.replace(b"\r\n", b"\r\n" + _SESSION, 1), *others), ending=said.ending)
        return said

    def _posted(self, c: Choices, number: str, turns: Turns, message: Message, good: Message | None) -> Spoken:
        """HTTP+SSE: what is answered goes into the stream, and the POST is only accepted."""
        events = b"".join(event(c, each) for each in answers(c, message, good))
        stream = self._streams[number]
        turns.said.append(events)
        if not stream.is_closing():
            stream.write(
                chunk(events)
                if events and not c.one_in(40)
                else c.pick(b"", b"0\r\n\r\n", b"zz\r\n")
                if c.one_in(6)
                else b""
            )
        return spoken(c, [], status=202, as_events=False)

    def _token(self, c: Choices) -> Spoken:
        """The answer of a token endpoint, in which anything can be wrong but what is secret in it."""
        wrapped = spoilt(c, {"result": _TOKEN, "id": 0})
        if c.one_in(3):
            return spoken(c, [wrapped], status=200, as_events=False)
        told = dict(_TOKEN)
        if c.one_in(4):
            told[c.pick("token_type", "expires_in", "error", "error_description", "scope")] = c.pick(
                text(c), 1e999, None, secret(c)
            )
        return spoken(c, [damaged(c, dump(told))], status=c.pick(200, 200, 400, 401), as_events=False)


def _stream(c: Choices, number: str) -> Spoken:
    """The event stream of HTTP+SSE up to its first event."""
    if c.one_in(8):
        return spoken(c, [text(c).encode(errors="surrogatepass")], status=200, as_events=True)
    where = (secret(c) if c.one_in(4) else c.pick(*_ENDPOINTS)) if c.one_in(8) else f"/c/{number}"
    first = b"event: endpoint\ndata: %s\n\n" % where.encode(errors="surrogatepass")
    if c.one_in(10):
        first = event(c, where.encode(errors="surrogatepass"))
    before = c.pick(b": hello\n\n", b"\n\n\n", b"id: 1\n\n", b"retry: 1\n\n") if c.one_in(6) else b""
    begun = head(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"})
    return Spoken(pieces=(begun + chunk(before + first),), ending="stream")


async def _say(said: Spoken, turns: Turns, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the connection goes on."""
    turns.said.extend(said.pieces)
    for piece in said.pieces:
        writer.write(piece)
        if len(said.pieces) > 1:
            await writer.drain()
            await asyncio.sleep(0)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    match said.ending:
        case "close":
            writer.close()
        case "reset":
            reset(writer)
        case "hang" | "stream":
            await hang(reader)
    return said.ending == "keep"


@asynccontextmanager
async def playing() -> AsyncIterator[Player]:
    """A player on a free port of 127.0.0.1, for as long as the block lasts."""
    player = Player()
    async with listening(player.serve) as port:
        player.port = port
        yield player
