"""A second opinion: does the official SDK client get on with the server?

The prober owns its exchange, so it could be wrong about MCP all by itself. This asks the client that agents really use.
It imports the SDK, which takes most of a second: only a probe with `second_opinion: true` pays for it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from prober.config.model import Target
from prober.outcome import Evidence, Failure, Reason
from prober.target.exchange import Redactor
from prober.target.trust import tls_context

_STEP = "second opinion"


async def second_opinion(target: Target, *, token: str | None, deadline: float, redact: Redactor) -> None:
    """Connect, negotiate and list the tools with the SDK's own client. Raises `second_opinion_failed`.

    The SDK's cancel scopes must be entered and left in one task, and it shields its clean-up for seconds: so it gets a
    task of its own and an anyio deadline outside of everything.
    """
    import anyio

    for name in ("mcp", "client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it logs the target's faults with tracebacks
    left = deadline - asyncio.get_running_loop().time()
    try:
        with anyio.fail_after(left * 0.9):
            await _connect(target, token)
    except TimeoutError:
        raise _failed("it did not finish in time") from None
    except Exception as error:
        raise _failed(redact("; ".join(_leaves(error)))[:500]) from error
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise _failed("its connection was lost") from None  # the SDK cancels its host task on transport errors


async def _connect(target: Target, token: str | None) -> None:
    from mcp import Client

    async with (
        _http_client(target, token) as http,
        Client(_transport(target, http), mode=_mode(target), cache=None) as client,
    ):
        if client.server_capabilities is None or client.server_capabilities.tools:
            await client.session.list_tools()


def _mode(target: Target) -> Any:
    """As the target says; `auto` where it is modern, because a pinned client would not even say hello."""
    return "legacy" if target.transport == "sse" or target.protocol == "handshake" else "auto"


def _http_client(target: Target, token: str | None) -> Any:
    import httpx2

    headers = {name: value.reveal() for name, value in target.headers.items()}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    proxy = target.proxy.reveal() if target.proxy else None
    return httpx2.AsyncClient(headers=headers, verify=tls_context(target.tls), proxy=proxy, trust_env=False)


def _transport(target: Target, http: Any) -> Any:
    from mcp import StdioServerParameters
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client

    if target.transport == "stdio":
        command, *args = target.command
        env = {name: value.reveal() for name, value in target.env.items()}
        return StdioServerParameters(command=command, args=args, env=env, cwd=target.cwd)
    if target.transport == "sse":
        return sse_client(target.url or "", httpx_client_factory=lambda *_, **__: http)
    return streamable_http_client(target.url or "", http_client=http)


def _leaves(error: BaseException) -> list[str]:
    """The texts at the bottom of nested exception groups: the groups themselves only say that there are some."""
    if isinstance(error, BaseExceptionGroup):
        return [text for inner in error.exceptions for text in _leaves(inner)]
    return [f"{type(error).__name__}: {error}"]


def _failed(why: str) -> Failure:
    return Failure(
        Reason.SECOND_OPINION_FAILED,
        f"the official client does not get on with the server: {why}",
        step=_STEP,
        evidence=Evidence(detail=why),
    )
