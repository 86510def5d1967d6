"""One bounded GET: of an address that the operator wrote, never of one that an answer names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx

from prober import __version__
from prober.client.foreign_logs import keep_back
from prober.client.http.user_agent import user_agent
from prober.config.fields.secret import Secret
from prober.config.fields.urls import without_query
from prober.sources.found import SourceError
from prober.sources.parsing import MOST_BYTES, StrangeError, parsed

TIMEOUT: Final = 20.0
"""Seconds for all of it."""
USER_AGENT: Final = f"mcp-prober/{__version__}"


async def fetch_json(url: Secret, *, headers: Mapping[str, Secret], contact: str = "") -> Any:
    """The JSON document at an address. Redirects are not followed: they would lead where nobody wrote.

    Raises SourceError; its text has neither the query of the URL nor a header.
    """
    keep_back("httpx")
    keep_back("httpcore")
    shown = without_query(url.reveal())
    agent = user_agent(contact) if contact else USER_AGENT
    sent = {"User-Agent": agent, "Accept": "application/json", **{k: v.reveal() for k, v in headers.items()}}
    body = bytearray()
    try:
        async with (
            asyncio.timeout(TIMEOUT),  # httpx bounds each read: a byte now and then would hold it up for ever
            httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url.reveal(), headers=sent) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise SourceError(f"{shown}: HTTP {response.status_code}{_waiting(response)}")
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise SourceError(f"{shown}: more than {MOST_BYTES // 1024**2} MiB")
    except (httpx.HTTPError, TimeoutError) as error:
        raise SourceError(f"{shown}: {_why(error)}") from None
    try:
        return await asyncio.to_thread(parsed, bytes(body))
    except StrangeError as strange:
        raise SourceError(f"{shown}: {strange}") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{shown}: not JSON") from None


def _waiting(response: httpx.Response) -> str:
    after = response.headers.get("retry-after", "")
    return f", Retry-After {after}" if after.isdecimal() and len(after) < 7 else ""


def _why(error: httpx.HTTPError | TimeoutError) -> str:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    return str(error) or type(error).__name__
