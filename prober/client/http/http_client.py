"""One HTTP client per session: httpcore connections whose phases are known, with the trust and token of its target."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any, Final

# httpcore imports these two with the first lock that it takes, when there may be no file left to open them with
import anyio._backends._asyncio  # noqa: F401
import httpcore
import httpx
import sniffio  # noqa: F401

from prober.client import error_mapping
from prober.client.exchange import Address, ExchangeRecorder
from prober.client.foreign_logs import keep_back, probing
from prober.client.http.connections import Connections
from prober.client.http.http_response import note_head, read_body
from prober.client.http.network_backend import Backend
from prober.client.http.oauth import TOKEN_LIMITS, TokenSource, token_failed
from prober.client.http.response import Response
from prober.client.http.tls import tls_context
from prober.client.http.user_agent import user_agent
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

    def __init__(self, target: Target, *, address: str | None = None):
        """`address` is the only one that is connected to, of those that the name in the URL has."""
        keep_back("httpx")
        keep_back("httpcore")
        self._host = _parsed(target.url or "").host
        self._configured = {target.url, target.auth.token_url if target.auth else None}
        self._by_proxy = target.proxy is not None
        self._has_credentials = bool(target.headers)
        self._backend = Backend(public_only=target.public_only, only=address)
        self._connections = _connections(target, self._backend)
        self._headers = {"User-Agent": user_agent(target.contact), "Accept-Encoding": "gzip, deflate"}
        self._headers = _merged(self._headers, {name: value.reveal() for name, value in target.headers.items()})

    @property
    def certificate_expiry(self) -> float | None:
        certificate = self._backend.certificates.get(self._host)
        return float(ssl.cert_time_to_seconds(certificate["notAfter"])) if certificate else None

    def authorize(self, token: str) -> None:
        """Send an access token with every request from here on."""
        self._headers = _merged(self._headers, {"Authorization": f"Bearer {token}"})

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        """Ask the token endpoint, which may be another host: none of the target's headers go there."""
        url, headers, content = tokens.request()
        recorder.confidential = True
        async with self._send("POST", url, headers=headers, content=content, recorder=recorder) as response:
            note_head(response, recorder)
            try:
                body = await read_body(response, TOKEN_LIMITS, recorder)
            except Failure as failure:
                if failure.reason is not Reason.TOO_LARGE:
                    raise
                raise token_failed(failure.message, response.status_code) from None
        return tokens.take(response.status_code, body)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        recorder: ExchangeRecorder,
        content: bytes = b"",
        own: bool = True,
    ) -> AbstractAsyncContextManager[Response]:
        """One request and its answer, the body not yet read; the connection is given back at the end.

        Without `own`, none of the headers go with it that every request of the session has: no credentials either.
        """
        recorder.sent = recorder.sent or content
        headers = _merged(self._headers, headers) if own else headers
        return self._send(method, url, headers=headers, recorder=recorder, content=content)

    @asynccontextmanager
    async def _send(
        self, method: str, url: str, *, headers: Mapping[str, str], recorder: ExchangeRecorder, content: bytes
    ) -> AsyncIterator[Response]:
        recorder.address = _configured_place(url) if url in self._configured else Address.of(url)
        recorder.by_proxy = self._by_proxy
        recorder.credentials = self._has_credentials or any(name.lower() == "authorization" for name in headers)
        with self._booked_on(recorder):
            # Straight to httpcore: what httpx's client has besides (redirects, cookies, authentication) is not wanted
            # here, and would be a fifth of a probe.
            address = _configured_address(url) if url in self._configured else _address(url)
            request = _request(method, *address, headers, content)
            response = Response(await self._connections.handle_async_request(request))
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
        await self._connections.aclose()


def _connections(target: Target, backend: Backend) -> Connections | httpcore.AsyncConnectionPool:
    addresses = (target.url or "", target.auth.token_url if target.auth else "")
    context = _context(target.tls) if any(map(_encrypted, addresses)) else _NO_TLS
    if target.proxy is not None:
        return _proxy_pool(target.proxy.reveal(), target.tls, ssl_context=context, network_backend=backend)
    return Connections(backend=backend, ssl_context=context, keepalive_expiry=_IDLE)


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain HTTP: httpcore would build a default context, 20 ms of CPU that nobody uses."""


def _merged(headers: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """The headers merged case-insensitively; `more` wins."""
    replaced = {name.lower() for name in more}
    return {name: value for name, value in headers.items() if name.lower() not in replaced} | dict(more)


def _request(
    method: str, address: httpcore.URL, host: bytes, headers: Mapping[str, str], content: bytes
) -> httpcore.Request:
    raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    given = {name.lower() for name, _ in raw}
    if b"host" not in given:
        raw.insert(0, (b"Host", host))
    if (content or method == "POST") and b"content-length" not in given:
        raw.append((b"Content-Length", b"%d" % len(content)))
    return httpcore.Request(method, address, headers=raw, content=content)


@lru_cache(4096)
def _configured_address(url: str) -> tuple[httpcore.URL, bytes]:
    """Kept for configured URLs alone: a server of HTTP+SSE may name another endpoint, of any length, for each run."""
    return _address(url)


@lru_cache(4096)
def _configured_place(url: str) -> Address:
    """Likewise, for people."""
    return Address.of(url)


def _address(url: str) -> tuple[httpcore.URL, bytes]:
    """Where a request goes, and its Host header."""
    parsed = httpx.URL(url)
    address = httpcore.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)
    return address, parsed.netloc


@lru_cache(4096)
def _parsed(url: str) -> httpx.URL:
    """A configured URL, once for all runs: to take a URL apart costs as much as to send a request."""
    return httpx.URL(url)


def place_of(url: str) -> tuple[str, int]:
    """The host of a configured URL, as it is looked up, and the port."""
    parsed = _parsed(url)
    return parsed.raw_host.decode("ascii"), parsed.port or (443 if parsed.scheme == "https" else 80)


def _encrypted(url: str) -> bool:
    return _parsed(url).scheme == "https"


def _proxy_pool(url: str, tls: Tls, **common: Any) -> httpcore.AsyncConnectionPool:
    """Connections through a proxy, which is trusted like the target and shown no client certificate."""
    proxy = _parsed(url)
    return httpcore.AsyncHTTPProxy(
        httpcore.URL(scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/"),
        proxy_auth=(proxy.username.encode(), proxy.password.encode()) if proxy.userinfo else None,
        proxy_ssl_context=_context(Tls(ca_file=tls.ca_file)) if _encrypted(url) else None,
        keepalive_expiry=_IDLE,
        retries=0,
        **common,
    )


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        return tls_context(tls)
    except OSError as error:  # ssl.SSLError is one
        reason = Reason.PROBER_SHORTAGE if error_mapping.is_shortage(error) else Reason.INTERNAL_ERROR
        raise Failure(reason, f"the TLS files of this target cannot be used: {error}") from error
