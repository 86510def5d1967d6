"""What every request passes before it is answered, and what every answer is sent with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prober.config.nodes import printable
from prober.web.allowed_hosts import is_loopback, is_ours
from prober.web.basic_auth import TooManyAttemptsError
from prober.web.responses import problem

if TYPE_CHECKING:
    from prober.web.listener import Web

MAX_BODY: Final = 64 * 1024
"""Bytes. No endpoint reads a body: one is let in only so that its sender hears the answer."""
MAX_QUERY: Final = 8 * 1024
USUAL: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of an answer that does not set them itself."""


class AccessMiddleware:
    """Turns away who may not ask, and sends headers that keep browsers from being led astray."""

    def __init__(self, app: ASGIApp, *, web: Web) -> None:
        self._app = app
        self._web = web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # nothing but HTTP is spoken here, and the server is told so
        headers = Headers(scope=scope)
        refusal = self._too_much(scope, headers) or self._stranger(scope, headers) or await self._nobody(scope, headers)
        # The connection of a request whose body nobody read cannot be used again.
        closing = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        await (refusal or self._app)(scope, receive, self._with_headers(send, closing=closing))

    def _with_headers(self, send: Send, *, closing: bool) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                set_usual(headers, self._web.config.headers)
                if closing:
                    headers["Connection"] = "close"
            await send(message)

        return sending

    def _too_much(self, scope: Scope, headers: Headers) -> Response | None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 9 or int(length) > MAX_BODY:
            return problem(scope["path"], 413, "nothing here takes a body")
        if len(scope["query_string"]) > MAX_QUERY:
            return problem(scope["path"], 414, f"the query is longer than {MAX_QUERY} bytes")
        return None

    def _stranger(self, scope: Scope, headers: Headers) -> Response | None:
        """A name that a browser was made to take for this machine. A password or a certificate stops it as well."""
        if self._web.users or scope["scheme"] == "https":
            return None
        host = headers.get("host")
        over_loopback = scope["server"] is None or is_loopback(scope["server"][0])
        if not over_loopback or is_ours(host, external_url=self._web.external_url):
            return None
        message = (
            f"this prober does not go by the name {printable((host or '')[:200])}: ask for localhost,"
            " or start it with --external-url and the URL that others know it by"
        )
        return problem(scope["path"], 403, message)

    async def _nobody(self, scope: Scope, headers: Headers) -> Response | None:
        users = self._web.users
        if not users:
            return None
        try:
            if await users.admit(headers.get("authorization")):
                return None
        except TooManyAttemptsError:
            return problem(scope["path"], 503, "too many passwords are being checked", {"Retry-After": "1"})
        challenge = {"WWW-Authenticate": 'Basic realm="mcp-prober", charset="UTF-8"'}
        return problem(scope["path"], 401, "a user and a password are wanted", challenge)


def set_usual(headers: MutableHeaders, chosen: Mapping[str, str]) -> None:
    """Headers as the operator chose them, else as the answer has them, else the usual ones."""
    for name, value in USUAL.items():
        headers.setdefault(name, value)
    headers.update(chosen)
