"""Checks every request, and adds headers to every response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prober.config.document.nodes import printable
from prober.web.allowed_hosts import host_and_port, is_allowed_host, is_loopback
from prober.web.basic_auth import TooManyAttemptsError
from prober.web.responses import problem

if TYPE_CHECKING:
    from prober.web.http_server import Web

MAX_BODY: Final = 64 * 1024
"""Bytes. Only a note is read, and is shorter; a small body is accepted so that its sender gets the response."""
MAX_QUERY: Final = 8 * 1024
MAX_HEADERS: Final = 16 * 1024
"""Bytes. The parser bounds a head as well, but only one that comes in pieces."""
DEFAULT_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of a response that does not set them itself."""


class AccessMiddleware:
    """Refuses requests that are too large, misdirected or unauthenticated, and sends security headers."""

    def __init__(self, app: ASGIApp, *, web: Web) -> None:
        self._app = app
        self._web = web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # the listener has lifespan and WebSockets switched off
        headers = Headers(scope=scope)
        refusal = self._refuse_size(scope, headers) or self._refuse_host(scope, headers)
        refusal = refusal or await self._refuse_user(scope, headers)
        # After a request whose body was not read, the connection cannot be used again.
        closing = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        await (refusal or self._app)(scope, receive, self._with_headers(send, closing=closing))

    def _with_headers(self, send: Send, *, closing: bool) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                set_headers(headers, self._web.config.headers)
                if closing:
                    headers["Connection"] = "close"
            await send(message)

        return send_with_headers

    def _refuse_size(self, scope: Scope, headers: Headers) -> Response | None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 9 or int(length) > MAX_BODY:
            return problem(scope["path"], 413, "nothing here takes a body")
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADERS:
            return problem(scope["path"], 431, f"the headers are longer than {MAX_HEADERS} bytes")
        if len(scope["query_string"]) > MAX_QUERY:
            return problem(scope["path"], 414, f"the query is longer than {MAX_QUERY} bytes")
        return None

    def _refuse_host(self, scope: Scope, headers: Headers) -> Response | None:
        """A refusal against DNS rebinding. With a password or a certificate that attack fails anyway.

        What is no host at all is refused everywhere (RFC 9112 section 3.2): no URL can be made of it.
        """
        host = headers.get("host")
        over_loopback = scope["server"] is None or is_loopback(scope["server"][0])
        if self._web.users or scope["scheme"] == "https" or not over_loopback:
            if not host or host_and_port(host) is not None:
                return None
            return problem(scope["path"], 400, "the Host header is no host, nor a host and a port")
        if is_allowed_host(host, external_url=self._web.external_url):
            return None
        message = (
            f"this prober does not go by the name {printable((host or '')[:200])}: ask for localhost,"
            f" or start it with {self._web.url_option} and the URL that others know it by"
        )
        return problem(scope["path"], 403, message)

    async def _refuse_user(self, scope: Scope, headers: Headers) -> Response | None:
        users = self._web.users
        if not users:
            return None
        try:
            if await users.admit(headers.get("authorization")):
                return None
        except TooManyAttemptsError:
            return problem(scope["path"], 503, "too many passwords are being checked", {"Retry-After": "1"})
        challenge = {"WWW-Authenticate": 'Basic realm="mcp-prober", charset="UTF-8"'}
        return problem(scope["path"], 401, "a user name and a password are required", challenge)


def set_headers(headers: MutableHeaders, chosen: Mapping[str, str]) -> None:
    """Set each header to the value of the operator, else of the response, else the default."""
    for name, value in DEFAULT_HEADERS.items():
        headers.setdefault(name, value)
    headers.update(chosen)
