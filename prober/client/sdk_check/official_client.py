"""The official SDK client against one server, in the process that is made for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from prober.client.http.tls import tls_context
from prober.client.sdk_check.request import NOT_IN_TIME
from prober.client.sdk_check.sdk_stdio import process_streams
from prober.config.model import Target
from prober.deadline import Deadline


async def opinion(target: Target, *, token: str | None, seconds: float) -> str | None:
    """Connect, negotiate and list the tools. What went wrong, in words that may hold secrets; None if nothing did.

    The SDK must enter and leave its cancel scopes in one task, and it shields its clean-up from cancellation. So the
    whole check runs in this task, inside one anyio deadline.
    """
    import anyio

    try:
        with anyio.fail_after(seconds):
            await _connect(target, token, deadline=Deadline.after(seconds))
    except TimeoutError:
        return NOT_IN_TIME
    except Exception as error:
        return "; ".join(_texts(error))
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return "its connection was lost"  # the SDK cancels its host task on transport errors
    return None


async def _connect(target: Target, token: str | None, *, deadline: Deadline) -> None:
    from mcp import Client

    async with (
        _transport(target, token, deadline=deadline) as transport,
        Client(transport, mode=_mode(target), cache=None) as client,
    ):
        if client.server_capabilities is None or client.server_capabilities.tools:
            await client.session.list_tools()


def _mode(target: Target) -> Any:
    """The mode for the protocol of the target; `auto` for `modern`, because a pinned client skips the negotiation."""
    return "legacy" if target.transport == "sse" or target.protocol == "handshake" else "auto"


@asynccontextmanager
async def _transport(target: Target, token: str | None, *, deadline: Deadline) -> AsyncIterator[Any]:
    """The transport for the SDK client. It sends nothing by itself."""
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client

    if target.transport == "stdio":
        yield process_streams(target, deadline=deadline)
        return
    http = _http_client(target, token)
    if target.transport == "sse":
        yield sse_client(target.url or "", httpx_client_factory=lambda *_, **__: http)  # sse_client opens and closes it
        return
    async with http:
        yield streamable_http_client(target.url or "", http_client=http)


def _http_client(target: Target, token: str | None) -> Any:
    """An HTTP client with headers, TLS profile and proxy of the target, without timeouts, with a limit on responses."""
    import httpx2

    class Bounded(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await inner_transport.handle_async_request(request)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise httpx2.DecodingError("the answer is compressed, which was not asked for", request=request)
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            body = BoundedStream(response.stream)
            return httpx2.Response(response.status_code, headers=response.headers, stream=body)

        async def aclose(self) -> None:
            await inner_transport.aclose()

    class BoundedStream(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream):
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self._stream:
                size += len(chunk)
                if size > target.limits.body:
                    raise httpx2.StreamError(f"the answer is larger than the limit of {target.limits.body} bytes")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    headers = {name: value.reveal() for name, value in target.headers.items()} | {"Accept-Encoding": "identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    proxy = target.proxy.reveal() if target.proxy else None
    inner_transport = httpx2.AsyncHTTPTransport(verify=tls_context(target.tls), proxy=proxy, trust_env=False)
    return httpx2.AsyncClient(headers=headers, transport=Bounded(), trust_env=False, timeout=None)


def _texts(error: BaseException) -> list[str]:
    """The texts of the exceptions in nested groups; the text of a group only counts its exceptions."""
    if isinstance(error, BaseExceptionGroup):
        return [text for inner in error.exceptions for text in _texts(inner)]
    return [f"{type(error).__name__}: {error}"]
