"""One HTTP client per session: httpx over connections whose phases are known, with this target's trust and token."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any, Final

import httpcore
import httpx

from prober.client import error_mapping
from prober.client.exchange import ExchangeRecorder
from prober.client.foreign_logs import keep_back, probing
from prober.client.http_response import note_head, read_body
from prober.client.network_backend import Backend
from prober.client.oauth import TokenSource
from prober.client.tls import tls_context
from prober.config.model import Target, Tls
from prober.outcome import Failure, Reason

_IDLE: Final = 1.0
"""Seconds for which an idle connection is used again. Servers close theirs after two at the least, and a request that
crosses such a farewell on its way would fail through nobody's fault."""


class HttpClient:
    """Sends single requests on kept-alive connections of one session. Raises Failure, nothing foreign.

    There is no timeout inside: the run has one deadline, and a second clock would only make its end ambiguous. Nothing
    is sent twice: a kept connection is used again only if the server has not closed it by then, and what happens to it
    after that is reported.
    """

    def __init__(self, target: Target):
        keep_back("httpx")
        keep_back("httpcore")
        self._host = _parsed(target.url or "").host
        self._limits = target.limits
        self._backend = Backend()
        self._transport = _Transport(target, self._backend)
        self._headers = httpx.Headers({"User-Agent": "mcp-prober", "Accept-Encoding": "gzip, deflate"})
        self._headers.update({name: value.reveal() for name, value in target.headers.items()})

    @property
    def certificate_expiry(self) -> float | None:
        certificate = self._backend.certificates.get(self._host)
        return float(ssl.cert_time_to_seconds(certificate["notAfter"])) if certificate else None

    def authorize(self, token: str) -> None:
        """Send an access token with every request from here on."""
        self._headers["Authorization"] = f"Bearer {token}"

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        """Ask the token endpoint, which may be another host: none of the target's headers go there."""
        url, headers, content = tokens.request()
        recorder.confidential = True
        async with self._send(
            "POST", url, headers=httpx.Headers(headers), content=content, recorder=recorder
        ) as response:
            note_head(response, recorder)
            body = await read_body(response, self._limits, recorder)
        return tokens.take(response.status_code, body)

    @asynccontextmanager
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], recorder: ExchangeRecorder, content: bytes = b""
    ) -> AsyncIterator[httpx.Response]:
        """One request and its answer, the body not yet read; the connection is given back at the end."""
        recorder.sent = recorder.sent or content
        merged = self._headers.copy()
        merged.update(headers)
        async with self._send(method, url, headers=merged, recorder=recorder, content=content) as response:
            yield response

    @asynccontextmanager
    async def _send(
        self, method: str, url: str, *, headers: httpx.Headers, recorder: ExchangeRecorder, content: bytes
    ) -> AsyncIterator[httpx.Response]:
        with self._booked_on(recorder):
            # Straight to the transport: what httpx's own client has besides (redirects, cookies, authentication) is not
            # wanted here, and would be a fifth of a probe.
            request = httpx.Request(method, _parsed(url), headers=headers, content=content)
            response = await self._transport.handle_async_request(request)
            try:
                yield response
            finally:
                await response.aclose()

    @contextmanager
    def _booked_on(self, recorder: ExchangeRecorder) -> Iterator[None]:
        """Count connection phases towards `recorder`, and let nothing foreign out."""
        outer, self._backend.recorder = self._backend.recorder, recorder
        try:
            with probing():
                yield
        except Exception as error:
            known = error_mapping.from_exception(error, recorder)
            if known is error or known is None:
                raise
            raise known from error
        finally:
            self._backend.recorder = outer

    @contextmanager
    def reading(self, recorder: ExchangeRecorder) -> Iterator[None]:
        """Book what is read from a stream that another exchange opened."""
        with self._booked_on(recorder):
            yield

    async def aclose(self) -> None:
        self._backend.abort()
        await self._transport.aclose()


class _Transport(httpx.AsyncBaseTransport):
    """httpx's own transport, but for two things it cannot do: our network backend, and untranslated exceptions."""

    def __init__(self, target: Target, backend: Backend):
        addresses = (target.url or "", target.auth.token_url if target.auth else "")
        common: dict[str, Any] = {
            "ssl_context": _context(target.tls) if any(map(_encrypted, addresses)) else _NO_TLS,
            "network_backend": backend,
            "keepalive_expiry": _IDLE,
            "retries": 0,
        }
        self._pool = (
            _proxy_pool(target.proxy.reveal(), target.tls, common)
            if target.proxy
            else httpcore.AsyncConnectionPool(**common)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response):
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain HTTP: httpcore would build a default context, 20 ms of CPU that nobody uses."""


@lru_cache(4096)
def _parsed(url: str) -> httpx.URL:
    """Once for all runs: to take a URL apart costs as much as to send a request."""
    return httpx.URL(url)


def _encrypted(url: str) -> bool:
    return _parsed(url).scheme == "https"


def _proxy_pool(url: str, tls: Tls, common: Mapping[str, Any]) -> httpcore.AsyncConnectionPool:
    """Connections through a proxy, which is trusted like the target and shown no client certificate."""
    proxy = _parsed(url)
    return httpcore.AsyncHTTPProxy(
        httpcore.URL(scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/"),
        proxy_auth=(proxy.username.encode(), proxy.password.encode()) if proxy.userinfo else None,
        proxy_ssl_context=_context(Tls(ca_file=tls.ca_file)) if _encrypted(url) else None,
        **common,
    )


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        return tls_context(tls)
    except OSError as error:  # ssl.SSLError is one
        raise Failure(Reason.INTERNAL_ERROR, f"the TLS files of this target cannot be used: {error}") from error
