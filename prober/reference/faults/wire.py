"""Faults on the wire: ASGI middleware that acts on POST requests to the MCP endpoint and on nothing else.

If several are on, the first one that strikes, in the order of the catalog, decides; `slow` delays any of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prober.reference.faults.switches import FaultSwitches

_PAGE: Final = "<!doctype html><title>Sign in</title><h1>Sign in</h1><p>Your session has ended.</p>"

_REPLACING: Final = ("http-500", "http-503", "html-200", "hang")


class WireFaults:
    """The middleware."""

    def __init__(self, app: ASGIApp, switches: FaultSwitches, *, path: str) -> None:
        self._app = app
        self._switches = switches
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, with a fault or without."""
        is_call = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == self._path
        if not is_call or not self._switches.active:
            await self._app(scope, receive, send)
            return
        if slow := self._switches.strike("slow"):
            await asyncio.sleep(slow.delay)
            with contextlib.suppress(ClientDisconnect):  # the caller did not wait that long
                await self._serve(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"origin" in dict(scope["headers"]) and self._switches.strike("any-origin"):
            scope = _without_origin(scope)
        if self._switches.is_on("unchecked-headers"):
            scope, receive = await self._agreeing(scope, receive)
        if replacing := self._first(_REPLACING):
            await _answer_instead(replacing, scope, receive, send)
        elif spoiling := self._first(_SPOILT):
            await _spoil(spoiling, self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _agreeing(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request, its headers made to say what its body says."""
        messages = [message := await receive()]
        while message["type"] == "http.request" and message.get("more_body"):
            messages.append(message := await receive())
        told = _told_by(b"".join(message.get("body", b"") for message in messages))
        headers = dict(scope["headers"])
        if any(headers.get(name) != value for name, value in told.items()) and self._switches.strike(
            "unchecked-headers"
        ):
            scope = {**scope, "headers": [*({**headers, **told}).items()]}
        return scope, _repeating(messages, receive)

    def _first(self, names: Iterable[str]) -> str | None:
        return next((name for name in names if self._switches.strike(name)), None)


def _without_origin(scope: Scope) -> Scope:
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"origin"]}


def _told_by(body: bytes) -> dict[bytes, bytes]:
    """The headers that a body of the modern era asks for; none for any other body."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        message = json.loads(body)
        version = message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
        told = {"mcp-protocol-version": version, "mcp-method": message["method"]}
        if message["method"] == "tools/call":
            told["mcp-name"] = message["params"]["name"]
        return {name.encode(): value.encode("ascii", "replace") for name, value in told.items()}
    return {}


def _repeating(messages: Sequence[Message], receive: Receive) -> Receive:
    """Gives what was received already, then what comes."""
    already = iter(messages)

    async def again() -> Message:
        message = next(already, None)
        return message if message is not None else await receive()

    return again


async def _answer_instead(name: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without calling the server. The request is read first, as a real server would."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass
    if name == "hang":
        while message["type"] != "http.disconnect":
            message = await receive()
        return
    answers: dict[str, Response] = {
        "http-500": PlainTextResponse("Internal Server Error", status_code=500),
        "http-503": PlainTextResponse("connection pool exhausted", status_code=503, headers={"retry-after": "1"}),
        "html-200": HTMLResponse(_PAGE),
    }
    await answers[name](scope, receive, send)


async def _spoil(name: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Let the server answer, then send the answer damaged."""
    start: Message | None = None
    body = bytearray()

    async def collect(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, receive, collect)
    if start is None:
        return
    spoilt = _SPOILT[name](bytes(body))
    headers = [(key, value) for key, value in start["headers"] if key.lower() != b"content-length"]
    headers.append((b"content-length", str(len(spoilt)).encode()))
    await send({**start, "headers": headers})
    if name == "truncated-body":
        # Returning with the announced body unfinished makes the server close the connection.
        await send({"type": "http.response.body", "body": spoilt[: len(spoilt) // 2], "more_body": True})
        return
    await send({"type": "http.response.body", "body": spoilt})


def _cut(body: bytes) -> bytes:
    """The body without its last third: JSON that never ends. In an event stream, each event is cut instead."""
    if body.lstrip().startswith(b"{"):
        return body[: len(body) * 2 // 3]
    return re.sub(rb"(?m)^(data: *\{.*)\}\s*$", rb"\1", body)


def _with_wrong_id(body: bytes) -> bytes:
    """The body with the id of a request that nobody made. Errors without an id stay as they are."""
    if not body.lstrip().startswith(b"{"):
        return re.sub(rb'"id":\s*(\d+|"[^"]*")', b'"id":"of-another-request"', body, count=1)
    message: dict[str, Any] = json.loads(body)
    if message.get("id") is not None:
        message["id"] = "of-another-request"
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


_SPOILT: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "malformed-json": _cut,
    "truncated-body": bytes,
    "wrong-id": _with_wrong_id,
}
